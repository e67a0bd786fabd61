package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"nafas/dicomio/refusal"
	"nafas/internal/triage"
)

// Settle implements triage.Store.
func (s *SQLite) Settle(ctx context.Context, t triage.Token, uid string, at, quietSince time.Time, recipe triage.Recipe) (triage.Settled, error) {
	var out triage.Settled
	err := s.inTx(ctx, func(tx *sql.Tx) error {
		out = triage.Settled{}
		r, err := fenced(ctx, tx, t, uid, "settle_job_id")
		if err != nil {
			return err
		}
		if last := fromMicros(r.lastInstanceAt); last.After(quietSince) {
			out.NotBefore = last
			return nil
		}
		if err := endJob(ctx, tx, t.JobID, "completed", at); err != nil {
			return err
		}
		r.settleJobID = 0
		var moved bool
		if out.Dropped, moved, err = s.decide(ctx, tx, &r, decideOn{complete: true, at: at, recipe: recipe}); err != nil {
			return err
		}
		if moved {
			return saveStudy(ctx, tx, &r, at)
		}
		// Read already: nothing that anybody watches changed.
		_, err = tx.ExecContext(ctx, `UPDATE study SET settle_job_id = NULL WHERE id = ?`, r.id)
		return err
	})
	return out, err
}

// fenced loads the study if the job in the column is the token's, in this
// very attempt.
func fenced(ctx context.Context, tx *sql.Tx, t triage.Token, uid, column string) (studyRow, error) {
	r, err := loadStudy(ctx, tx, uid)
	if errors.Is(err, triage.ErrNotFound) {
		return r, triage.ErrFenced
	}
	if err != nil {
		return r, err
	}
	owner := r.jobID
	if column == "settle_job_id" {
		owner = r.settleJobID
	}
	var running bool
	if err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM river_job WHERE id = ? AND state = 'running' AND attempt = ?)`,
		t.JobID, t.Attempt).Scan(&running); err != nil {
		return r, err
	}
	if owner != t.JobID || !running {
		return r, triage.ErrFenced
	}
	return r, nil
}

// StartReading implements triage.Store.
func (s *SQLite) StartReading(ctx context.Context, t triage.Token, uid string, at time.Time, recipe triage.Recipe) (triage.ReadingJob, error) {
	var out triage.ReadingJob
	err := s.inTx(ctx, func(tx *sql.Tx) error {
		r, err := fenced(ctx, tx, t, uid, "job_id")
		if err != nil {
			return err
		}
		out = triage.ReadingJob{StudyUID: uid, LastInstanceAt: fromMicros(r.lastInstanceAt)}
		if out.Files, err = studyFiles(ctx, tx, r.id); err != nil {
			return err
		}
		if out.Earlier, err = earlierOf(ctx, tx, r.id); err != nil {
			return err
		}
		if out.Key, err = readingKeyAfter(ctx, tx, r.id, recipe, out.Earlier); err != nil {
			return err
		}
		if out.Known, err = knownResults(ctx, tx, r.id, recipe); err != nil {
			return err
		}
		if out.Compared, err = loadComparison(ctx, tx, r.id); err != nil {
			return err
		}
		if err := tx.QueryRowContext(ctx, `
			UPDATE reading SET key = ?, attempt = ?, started_at = coalesce(started_at, ?) WHERE id = ? RETURNING max(crashes, errors)`,
			out.Key, t.Attempt, micros(at), r.readingID).Scan(&out.Trouble); err != nil {
			return err
		}
		r.state, r.jobKey = triage.Running, out.Key
		return saveStudy(ctx, tx, &r, at)
	})
	return out, err
}

func knownResults(ctx context.Context, tx *sql.Tx, study int64, recipe triage.Recipe) (map[string]triage.Result, error) {
	rows, err := tx.QueryContext(ctx, `SELECT key, body FROM result WHERE study_id = ? AND model_sha256 = ? AND config_sha256 = ?`,
		study, recipe.ModelSHA256, recipe.ConfigSHA256)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[string]triage.Result{}
	for rows.Next() {
		var key, body string
		if err := rows.Scan(&key, &body); err != nil {
			return nil, err
		}
		result, err := decodeResult(body)
		if err != nil {
			return nil, err
		}
		out[key] = *result
	}
	return out, rows.Err()
}

// FinishReading implements triage.Store.
func (s *SQLite) FinishReading(ctx context.Context, t triage.Token, at time.Time, reading triage.StudyReading) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		r, err := fenced(ctx, tx, t, reading.StudyUID, "job_id")
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE series SET not_read = NULL, result_key = NULL WHERE study_id = ?`, r.id); err != nil {
			return err
		}
		for _, series := range reading.Series {
			if err := writeSeries(ctx, tx, r.id, t, at, reading.Recipe, series); err != nil {
				return err
			}
		}
		if err := saveAssessment(ctx, tx, r.id, reading.Assessment); err != nil {
			return err
		}
		if err := r.finish(ctx, tx, reading); err != nil {
			return err
		}
		if err := saveComparison(ctx, tx, r.id, at, reading.Comparison); err != nil {
			return err
		}
		if err := r.endReading(ctx, tx, "completed", string(reading.State), at); err != nil {
			return err
		}
		if err := s.queueDeliveries(ctx, tx, &r, deliveryKey(reading), at); err != nil {
			return err
		}
		if err := s.readAgain(ctx, tx, &r, at, reading.Recipe); err != nil {
			return err
		}
		if err := s.queueShadow(ctx, tx, &r, reading.Recipe); err != nil {
			return err
		}
		if err := saveStudy(ctx, tx, &r, at); err != nil {
			return err
		}
		return s.compareLater(ctx, tx, r.id, at, reading.Recipe)
	})
}

