-- Who did what: a chain of records that only grows. AUTOINCREMENT remembers the
-- last number, so that records cut off the end are missed.
CREATE TABLE audit_event (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    -- JSON; names studies by pseudonyms
    body TEXT NOT NULL,
    previous BLOB NOT NULL,
    -- SHA-256 over number, previous and body
    sum BLOB NOT NULL
);
CREATE TRIGGER audit_event_grows BEFORE INSERT ON audit_event
WHEN NEW.number IS NOT (SELECT coalesce(max(number), 0) + 1 FROM audit_event)
BEGIN
    SELECT RAISE(ABORT, 'the audit trail only grows');
END;
CREATE TRIGGER audit_event_stays BEFORE UPDATE ON audit_event
BEGIN
    SELECT RAISE(ABORT, 'the audit trail only grows');
END;
CREATE TRIGGER audit_event_remains BEFORE DELETE ON audit_event
BEGIN
    SELECT RAISE(ABORT, 'the audit trail only grows');
END;

-- Whose studies the trail speaks of. Rows go with the patient, by study_uid.
CREATE TABLE audit_identity (
    -- SHA-256 over salt and study, as records name it
    sum BLOB PRIMARY KEY,
    salt BLOB NOT NULL,
    study_uid TEXT NOT NULL,
    -- the study as JSON
    study TEXT NOT NULL,
    UNIQUE (study_uid, study)
) WITHOUT ROWID;
CREATE TRIGGER audit_identity_stays BEFORE UPDATE ON audit_identity
BEGIN
    SELECT RAISE(ABORT, 'the audit trail only grows');
END;

-- Up to which record a collector of audit messages has all.
CREATE TABLE audit_sent (
    destination TEXT PRIMARY KEY,
    number INTEGER NOT NULL
) WITHOUT ROWID;
