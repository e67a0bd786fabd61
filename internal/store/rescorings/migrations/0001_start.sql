-- $ID, $TEXT and $BLOB are what the databases spell in their own ways. $TEXT is
-- compared byte by byte. Times are microseconds since 1970.

CREATE TABLE recipe (
    id            $ID,
    model_sha256  $TEXT NOT NULL,
    config_sha256 $TEXT NOT NULL,
    UNIQUE (model_sha256, config_sha256)
);

-- What of a rescoring never changes. source may be large: a list of studies.
CREATE TABLE rescoring (
    id            $ID,
    name          $TEXT NOT NULL,
    source        $TEXT NOT NULL, -- JSON
    model_name    $TEXT NOT NULL,
    model_version $TEXT NOT NULL,
    model_sha256  $TEXT NOT NULL,
    model_from    $TEXT NOT NULL,
    recipe        BIGINT NOT NULL REFERENCES recipe (id),
    settings      $TEXT NOT NULL, -- JSON
    baseline      $TEXT NOT NULL,
    home          $TEXT NOT NULL,
    created_at    BIGINT NOT NULL
);
CREATE INDEX rescoring_recipe ON rescoring (recipe);

-- What of it changes, its totals among it. Whoever changes anything of a
-- rescoring locks this row first.
CREATE TABLE standing (
    rescoring    BIGINT PRIMARY KEY REFERENCES rescoring (id),
    state        $TEXT NOT NULL,
    why          $TEXT NOT NULL,
    scanned      $TEXT NOT NULL, -- the cursor
    planned      INTEGER NOT NULL,
    limits       $TEXT NOT NULL, -- JSON
    ended_at     BIGINT,
    worked_us    BIGINT NOT NULL DEFAULT 0,
    sign_at      BIGINT, -- the last sign of life that counted for worked_us
    studies      BIGINT NOT NULL DEFAULT 0,
    studies_done BIGINT NOT NULL DEFAULT 0,
    waiting      BIGINT NOT NULL DEFAULT 0,
    scored       BIGINT NOT NULL DEFAULT 0,
    unchanged    BIGINT NOT NULL DEFAULT 0,
    skipped      BIGINT NOT NULL DEFAULT 0,
    failed       BIGINT NOT NULL DEFAULT 0,
    files        BIGINT NOT NULL DEFAULT 0,
    late         BIGINT NOT NULL DEFAULT 0
);

-- Skipped and failed inputs by reason.
CREATE TABLE reason (
    rescoring BIGINT NOT NULL REFERENCES rescoring (id),
    reason    $TEXT NOT NULL,
    n         BIGINT NOT NULL,
    PRIMARY KEY (rescoring, reason)
);

-- job_id and attempt are the token that has the study; worker is who has it, and
-- NULL where nobody does.
CREATE TABLE study (
    id          $ID,
    rescoring   BIGINT NOT NULL REFERENCES rescoring (id),
    uid         $TEXT NOT NULL,
    study_date  $TEXT NOT NULL,
    state       $TEXT NOT NULL, -- waiting, queued, running, done
    job_id      BIGINT,
    attempt     BIGINT NOT NULL DEFAULT 0,
    worker      $TEXT,
    begun       BIGINT NOT NULL DEFAULT 0,
    parts       BIGINT NOT NULL DEFAULT 0, -- rows of part
    given       BIGINT NOT NULL DEFAULT 0, -- of them, those that the attempt was given
    fingerprint $BLOB, -- of its files, once it is done
    verdict     $TEXT, -- JSON
    ended_at    BIGINT,
    UNIQUE (rescoring, uid)
);
CREATE INDEX study_waiting ON study (rescoring, id) WHERE state = 'waiting';
CREATE INDEX study_queued ON study (rescoring, id) WHERE state = 'queued';
CREATE INDEX study_running ON study (rescoring, id) WHERE state = 'running';
CREATE INDEX study_fingerprint ON study (fingerprint) WHERE fingerprint IS NOT NULL;

-- One look at a series: a folder's files of it, or what a PACS says of it.
CREATE TABLE part (
    study      BIGINT NOT NULL REFERENCES study (id),
    digest     $BLOB NOT NULL, -- of what follows: the same part is kept once
    n          BIGINT NOT NULL,
    series_uid $TEXT NOT NULL,
    modality   $TEXT NOT NULL,
    instances  BIGINT NOT NULL,
    files      $BLOB, -- see packFiles; NULL at a PACS
    PRIMARY KEY (study, digest)
);

-- One row a result, however many rescorings point at it.
CREATE TABLE result (
    id         $ID,
    result_key $TEXT NOT NULL UNIQUE,
    recipe     BIGINT NOT NULL REFERENCES recipe (id),
    series_uid $TEXT NOT NULL,
    body       $BLOB NOT NULL -- JSON, compressed
);
CREATE INDEX result_series ON result (series_uid, recipe);

CREATE TABLE series (
    study     BIGINT NOT NULL REFERENCES study (id),
    uid       $TEXT NOT NULL,
    modality  $TEXT NOT NULL,
    instances BIGINT NOT NULL,
    state     $TEXT NOT NULL,
    reason    $TEXT NOT NULL DEFAULT '',
    found     $TEXT NOT NULL DEFAULT '',
    remedy    $TEXT NOT NULL DEFAULT '',
    result    BIGINT REFERENCES result (id),
    PRIMARY KEY (study, uid)
);

-- Files that belong to no series. path is bytes: names of files need not be text.
CREATE TABLE loose (
    rescoring BIGINT NOT NULL REFERENCES rescoring (id),
    path      $BLOB NOT NULL,
    study     BIGINT REFERENCES study (id), -- whose reading found it; NULL for who planned
    state     $TEXT NOT NULL,
    reason    $TEXT NOT NULL,
    found     $TEXT NOT NULL,
    remedy    $TEXT NOT NULL,
    worker    $TEXT NOT NULL,
    ended_at  BIGINT NOT NULL,
    PRIMARY KEY (rescoring, path)
);
CREATE INDEX loose_study ON loose (study) WHERE study IS NOT NULL;

CREATE TABLE trouble (
    study BIGINT NOT NULL REFERENCES study (id),
    kind  $TEXT NOT NULL,
    n     BIGINT NOT NULL,
    PRIMARY KEY (study, kind)
);

CREATE TABLE worker (
    name    $TEXT PRIMARY KEY,
    host    $TEXT NOT NULL,
    program $TEXT NOT NULL,
    recipes $TEXT NOT NULL, -- JSON
    slots   BIGINT NOT NULL,
    seen_at BIGINT NOT NULL
);
