package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/riverqueue/river"

	"nafas/dicomio/refusal"
	"nafas/internal/registry"
	"nafas/internal/triage"
)

// queueShadow has a study that was read just now read in shadow too, where a model
// does so. Studies that were fetched to be compared with are no cases.
func (s *SQLite) queueShadow(ctx context.Context, tx *sql.Tx, r *studyRow, by triage.Recipe) error {
	if r.state != triage.Done || r.priorOnly() {
		return nil
	}
	var model string
	err := tx.QueryRowContext(ctx, `SELECT sha256 FROM model WHERE state = ?`, registry.Shadow).Scan(&model)
	if errors.Is(err, sql.ErrNoRows) || err == nil && model == by.ModelSHA256 {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = s.jobs.InsertTx(ctx, tx, registry.Job{StudyUID: r.uid, Model: model}, &river.InsertOpts{
		Queue: registry.Queue, Priority: registry.Priority3, MaxAttempts: maxAttempts,
	})
	return err
}

// dropShadowJobs ends the jobs of a model that nobody is at; one that runs finds its
// outcome unwanted.
func dropShadowJobs(ctx context.Context, tx *sql.Tx, model string, at time.Time) error {
	_, err := tx.ExecContext(ctx, `
		UPDATE river_job SET state = 'cancelled', finalized_at = ?
		WHERE kind = ? AND json_extract(args, '$.model') = ? AND state <> 'running' AND finalized_at IS NULL`,
		at.UTC().Format(riverTime), registry.Job{}.Kind(), model)
	return err
}

// LiveWaits implements registry.Ledger. Jobs that are to be tried again later wait
// too.
func (k *Models) LiveWaits(ctx context.Context) (waits bool, err error) {
	err = k.s.read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM river_job WHERE queue = ? AND finalized_at IS NULL)`, triage.QueueRead).Scan(&waits)
	return waits, err
}

// shadowReadings counts them by the SHA-256 of the model.
func shadowReadings(ctx context.Context, tx *sql.Tx) (map[string]registry.Readings, error) {
	out := map[string]registry.Readings{}
	if err := each(ctx, tx, `SELECT model_sha256, count(body), count(why) FROM shadow_reading GROUP BY model_sha256`, func(rows *sql.Rows) error {
		var model string
		var n registry.Readings
		err := rows.Scan(&model, &n.Read, &n.Failed)
		out[model] = n
		return err
	}); err != nil {
		return nil, err
	}
	err := each(ctx, tx, `SELECT json_extract(args, '$.model'), count(*) FROM river_job WHERE kind = ? AND finalized_at IS NULL GROUP BY 1`, func(rows *sql.Rows) error {
		var model string
		var waiting int
		err := rows.Scan(&model, &waiting)
		n := out[model]
		n.Waiting = waiting
		out[model] = n
		return err
	}, registry.Job{}.Kind())
	return out, err
}

// shadowCase is what a job of a shadow model is about; r.id is 0 where there is
// nothing to do: the study is gone, is to be read anew, or is held, or the model is
// no longer the shadow.
func shadowCase(ctx context.Context, tx *sql.Tx, t triage.Token, j registry.Job) (r studyRow, err error) {
	var running, wanted bool
	if err := tx.QueryRowContext(ctx, `
		SELECT EXISTS (SELECT 1 FROM river_job WHERE id = ? AND state = 'running' AND attempt = ?),
			EXISTS (SELECT 1 FROM model WHERE sha256 = ? AND state = ?)`,
		t.JobID, t.Attempt, j.Model, registry.Shadow).Scan(&running, &wanted); err != nil {
		return r, err
	}
	if !running {
		return r, triage.ErrFenced
	}
	if !wanted {
		return studyRow{}, nil
	}
	r, err = loadStudy(ctx, tx, j.StudyUID)
	if errors.Is(err, triage.ErrNotFound) || err == nil && (r.state != triage.Done || r.readKey == "" || r.priorOnly()) {
		return studyRow{}, nil
	}
	return r, err
}

// Case implements registry.Ledger.
func (k *Models) Case(ctx context.Context, t triage.Token, j registry.Job, recipe triage.Recipe) (out registry.Case, err error) {
	err = k.s.inSnapshot(ctx, func(tx *sql.Tx) error {
		out = registry.Case{}
		r, err := shadowCase(ctx, tx, t, j)
		if err != nil || r.id == 0 {
			return err
		}
		var has bool
		if err := tx.QueryRowContext(ctx, `
			SELECT EXISTS (SELECT 1 FROM shadow_reading WHERE study_id = ?1 AND model_sha256 = ?2 AND against = ?3),
				coalesce((SELECT max(x.model_sha256) FROM series s JOIN result x ON x.key = s.result_key WHERE s.study_id = ?1), '')`,
			r.id, j.Model, r.readKey).Scan(&has, &out.Live); err != nil || has || out.Live == "" || out.Live == j.Model {
			return err
		}
		out.Against = r.readKey
		gone, err := imagesGone(ctx, tx, r.id)
		if err != nil {
			return err
		}
		if gone || r.instances == 0 {
			out.Why = refusal.New(ShadowImagesGone, "", "images of the study were deleted after their days before the model in shadow came to it")
			return nil
		}
		out.Reading, err = shadowJob(ctx, tx, &r, recipe)
		return err
	})
	return out, err
}

// ShadowImagesGone is the reason of a study whose images were deleted before the
// shadow model came to it.
const ShadowImagesGone refusal.Reason = "IMAGES_GONE"

// shadowJob is what the live model was given, but for what is known by its own
// results.
func shadowJob(ctx context.Context, tx *sql.Tx, r *studyRow, recipe triage.Recipe) (*triage.ReadingJob, error) {
	job := &triage.ReadingJob{StudyUID: r.uid, LastInstanceAt: fromMicros(r.lastInstanceAt)}
	var err error
	if job.Files, err = studyFiles(ctx, tx, r.id); err != nil {
		return nil, err
	}
	if job.Earlier, err = earlierOf(ctx, tx, r.id); err != nil {
		return nil, err
	}
	if job.Key, err = readingKeyAfter(ctx, tx, r.id, recipe, job.Earlier); err != nil {
		return nil, err
	}
	job.Known, err = knownResults(ctx, tx, r.id, recipe)
	return job, err
}

// Keep implements registry.Ledger.
func (k *Models) Keep(ctx context.Context, t triage.Token, o registry.Outcome) error {
	return k.s.inTx(ctx, func(tx *sql.Tx) error {
		r, err := shadowCase(ctx, tx, t, o.Job)
		if err != nil || r.id == 0 || r.readKey != o.Against {
			return err
		}
		why, err := encodeRefusal(o.Why)
		if err != nil {
			return err
		}
		var body, earlier sql.NullString
		if o.Reading != nil {
			body.Valid = true
			if body.String, err = encodeShadow(*o.Reading); err != nil {
				return err
			}
			if c := o.Reading.Comparison; c != nil {
				earlier = sql.NullString{String: c.EarlierStudyUID, Valid: true}
			}
		}
		_, err = tx.ExecContext(ctx, `
			INSERT OR REPLACE INTO shadow_reading (study_id, model_sha256, key, against, live_sha256, earlier_study_id, at, why, body)
			VALUES (?, ?, ?, ?, ?, (SELECT id FROM study WHERE uid = ?), ?, ?, ?)`,
			r.id, o.Job.Model, o.Key, o.Against, o.Live, earlier, micros(o.At), why, body)
		return err
	})
}

// Pairs implements registry.Ledger.
func (k *Models) Pairs(ctx context.Context, sha256, live string, each func(registry.Pair) error) (out registry.Pairing, err error) {
	err = k.s.inSnapshot(ctx, func(tx *sql.Tx) error {
		out = registry.Pairing{}
		if live == "" {
			err := tx.QueryRowContext(ctx, `SELECT live_sha256 FROM shadow_reading WHERE model_sha256 = ? ORDER BY at DESC LIMIT 1`, sha256).Scan(&live)
			if errors.Is(err, sql.ErrNoRows) {
				return nil
			}
			if err != nil {
				return err
			}
		}
		if err := pairing(ctx, tx, sha256, live, &out); err != nil {
			return err
		}
		uids, err := texts(ctx, tx, `
			SELECT s.uid FROM shadow_reading x JOIN study s ON s.id = x.study_id
			WHERE x.model_sha256 = ? AND x.live_sha256 = ? AND x.against = s.read_key ORDER BY s.uid`, sha256, live)
		if err != nil {
			return err
		}
		for _, uid := range uids {
			p, err := pairOf(ctx, tx, uid, sha256)
			if err != nil {
				return err
			}
			if err := each(p); err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}

func pairing(ctx context.Context, tx *sql.Tx, sha256, live string, out *registry.Pairing) error {
	if err := tx.QueryRowContext(ctx, `
		SELECT coalesce(sum(x.live_sha256 = ?2 AND x.against <> s.read_key), 0), coalesce(sum(x.live_sha256 <> ?2), 0)
		FROM shadow_reading x JOIN study s ON s.id = x.study_id WHERE x.model_sha256 = ?1`,
		sha256, live).Scan(&out.Changed, &out.OtherLive); err != nil {
		return err
	}
	out.Live.SHA256 = live
	err := tx.QueryRowContext(ctx, `SELECT name, version FROM model_event WHERE model_sha256 = ? ORDER BY number DESC LIMIT 1`, live).
		Scan(&out.Live.Name, &out.Live.Version)
	if errors.Is(err, sql.ErrNoRows) {
		return nil // of a result of an earlier version of the service
	}
	return err
}

func pairOf(ctx context.Context, tx *sql.Tx, uid, sha256 string) (p registry.Pair, err error) {
	r, err := loadStudy(ctx, tx, uid)
	if err != nil {
		return p, err
	}
	p = registry.Pair{UID: uid, Live: r.study()}
	if p.Live.Series, err = loadSeries(ctx, tx, r.id); err != nil {
		return p, err
	}
	if p.Live.Assessment, err = loadAssessment(ctx, tx, r.id); err != nil {
		return p, err
	}
	var why, body sql.NullString
	if err := tx.QueryRowContext(ctx, `
		SELECT coalesce(h.study_date, k.study_date, ''), x.why, x.body
		FROM shadow_reading x LEFT JOIN study_header h ON h.study_id = x.study_id LEFT JOIN keeping k ON k.study_id = x.study_id
		WHERE x.study_id = ? AND x.model_sha256 = ?`, r.id, sha256).Scan(&p.Date, &why, &body); err != nil {
		return p, err
	}
	if p.Why, err = decodeRefusal(why); err != nil || !body.Valid {
		return p, err
	}
	p.Shadow, err = decodeShadow(uid, body.String)
	return p, err
}
