-- What viewers look for: text in UTF-8 as the headers have it, '' where they say
-- nothing. A study and a series are described by the first instance of theirs
-- that is stored (instance_id), each instance by its current version. An
-- instance without a row was stored before this version, and not looked at yet.

CREATE TABLE study_header (
    study_id INTEGER PRIMARY KEY REFERENCES study (id) ON DELETE CASCADE,
    instance_id INTEGER NOT NULL,
    patient_name TEXT NOT NULL,
    -- as names are compared (dicomio/match)
    patient_name_key TEXT NOT NULL,
    patient_id TEXT NOT NULL,
    issuer_of_patient_id TEXT NOT NULL,
    patient_birth_date TEXT NOT NULL,
    patient_sex TEXT NOT NULL,
    study_date TEXT NOT NULL,
    study_time TEXT NOT NULL,
    accession_number TEXT NOT NULL,
    study_number TEXT NOT NULL,
    study_description TEXT NOT NULL,
    referring_physician_name TEXT NOT NULL,
    referring_physician_name_key TEXT NOT NULL,
    timezone TEXT NOT NULL
);
CREATE INDEX study_header_patient ON study_header (patient_id);
CREATE INDEX study_header_accession ON study_header (accession_number);
CREATE INDEX study_header_date ON study_header (study_date);
CREATE INDEX study_header_name ON study_header (patient_name_key);

CREATE TABLE series_header (
    series_id INTEGER PRIMARY KEY REFERENCES series (id) ON DELETE CASCADE,
    instance_id INTEGER NOT NULL,
    series_number TEXT NOT NULL,
    series_description TEXT NOT NULL,
    series_date TEXT NOT NULL,
    series_time TEXT NOT NULL,
    body_part_examined TEXT NOT NULL,
    protocol_name TEXT NOT NULL,
    manufacturer TEXT NOT NULL,
    step_start_date TEXT NOT NULL,
    step_start_time TEXT NOT NULL,
    -- of the first requested step
    scheduled_step_id TEXT NOT NULL,
    requested_procedure_id TEXT NOT NULL
);

CREATE TABLE instance_header (
    instance_id INTEGER PRIMARY KEY REFERENCES instance (id) ON DELETE CASCADE,
    instance_number TEXT NOT NULL,
    rows TEXT NOT NULL,
    columns TEXT NOT NULL,
    bits_allocated TEXT NOT NULL,
    number_of_frames TEXT NOT NULL
);

CREATE INDEX series_uid ON series (uid);
