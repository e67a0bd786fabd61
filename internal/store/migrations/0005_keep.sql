-- What is kept of a study longer than its images, and files on their way out.

-- at most one row per study
CREATE TABLE keeping (
    study_id INTEGER PRIMARY KEY REFERENCES study (id),
    -- of the latest storage commitment: the days that images are kept begin anew
    committed_at INTEGER,
    -- since when the images are gone; NULL where all came again
    gone_at INTEGER
);

-- Instances whose files were deleted after their days. Not in instance, since
-- they are not stored: who sends them again sends them for the first time.
CREATE TABLE gone_instance (
    study_id INTEGER NOT NULL REFERENCES study (id),
    sop_uid TEXT NOT NULL,
    series_id INTEGER NOT NULL REFERENCES series (id),
    patient_id INTEGER NOT NULL REFERENCES patient (id),
    PRIMARY KEY (study_id, sop_uid)
) WITHOUT ROWID;

-- Files whose rows are deleted and that are still to be. Written in the
-- transaction that deletes the rows.
CREATE TABLE doomed (
    path TEXT PRIMARY KEY
) WITHOUT ROWID;

-- Erasures of a patient and their proofs, which name nobody.
CREATE TABLE erasure (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    erased_at INTEGER NOT NULL,
    proof TEXT NOT NULL,
    -- NULL until no trace is left in the free pages of the database
    finished_at INTEGER
);
