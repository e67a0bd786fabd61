package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"nafas/dicomio/refusal"
	"nafas/internal/triage"
)

// pastDays is the condition under which a study is past its days: its
// arguments are those of pastArgs. The days begin anew with every change,
// every storage commitment, and every instance that is sent again.
const pastDays = `(s.state = 'done' AND max(s.updated_at, coalesce(k.committed_at, 0)) < ?
	OR s.state = 'not_assessed' AND max(s.updated_at, coalesce(k.committed_at, 0)) < ?
	OR s.state = 'failed' AND max(s.updated_at, coalesce(k.committed_at, 0)) < ?)`

// pastArgs: 0, before which nothing happened, is for ever.
func pastArgs(at time.Time, k triage.KeepRule) []any {
	var out []any
	for _, state := range []triage.State{triage.Done, triage.NotAssessed, triage.Failed} {
		var before int64
		if keep := k.Of(state); keep > 0 {
			before = micros(at.Add(-keep))
		}
		out = append(out, before)
	}
	return out
}

// PastDays implements triage.Keeper.
func (s *SQLite) PastDays(ctx context.Context, at time.Time, k triage.KeepRule, after string, limit int) ([]string, error) {
	args := append(pastArgs(at, k), after, limit)
	return texts(ctx, s.read, `
		SELECT s.uid FROM study s LEFT JOIN keeping k ON k.study_id = s.id
		WHERE `+pastDays+` AND s.uid > ?
			AND (EXISTS (SELECT 1 FROM instance i WHERE i.study_id = s.id) OR EXISTS (SELECT 1 FROM quarantine q WHERE q.study_uid = s.uid))
		ORDER BY s.uid LIMIT ?`, args...)
}

// Forget implements triage.Keeper.
func (s *SQLite) Forget(ctx context.Context, studyUID string, at time.Time, k triage.KeepRule) (triage.Kept, error) {
	var kept triage.Kept
	err := s.inTx(ctx, func(tx *sql.Tx) error {
		r, err := loadStudy(ctx, tx, studyUID)
		if err != nil {
			return err
		}
		if kept, err = s.mustKeep(ctx, tx, &r, at, k); err != nil || kept != "" {
			return err
		}
		for _, statement := range []string{
			`INSERT OR REPLACE INTO gone_instance (study_id, sop_uid, series_id, patient_id)
				SELECT study_id, sop_uid, series_id, patient_id FROM instance WHERE study_id = ?1`,
			// Its day stays, so that a later study of the patient is not taken for the first.
			`INSERT INTO keeping (study_id, gone_at, study_date)
				VALUES (?1, ?2, coalesce((SELECT study_date FROM study_header WHERE study_id = ?1), ''))
				ON CONFLICT (study_id) DO UPDATE SET gone_at = ?2, study_date = excluded.study_date`,
		} {
			if _, err := tx.ExecContext(ctx, statement, r.id, micros(at)); err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx, searchableGone, r.id); err != nil {
			return err
		}
		if err := doom(ctx, tx, r.id, r.uid); err != nil {
			return err
		}
		r.instances, r.quarantined = 0, 0
		return saveStudy(ctx, tx, &r, at)
	})
	return kept, err
}

// doom deletes the rows of a study's files and lists the files.
func doom(ctx context.Context, tx *sql.Tx, study int64, uid string) error {
	for _, statement := range []string{
		`INSERT INTO doomed (path) SELECT f.path FROM instance_file f JOIN instance i ON i.id = f.instance_id WHERE i.study_id = ?1`,
		`INSERT INTO doomed (path) SELECT path FROM quarantine WHERE study_uid = ?2`,
		`DELETE FROM instance_file WHERE instance_id IN (SELECT id FROM instance WHERE study_id = ?1)`,
		`DELETE FROM instance WHERE study_id = ?1`,
		`DELETE FROM quarantine WHERE study_uid = ?2`,
		// What the images said of patient and study goes with them.
		`DELETE FROM study_header WHERE study_id = ?1`,
		`DELETE FROM series_header WHERE series_id IN (SELECT id FROM series WHERE study_id = ?1)`,
	} {
		if _, err := tx.ExecContext(ctx, statement, study, uid); err != nil {
			return err
		}
	}
	return nil
}

// mustKeep says why the images of a study must stay.
func (s *SQLite) mustKeep(ctx context.Context, tx *sql.Tx, r *studyRow, at time.Time, k triage.KeepRule) (triage.Kept, error) {
	var past bool
	args := append(pastArgs(at, k), r.id)
	if err := tx.QueryRowContext(ctx, `
		SELECT EXISTS (SELECT 1 FROM study s LEFT JOIN keeping k ON k.study_id = s.id WHERE `+pastDays+` AND s.id = ?)`,
		args...).Scan(&past); err != nil {
		return "", err
	}
	if !past || r.jobID != 0 || r.settleJobID != 0 {
		return triage.KeptBusy, nil
	}
	if r.notAssessed != nil && r.notAssessed.Reason == refusal.PatientMismatch {
		return triage.KeptHeld, nil
	}
	delivered, err := s.allDelivered(ctx, tx, r)
	if err == nil && !delivered {
		return triage.KeptUndelivered, nil
	}
	return "", err
}

