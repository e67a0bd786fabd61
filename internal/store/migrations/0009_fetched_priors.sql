-- Earlier studies that were fetched to be compared with.

-- Studies that are stored, or will be, for nothing else. Whoever sends one for
-- itself takes its row away.
CREATE TABLE prior_study (
    study_uid TEXT PRIMARY KEY,
    wanted_at INTEGER NOT NULL,
    -- when the archive had ended sending; NULL while it is at it
    fetched_at INTEGER,
    -- it sent all of it
    whole INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

-- Studies of which earlier ones were looked for.
CREATE TABLE prior_lookup (
    study_id INTEGER PRIMARY KEY REFERENCES study (id) ON DELETE CASCADE,
    -- NULL where it is to be tried again
    looked_at INTEGER,
    failures INTEGER NOT NULL,
    next_at INTEGER NOT NULL
);

-- What came in lately is looked for every few seconds.
CREATE INDEX study_last_instance ON study (last_instance_at);
