-- What was seen in archives that are looked into for new studies.
CREATE TABLE polled (
    archive TEXT NOT NULL,
    study_uid TEXT NOT NULL,
    -- instances when it was looked at last; 0 where the archive does not say
    instances INTEGER NOT NULL,
    -- instances, and CT instances, when it was fetched, or passed over, last;
    -- -1 before
    done INTEGER NOT NULL,
    fetched INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    -- not to be fetched before
    next_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    PRIMARY KEY (archive, study_uid)
) WITHOUT ROWID;
