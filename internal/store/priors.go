package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"nafas/internal/triage"
)

var _ triage.Priors = (*SQLite)(nil)

// priorMark says since when a study is stored for nothing but to be compared
// with: the column of studyColumns.
const priorMark = `(SELECT coalesce(p.fetched_at, -1) FROM prior_study p WHERE p.study_uid = study.uid)`

// priorOnly says whether the study is stored for nothing else.
func (r *studyRow) priorOnly() bool { return r.prior.Valid }

// asked says whether what comes now of a prior comes because we asked for it.
func (r *studyRow) asked(now int64) bool {
	const beingSent = -1
	return r.prior.Int64 == beingSent || now <= r.prior.Int64+triage.PriorGrace.Microseconds()
}

// rank gives the study its place in the worklist; a prior has none.
func (r *studyRow) rank(p triage.Priority, reasons []triage.PriorityReason) {
	if r.priorOnly() {
		p, reasons = triage.RankPrior()
	}
	r.priority, r.reasons = p, reasons
}

// ordinary makes a prior that was sent for itself a study as others: what is
// known of it is said again, with its priority, and delivered. Not while a part
// of the images is gone, since what is said would stay as it is.
func (r *recording) ordinary(ctx context.Context, t *touched) error {
	if !t.own || !t.priorOnly() {
		return nil
	}
	if gone, err := imagesGone(ctx, r.tx, t.id); err != nil || gone {
		return err
	}
	_, err := r.tx.ExecContext(ctx, `DELETE FROM prior_study WHERE study_uid = ?`, t.uid)
	t.prior = sql.NullInt64{}
	t.corrected, t.changed, t.seen = true, true, true
	return err
}

// markedPrior is the mark of a study that is not stored yet.
func markedPrior(ctx context.Context, tx *sql.Tx, uid string) (mark sql.NullInt64, err error) {
	err = tx.QueryRowContext(ctx, `SELECT coalesce(fetched_at, -1) FROM prior_study WHERE study_uid = ?`, uid).Scan(&mark)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return mark, err
}

