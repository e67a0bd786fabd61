-- What readers said of studies: one row per action, added and never changed.
-- Only an erasure takes rows away, and those of a whole study.
CREATE TABLE review_entry (
    study_id INTEGER NOT NULL REFERENCES study (id),
    -- counts from 1 in each study, without gaps
    number INTEGER NOT NULL,
    at INTEGER NOT NULL,
    -- the name that signs in
    reader TEXT NOT NULL,
    kind TEXT NOT NULL,
    action_id TEXT NOT NULL,
    -- the action, the name that is shown, and what was replaced, as JSON
    body TEXT NOT NULL,
    PRIMARY KEY (study_id, number),
    UNIQUE (study_id, action_id)
) WITHOUT ROWID;

-- The study whose rows an erasure is taking away, within its transaction. The
-- column is not called study_id: an erasure empties all that have one.
CREATE TABLE review_erasing (study INTEGER PRIMARY KEY);

CREATE TRIGGER review_entry_stays BEFORE UPDATE ON review_entry
BEGIN
    SELECT RAISE(ABORT, 'what a reader said is never changed');
END;
CREATE TRIGGER review_entry_remains BEFORE DELETE ON review_entry
WHEN NOT EXISTS (SELECT 1 FROM review_erasing WHERE study = OLD.study_id)
BEGIN
    SELECT RAISE(ABORT, 'what a reader said is never deleted, but by an erasure');
END;
-- INSERT OR REPLACE would delete without the trigger above.
CREATE TRIGGER review_entry_follows BEFORE INSERT ON review_entry
WHEN NEW.number <> 1 + coalesce((SELECT max(number) FROM review_entry WHERE study_id = NEW.study_id), 0)
    OR EXISTS (SELECT 1 FROM review_entry WHERE study_id = NEW.study_id AND action_id = NEW.action_id)
BEGIN
    SELECT RAISE(ABORT, 'an entry of a review follows the latest one');
END;

-- What the entries amount to, for lists. Studies that nobody has said anything of
-- have no row. Written in every transaction that changes the entries or the
-- results of a study.
CREATE TABLE review_summary (
    study_id INTEGER PRIMARY KEY REFERENCES study (id),
    state TEXT NOT NULL CHECK (state IN ('begun', 'signed', 'outdated')),
    -- number of the latest entry
    version INTEGER NOT NULL,
    -- findings of the present results that have an answer, and marks that stand
    answered INTEGER NOT NULL,
    added INTEGER NOT NULL,
    -- of the signature; '' and NULL where there is none
    signed_by TEXT NOT NULL,
    signed_display TEXT NOT NULL,
    signed_at INTEGER
);
CREATE INDEX review_summary_state ON review_summary (state);
