-- What the worklist of the page shows and searches.

-- The texts that are searched, as search_key has them (internal/store/worklist.go).
ALTER TABLE study_header ADD COLUMN search TEXT NOT NULL DEFAULT '';
UPDATE study_header SET search = search_key(
    patient_name || ' ' || patient_id || ' ' || accession_number || ' ' || study_description || ' ' ||
    (SELECT uid FROM study WHERE id = study_id));
CREATE INDEX study_header_search ON study_header (search);

-- The same of studies whose images are gone, as far as it is still known.
ALTER TABLE keeping ADD COLUMN search TEXT NOT NULL DEFAULT '';
UPDATE keeping SET search = search_key(
    coalesce((SELECT p.name || ' ' || p.patient_id FROM gone_instance g JOIN patient p ON p.id = g.patient_id WHERE g.study_id = keeping.study_id LIMIT 1), '')
    || ' ' || (SELECT uid FROM study WHERE id = study_id))
WHERE gone_at IS NOT NULL;

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

CREATE INDEX study_tally ON study (state, priority);