// Unsought implements triage.Priors.
func (s *SQLite) Unsought(ctx context.Context, at, since time.Time, limit int) ([]triage.Unsought, error) {
	var out []triage.Unsought
	err := s.inSnapshot(ctx, func(tx *sql.Tx) error {
		var ids []int64
		var err error
		if out, ids, err = unsought(ctx, tx, at, since, limit); err != nil {
			return err
		}
		for i, id := range ids {
			if out[i].Patients, err = studyPatients(ctx, tx, id); err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}

func unsought(ctx context.Context, tx *sql.Tx, at, since time.Time, limit int) (out []triage.Unsought, ids []int64, err error) {
	rows, err := tx.QueryContext(ctx, `
		SELECT s.id, s.uid, h.study_date, coalesce(l.failures, 0)
		FROM study s JOIN study_header h ON h.study_id = s.id LEFT JOIN prior_lookup l ON l.study_id = s.id
		WHERE s.state IN (?, ?, ?) AND s.last_instance_at >= ? AND h.study_date <> ''
			AND (l.study_id IS NULL OR l.looked_at IS NULL AND l.next_at <= ?)
			AND EXISTS (SELECT 1 FROM series x JOIN instance i ON i.series_id = x.id WHERE x.study_id = s.id AND x.modality = 'CT')
			AND NOT EXISTS (SELECT 1 FROM prior_study p WHERE p.study_uid = s.uid)
		ORDER BY s.last_instance_at DESC, s.uid LIMIT ?`,
		triage.Waiting, triage.Running, triage.Done, micros(since), micros(at), limit)
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var u triage.Unsought
		var id int64
		if err := rows.Scan(&id, &u.StudyUID, &u.StudyDate, &u.Failures); err != nil {
			return nil, nil, err
		}
		out, ids = append(out, u), append(ids, id)
	}
	return out, ids, rows.Err()
}

// NeedPrior implements triage.Priors.
func (s *SQLite) NeedPrior(ctx context.Context, uid string, at time.Time) (need triage.PriorNeed, err error) {
	err = s.inTx(ctx, func(tx *sql.Tx) error {
		// Of what never came nothing is remembered.
		if _, err := tx.ExecContext(ctx, `
			DELETE FROM prior_study WHERE fetched_at < ? AND NOT EXISTS (SELECT 1 FROM study s WHERE s.uid = prior_study.study_uid)`,
			micros(at.Add(-triage.PriorGrace))); err != nil {
			return err
		}
		row, err := loadStudy(ctx, tx, uid)
		stored := !errors.Is(err, triage.ErrNotFound)
		if err != nil && stored {
			return err
		}
		var marked, whole bool
		if marked, whole, err = priorSent(ctx, tx, uid); err != nil {
			return err
		}
		if stored {
			need, err = needStored(ctx, tx, &row, marked && !whole)
		} else if marked && whole {
			need = triage.PriorHere // its rows are about to be written
		}
		if err != nil || need != triage.PriorMissing || stored && !marked {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT OR REPLACE INTO prior_study (study_uid, wanted_at) VALUES (?, ?)`, uid, micros(at))
		return err
	})
	return need, err
}

// priorSent says whether a study is marked as a prior, and all of it was sent.
func priorSent(ctx context.Context, tx *sql.Tx, uid string) (marked, whole bool, err error) {
	err = tx.QueryRowContext(ctx, `SELECT whole FROM prior_study WHERE study_uid = ?`, uid).Scan(&whole)
	if errors.Is(err, sql.ErrNoRows) {
		return false, false, nil
	}
	return err == nil, whole, err
}

// needStored is the need of a study that is stored, or was; part, that not all
// of it has come. One whose images were deleted after their days is fetched
// again, which the study that it is compared with asks for once.
func needStored(ctx context.Context, tx *sql.Tx, r *studyRow, part bool) (triage.PriorNeed, error) {
	gone, err := imagesGone(ctx, tx, r.id)
	switch {
	case err != nil:
		return 0, err
	case part, gone:
		return triage.PriorMissing, nil
	case r.instances == 0, r.state.Final() && r.notAssessed != nil:
		return triage.PriorUseless, nil
	}
	return triage.PriorHere, nil
}

// PriorSent implements triage.Priors.
func (s *SQLite) PriorSent(ctx context.Context, uid string, at time.Time, whole bool) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE prior_study SET fetched_at = ?, whole = ? WHERE study_uid = ? AND fetched_at IS NULL`, micros(at), whole, uid)
		return err
	})
}

// endFetching ends what an earlier server was fetching.
func endFetching(ctx context.Context, tx *sql.Tx, at time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE prior_study SET fetched_at = ? WHERE fetched_at IS NULL`, micros(at))
	return err
}

// ForItself implements triage.Ledger.
func (s *SQLite) ForItself(ctx context.Context, uid string) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE prior_study SET fetched_at = 0 WHERE study_uid = ?`, uid)
		return err
	})
}

// Sought implements triage.Priors.
func (s *SQLite) Sought(ctx context.Context, uid string, at time.Time) error {
	return s.lookup(ctx, uid, sql.NullInt64{Int64: micros(at), Valid: true}, 0, at)
}

// SeekLater implements triage.Priors.
func (s *SQLite) SeekLater(ctx context.Context, uid string, failures int, next time.Time) error {
	return s.lookup(ctx, uid, sql.NullInt64{}, failures, next)
}

// lookup changes nothing where the study is gone meanwhile.
func (s *SQLite) lookup(ctx context.Context, uid string, looked sql.NullInt64, failures int, next time.Time) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `
			INSERT OR REPLACE INTO prior_lookup (study_id, looked_at, failures, next_at) SELECT id, ?2, ?3, ?4 FROM study WHERE uid = ?1`,
			uid, looked, failures, micros(next))
		return err
	})
}

// seekAgain has earlier studies looked for once more: of another patient, or
// before another day.
func seekAgain(ctx context.Context, tx *sql.Tx, study int64) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM prior_lookup WHERE study_id = ?`, study)
	return err
}
