-- The detectors of this service, what was done with them, and what one of them said
-- in shadow.

CREATE TABLE model (
    -- over the manifest and the ONNX file, hex
    sha256 TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    license TEXT NOT NULL,
    intended_use TEXT NOT NULL,
    card TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('installed', 'shadow', 'live', 'retired')),
    -- below the data folder
    folder TEXT NOT NULL UNIQUE,
    installed_at INTEGER NOT NULL,
    UNIQUE (name, version)
);
CREATE UNIQUE INDEX model_live ON model (state) WHERE state = 'live';
CREATE UNIQUE INDEX model_shadow ON model (state) WHERE state = 'shadow';

CREATE TABLE model_file (
    path TEXT PRIMARY KEY,
    model_sha256 TEXT NOT NULL REFERENCES model (sha256) ON DELETE CASCADE,
    bytes INTEGER NOT NULL,
    sha256 BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX model_file_model ON model_file (model_sha256);

-- Rows are added and never changed; they outlive the model.
CREATE TABLE model_event (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    -- who did it, and how the name was proved
    who TEXT NOT NULL,
    way TEXT NOT NULL,
    action TEXT NOT NULL,
    model_sha256 TEXT NOT NULL,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    -- of an activation and a rollback: the event by which the model before became
    -- live, and the one whose model a rollback returns to
    before INTEGER REFERENCES model_event (number),
    back INTEGER REFERENCES model_event (number)
);
CREATE INDEX model_event_model ON model_event (model_sha256, number);
CREATE TRIGGER model_event_stays BEFORE UPDATE ON model_event
BEGIN
    SELECT RAISE(ABORT, 'what was done to a model is never changed');
END;
CREATE TRIGGER model_event_remains BEFORE DELETE ON model_event
BEGIN
    SELECT RAISE(ABORT, 'what was done to a model is never deleted');
END;

-- What a model said of a study in shadow, the latest; it is never a result.
CREATE TABLE shadow_reading (
    study_id INTEGER NOT NULL REFERENCES study (id) ON DELETE CASCADE,
    model_sha256 TEXT NOT NULL REFERENCES model (sha256) ON DELETE CASCADE,
    key TEXT NOT NULL,
    -- key of the live reading that it stands beside, and the model of that one
    against TEXT NOT NULL,
    live_sha256 TEXT NOT NULL,
    -- the study that it was compared with: what was said goes with that
    earlier_study_id INTEGER REFERENCES study (id) ON DELETE CASCADE,
    at INTEGER NOT NULL,
    -- why there is none, as JSON; NULL where there is one
    why TEXT,
    body TEXT,
    PRIMARY KEY (study_id, model_sha256),
    CHECK ((why IS NULL) <> (body IS NULL))
);
CREATE INDEX shadow_reading_model ON shadow_reading (model_sha256, live_sha256, at);
CREATE INDEX shadow_reading_earlier ON shadow_reading (earlier_study_id);

CREATE INDEX result_model ON result (model_sha256);
