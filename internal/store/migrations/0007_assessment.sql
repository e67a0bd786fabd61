-- What is said of a study beyond the findings of its series, as of its latest
-- reading. body is JSON. Studies that were read before have no row.
CREATE TABLE assessment (
    study_id INTEGER PRIMARY KEY REFERENCES study (id) ON DELETE CASCADE,
    body TEXT NOT NULL
);
