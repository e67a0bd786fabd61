-- Number of the entry of the review up to which a delivery says what readers said;
-- 0 says nothing of it.
ALTER TABLE delivery ADD COLUMN review INTEGER NOT NULL DEFAULT 0;
