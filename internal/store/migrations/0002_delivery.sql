-- A result on its way to a destination: one row each time that something else is
-- said of a study. Rows are written in the transaction of the result.
CREATE TABLE delivery (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    study_id INTEGER NOT NULL REFERENCES study (id),
    destination TEXT NOT NULL,
    -- key of the result, or what stands for a failure
    key TEXT NOT NULL,
    -- replaced: a newer result of the study goes there instead
    state TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'dead', 'replaced')),
    job_id INTEGER,
    attempts INTEGER NOT NULL DEFAULT 0,
    -- of the last failure; quotes no patient
    reason TEXT NOT NULL DEFAULT '',
    -- the reports that the destination has acknowledged, as JSON
    objects TEXT NOT NULL DEFAULT '[]',
    -- of the result: the time that its objects bear
    created_at INTEGER NOT NULL,
    -- since when it is tried
    queued_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
);
CREATE INDEX delivery_study ON delivery (study_id, destination, id);
CREATE INDEX delivery_state ON delivery (state, created_at);
