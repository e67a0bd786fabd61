-- Times are microseconds since 1970, UTC. JSON columns hold what is never
-- searched.

CREATE TABLE installation (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    name TEXT NOT NULL,
    -- number of the latest change of any study
    last_change INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE patient (
    id INTEGER PRIMARY KEY,
    patient_id TEXT NOT NULL,
    issuer TEXT NOT NULL,
    name TEXT NOT NULL,
    birth_date TEXT NOT NULL,
    UNIQUE (patient_id, issuer, name, birth_date)
);

CREATE TABLE study (
    id INTEGER PRIMARY KEY,
    uid TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL CHECK (state IN ('receiving', 'waiting', 'running', 'done', 'not_assessed', 'failed')),
    priority INTEGER NOT NULL DEFAULT 0 CHECK (priority BETWEEN 0 AND 4),
    priority_reasons TEXT NOT NULL DEFAULT '[]',
    request_priority TEXT NOT NULL CHECK (request_priority IN ('routine', 'urgent')),
    received_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    -- arrival of the last instance that changed something
    last_instance_at INTEGER NOT NULL,
    instances INTEGER NOT NULL DEFAULT 0,
    quarantined INTEGER NOT NULL DEFAULT 0,
    -- refusal as JSON; NULL where there is a result or none is due yet
    not_assessed TEXT,
    -- key of the reading that the state comes from
    read_key TEXT NOT NULL DEFAULT '',
    -- the job that owns the study, and the key that it reads
    job_id INTEGER,
    job_key TEXT NOT NULL DEFAULT '',
    reading_id INTEGER REFERENCES reading (id),
    settle_job_id INTEGER,
    change INTEGER NOT NULL
);
CREATE UNIQUE INDEX study_change ON study (change);
CREATE INDEX study_worklist ON study (priority DESC, received_at, uid);
CREATE INDEX study_received ON study (received_at, uid);

CREATE TABLE series (
    id INTEGER PRIMARY KEY,
    study_id INTEGER NOT NULL REFERENCES study (id),
    uid TEXT NOT NULL,
    modality TEXT NOT NULL,
    not_read TEXT,
    result_key TEXT REFERENCES result (key),
    UNIQUE (study_id, uid)
);

CREATE TABLE instance (
    id INTEGER PRIMARY KEY,
    sop_uid TEXT NOT NULL UNIQUE,
    sop_class TEXT NOT NULL,
    study_id INTEGER NOT NULL REFERENCES study (id),
    series_id INTEGER NOT NULL REFERENCES series (id),
    -- of the current version
    patient_id INTEGER NOT NULL REFERENCES patient (id),
    content BLOB NOT NULL,
    path TEXT NOT NULL,
    -- pixels and geometry: the same in every version
    pixels BLOB NOT NULL
);
CREATE INDEX instance_study ON instance (study_id, patient_id);
CREATE INDEX instance_series ON instance (series_id);

-- every version of an instance, the first one included
CREATE TABLE instance_file (
    id INTEGER PRIMARY KEY,
    instance_id INTEGER NOT NULL REFERENCES instance (id),
    sha256 BLOB NOT NULL,
    path TEXT NOT NULL UNIQUE,
    bytes INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    UNIQUE (instance_id, sha256)
);

CREATE TABLE quarantine (
    id INTEGER PRIMARY KEY,
    -- as far as it could be read; '' otherwise
    study_uid TEXT NOT NULL,
    sop_uid TEXT NOT NULL,
    refusal TEXT NOT NULL,
    sha256 BLOB NOT NULL UNIQUE,
    path TEXT NOT NULL UNIQUE,
    bytes INTEGER NOT NULL,
    received_at INTEGER NOT NULL
);
CREATE INDEX quarantine_study ON quarantine (study_uid);

-- One row per read job. Not keyed by the job: SQLite gives the numbers of
-- deleted jobs again.
CREATE TABLE reading (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    job_id INTEGER NOT NULL,
    study_id INTEGER NOT NULL REFERENCES study (id),
    key TEXT NOT NULL,
    attempt INTEGER NOT NULL DEFAULT 0,
    crashes INTEGER NOT NULL DEFAULT 0,
    errors INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    finished_at INTEGER,
    -- the study's state, or the reason why the job ended without one
    outcome TEXT
);
CREATE INDEX reading_study ON reading (study_id);

CREATE TABLE result (
    key TEXT PRIMARY KEY,
    study_id INTEGER NOT NULL REFERENCES study (id),
    series_uid TEXT NOT NULL,
    model_sha256 TEXT NOT NULL,
    config_sha256 TEXT NOT NULL,
    job_id INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX result_study ON result (study_id);