// allDelivered says whether nothing is on its way or dead, and every
// destination of now has what is said of the study now; of a prior none is to.
func (s *SQLite) allDelivered(ctx context.Context, tx *sql.Tx, r *studyRow) (bool, error) {
	rows, err := tx.QueryContext(ctx, `
		SELECT destination, key, review, state FROM delivery d WHERE study_id = ?
			AND id = (SELECT max(id) FROM delivery WHERE study_id = d.study_id AND destination = d.destination)`, r.id)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	type saying struct {
		key    string
		review int64
	}
	told := map[string]saying{}
	for rows.Next() {
		var destination string
		var one saying
		var state triage.DeliveryState
		if err := rows.Scan(&destination, &one.key, &one.review, &state); err != nil {
			return false, err
		}
		if state != triage.DeliveryDelivered {
			return false, nil
		}
		told[destination] = one
	}
	if err := rows.Err(); err != nil || len(s.destinations) == 0 || r.priorOnly() {
		return err == nil, err
	}
	var said saying
	if said.key, err = saidNow(ctx, tx, r); err != nil || said.key == "" {
		return err == nil, err
	}
	if said.review, err = toldReview(ctx, tx, r.id); err != nil {
		return false, err
	}
	return !slices.ContainsFunc(s.destinations, func(d triage.Destination) bool {
		last, knows := told[d.Name]
		return (knows || d.Wants(r.priority)) && last != said
	}), nil
}

// saidNow is the key of the delivery that a destination must have; "" where
// nothing is to be said: of a study without CT, and of one that was cancelled.
func saidNow(ctx context.Context, tx *sql.Tx, r *studyRow) (string, error) {
	reading, err := saidOf(ctx, tx, r)
	if err != nil {
		return "", err
	}
	if !slices.ContainsFunc(reading.Series, func(s triage.Series) bool { return s.Modality == "CT" }) ||
		r.notAssessed != nil && r.notAssessed.Reason == triage.Cancelled {
		return "", nil
	}
	if r.state == triage.Failed { // GiveUp: nothing was read of any series
		reading.Series = nil
	}
	return deliveryKey(reading), nil
}

// Promise implements triage.Keeper.
func (s *SQLite) Promise(ctx context.Context, sopUIDs []string, at time.Time) (map[string]bool, error) {
	var kept map[string]bool
	err := s.inTx(ctx, func(tx *sql.Tx) error {
		kept = map[string]bool{}
		studies := map[int64]bool{}
		for _, uid := range sopUIDs {
			var study int64
			err := tx.QueryRowContext(ctx, `SELECT study_id FROM instance WHERE sop_uid = ?`, uid).Scan(&study)
			if errors.Is(err, sql.ErrNoRows) {
				continue
			}
			if err != nil {
				return err
			}
			kept[uid], studies[study] = true, true
		}
		for study := range studies {
			if err := renew(ctx, tx, study, micros(at)); err != nil {
				return err
			}
		}
		return nil
	})
	return kept, err
}

// renew begins the days of a study anew.
func renew(ctx context.Context, tx *sql.Tx, study, at int64) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO keeping (study_id, committed_at) VALUES (?1, ?2) ON CONFLICT (study_id) DO UPDATE SET committed_at = ?2`, study, at)
	return err
}

// goneCT is whether CT images of the study s were deleted after their days, and
// did not come again.
const goneCT = `EXISTS (SELECT 1 FROM gone_instance g JOIN series gx ON gx.id = g.series_id WHERE g.study_id = s.id AND gx.modality = 'CT')`

func imagesGone(ctx context.Context, tx *sql.Tx, study int64) (is bool, err error) {
	err = tx.QueryRowContext(ctx, `SELECT `+goneCT+` FROM study s WHERE s.id = ?`, study).Scan(&is)
	return is, err
}

// partial is triage.Facts.Partial. CT series that came meanwhile say of
// themselves why they are not read.
func partial(ctx context.Context, tx *sql.Tx, study int64) (bool, error) {
	is, err := imagesGone(ctx, tx, study)
	if err != nil || !is {
		return false, err
	}
	why, err := encodeRefusal(triage.PartOfGone())
	if err != nil {
		return false, err
	}
	_, err = tx.ExecContext(ctx, `
		UPDATE series SET not_read = ? WHERE study_id = ? AND modality = 'CT' AND not_read IS NULL AND result_key IS NULL
			AND NOT EXISTS (SELECT 1 FROM gone_instance g WHERE g.study_id = series.study_id AND g.series_id = series.id)`, why, study)
	return true, err
}

// returned notes where all images of a study came again.
func returned(ctx context.Context, tx *sql.Tx, study int64) error {
	_, err := tx.ExecContext(ctx, `
		UPDATE keeping SET gone_at = NULL WHERE study_id = ? AND gone_at IS NOT NULL
			AND NOT EXISTS (SELECT 1 FROM gone_instance g WHERE g.study_id = keeping.study_id)`, study)
	return err
}

// goneAt is when the images of a study were deleted, or zero.
func goneAt(ctx context.Context, tx *sql.Tx, study int64) (time.Time, error) {
	var at sql.NullInt64
	err := tx.QueryRowContext(ctx, `SELECT gone_at FROM keeping WHERE study_id = ?`, study).Scan(&at)
	if errors.Is(err, sql.ErrNoRows) || err == nil && !at.Valid {
		return time.Time{}, nil
	}
	return fromMicros(at.Int64), err
}

// querier is a database, one of its connections, or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// texts reads a column.
func texts(ctx context.Context, q querier, query string, args ...any) ([]string, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		out = append(out, text)
	}
	return out, rows.Err()
}