// finish takes over what the reading says. Where more came in meanwhile the
// study goes on receiving until its settle job runs.
func (r *studyRow) finish(ctx context.Context, tx *sql.Tx, reading triage.StudyReading) error {
	r.state, r.notAssessed = reading.State, reading.NotAssessed
	r.rank(reading.Priority, reading.PriorityReasons)
	r.readKey = reading.Key
	key, err := readingKey(ctx, tx, r.id, reading.Recipe)
	if err == nil && key != reading.Key && r.settleJobID != 0 {
		r.reopen(triage.Receiving)
	}
	return err
}

// readAgain queues a study at once where it depends on something else now than
// was read: an earlier study of the patient was read meanwhile.
func (s *SQLite) readAgain(ctx context.Context, tx *sql.Tx, r *studyRow, at time.Time, recipe triage.Recipe) error {
	if r.state != triage.Done {
		return nil
	}
	_, _, err := s.decide(ctx, tx, r, decideOn{complete: true, at: at, recipe: recipe})
	return err
}

func writeSeries(ctx context.Context, tx *sql.Tx, study int64, t triage.Token, at time.Time, recipe triage.Recipe, series triage.Series) error {
	why, err := encodeRefusal(series.NotRead)
	if err != nil {
		return err
	}
	var key sql.NullString
	if r := series.Result; r != nil {
		key = sql.NullString{String: r.Key, Valid: true}
		body, err := encodeResult(*r)
		if err != nil {
			return err
		}
		// The same key means the same findings, so the first one stays.
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO result (key, study_id, series_uid, model_sha256, config_sha256, job_id, attempt, created_at, body)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
			r.Key, study, series.UID, recipe.ModelSHA256, recipe.ConfigSHA256, t.JobID, t.Attempt, micros(at), body); err != nil {
			return err
		}
		if err := saveBrief(ctx, tx, *r); err != nil {
			return err
		}
	}
	_, err = tx.ExecContext(ctx, `UPDATE series SET not_read = ?, result_key = ? WHERE study_id = ? AND uid = ?`, why, key, study, series.UID)
	return err
}

// saveBrief counts what a result says, for lists.
func saveBrief(ctx context.Context, tx *sql.Tx, r triage.Result) error {
	flagged := 0
	for _, f := range r.Findings {
		if f.Flagged {
			flagged++
		}
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO result_brief (key, findings, flagged) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`,
		r.Key, len(r.Findings), flagged)
	return err
}

// Trouble implements triage.Store.
func (s *SQLite) Trouble(ctx context.Context, t triage.Token, uid string, at time.Time, kind triage.TroubleKind) (int, error) {
	column, least := "errors", 0
	switch kind {
	case triage.TroubleCrash:
		column = "crashes"
	case triage.TroubleLimit:
		least = triage.MaxTrouble - 1
	}
	var n int
	err := s.inTx(ctx, func(tx *sql.Tx) error {
		r, err := fenced(ctx, tx, t, uid, "job_id")
		if err != nil {
			return err
		}
		if kind != triage.TroubleNoWorker {
			if err := tx.QueryRowContext(ctx, `UPDATE reading SET `+column+` = max(`+column+` + 1, ?) WHERE id = ? RETURNING `+column, least, r.readingID).Scan(&n); err != nil {
				return err
			}
		}
		r.state = triage.Waiting
		return saveStudy(ctx, tx, &r, at)
	})
	return n, err
}

// GiveUp implements triage.Store.
func (s *SQLite) GiveUp(ctx context.Context, t triage.Token, uid string, at time.Time, why *refusal.Error, recipe triage.Recipe) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		r, err := fenced(ctx, tx, t, uid, "job_id")
		if err != nil {
			return err
		}
		if err := r.endReading(ctx, tx, "completed", string(why.Reason), at); err != nil {
			return err
		}
		r.setNotAssessed(why)
		r.state = triage.Failed
		if err := s.queueDeliveries(ctx, tx, &r, deliveryKey(triage.StudyReading{NotAssessed: why}), at); err != nil {
			return err
		}
		if err := saveStudy(ctx, tx, &r, at); err != nil {
			return err
		}
		return s.compareLater(ctx, tx, r.id, at, recipe)
	})
}

// Cancel implements triage.Store.
func (s *SQLite) Cancel(ctx context.Context, uid string, at time.Time, why *refusal.Error) ([]int64, error) {
	var dropped []int64
	err := s.inTx(ctx, func(tx *sql.Tx) error {
		r, err := loadStudy(ctx, tx, uid)
		if err != nil || r.state.Final() {
			return err
		}
		if dropped, err = dropJob(ctx, tx, &r, at, string(why.Reason)); err != nil {
			return err
		}
		if err := endJob(ctx, tx, r.settleJobID, "cancelled", at); err != nil {
			return err
		}
		r.settleJobID = 0
		holds, err := resultHolds(ctx, tx, &r)
		if err != nil {
			return err
		}
		if holds {
			r.state = triage.Done
		} else {
			r.setNotAssessed(why)
		}
		return saveStudy(ctx, tx, &r, at)
	})
	return dropped, err
}

// resultHolds says whether the study has a result of all that is stored of it, so
// that the reading that is cancelled was to compare, or to read anew.
func resultHolds(ctx context.Context, tx *sql.Tx, r *studyRow) (is bool, err error) {
	if r.readKey == "" || r.notAssessed != nil {
		return false, nil
	}
	err = tx.QueryRowContext(ctx, `
		SELECT EXISTS (SELECT 1 FROM reading WHERE study_id = ?1 AND outcome = ?2 AND started_at >= ?3)
			AND EXISTS (SELECT 1 FROM series WHERE study_id = ?1 AND result_key IS NOT NULL)`,
		r.id, triage.Done, r.lastInstanceAt).Scan(&is)
	return is, err
}
