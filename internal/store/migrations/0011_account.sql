-- Users with a password here, and the sessions of people who signed in. No column
-- is called study_id or study_uid: what erases a patient does not pass here.
CREATE TABLE account (
    -- in small letters
    name TEXT PRIMARY KEY,
    display TEXT NOT NULL,
    -- words with commas between
    roles TEXT NOT NULL,
    -- PHC string; '' of a user that was removed: the name stays theirs
    password TEXT NOT NULL,
    disabled INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    -- when the password was set last
    changed_at INTEGER NOT NULL,
    removed_at INTEGER
) WITHOUT ROWID;

CREATE TABLE session (
    -- SHA-256 of what the cookie holds
    id BLOB PRIMARY KEY,
    -- NULL where a provider vouches for its owner
    account TEXT REFERENCES account (name) ON DELETE CASCADE,
    -- of whom the provider vouches for
    name TEXT NOT NULL,
    display TEXT NOT NULL,
    roles TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX session_account ON session (account);
