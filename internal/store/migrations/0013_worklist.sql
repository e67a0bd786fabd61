-- What the worklist of the page shows and searches.

-- The texts that are searched, as search_key has them (internal/store/worklist.go).
ALTER TABLE study_header ADD COLUMN search TEXT NOT NULL DEFAULT '';
UPDATE study_header SET search = search_key(
    patient_name || ' ' || patient_id || ' ' || accession_number || ' ' || study_description || ' ' ||
    (SELECT uid FROM study WHERE id = study_id));

-- How much a result says: its body is too large to be read for every row of a
-- list, and what stands behind the body in its own row is as slow.
CREATE TABLE result_brief (
    key TEXT PRIMARY KEY REFERENCES result (key) ON DELETE CASCADE,
    findings INTEGER NOT NULL,
    flagged INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO result_brief (key, findings, flagged)
SELECT key, coalesce(json_array_length(body, '$.findings'), 0),
    (SELECT count(*) FROM json_each(body, '$.findings') WHERE json_extract(value, '$.flagged'))
FROM result;

-- Whatever is counted of all studies is in the index alone.
CREATE INDEX study_tally ON study (state, priority, received_at, uid);
