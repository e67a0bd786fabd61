-- What changed in a study since an earlier one of the same patient.

CREATE TABLE comparison (
    study_id INTEGER PRIMARY KEY REFERENCES study (id) ON DELETE CASCADE,
    -- what it was compared with: goes with that
    earlier_study_id INTEGER NOT NULL REFERENCES study (id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX comparison_earlier ON comparison (earlier_study_id);

-- Studies of one patient are looked for by the patient's records.
CREATE INDEX instance_patient ON instance (patient_id, study_id);
CREATE INDEX gone_instance_patient ON gone_instance (patient_id, study_id);
CREATE INDEX patient_birth_date ON patient (birth_date);

-- YYYYMMDD, of a study whose images are gone; '' where it is not known
ALTER TABLE keeping ADD COLUMN study_date TEXT NOT NULL DEFAULT '';
