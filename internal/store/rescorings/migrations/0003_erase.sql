-- Inputs that were erased: they are in none of the other totals any more.
ALTER TABLE standing ADD COLUMN erased BIGINT NOT NULL DEFAULT 0;

-- Who points at a result that is to go.
CREATE INDEX series_result ON series (result) WHERE result IS NOT NULL;
