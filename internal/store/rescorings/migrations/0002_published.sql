-- Lists of studies to look at again that readers are shown, at most one a
-- rescoring. Its name and model are the rescoring's.
CREATE TABLE published (
    rescoring    BIGINT PRIMARY KEY REFERENCES rescoring (id),
    baseline     $TEXT NOT NULL,
    published_at BIGINT NOT NULL,
    studies_done BIGINT NOT NULL,
    studies      BIGINT NOT NULL,
    whole        INTEGER NOT NULL,
    entries      BIGINT NOT NULL
);

-- place counts from 1, without a gap.
CREATE TABLE published_entry (
    rescoring   BIGINT NOT NULL REFERENCES published (rescoring),
    place       BIGINT NOT NULL,
    study_uid   $TEXT NOT NULL,
    series_uid  $TEXT NOT NULL,
    study_date  $TEXT NOT NULL,
    kinds       $TEXT NOT NULL, -- between blanks
    said_before $TEXT, -- JSON; NULL where that pass has no result
    said_after  $TEXT,
    reason      $TEXT NOT NULL,
    PRIMARY KEY (rescoring, place)
);
