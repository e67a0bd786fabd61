-- Studies that the listing ended and nobody read: they say nothing of the pace.
ALTER TABLE standing ADD COLUMN passed_over BIGINT NOT NULL DEFAULT 0;
UPDATE standing SET passed_over = (
    SELECT count(*) FROM study s WHERE s.rescoring = standing.rescoring AND s.state = 'done' AND s.worker IS NULL);
