package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"nafas/internal/triage"
	"nafas/internal/triage/review"
)

// toldReview is the number of the entry up to which destinations are told what
// readers said of a study: that of the latest sign-off or reopening, 0 before the
// first. What is said between a reopening and the next sign-off, or before the
// first, is told with that one: an archive does not get a report for each answer.
func toldReview(ctx context.Context, tx *sql.Tx, study int64) (number int64, err error) {
	err = tx.QueryRowContext(ctx, `SELECT coalesce(max(number), 0) FROM review_entry WHERE study_id = ? AND kind IN (?, ?)`,
		study, review.KindSign, review.KindReopen).Scan(&number)
	return number, err
}

// queueReviewed puts what readers said into the outbox, where their action is one
// that is told. Of a study that is being read again the reading does so.
func (s *SQLite) queueReviewed(ctx context.Context, tx *sql.Tx, r *studyRow, k review.Kind, at time.Time) error {
	if k != review.KindSign && k != review.KindReopen || !r.state.Final() {
		return nil
	}
	key, err := saidNow(ctx, tx, r)
	if err != nil || key == "" {
		return err
	}
	return s.queueDeliveries(ctx, tx, r, key, at)
}

// reviewAt is the review of a study up to the entry of a number; nil of none.
func reviewAt(ctx context.Context, tx *sql.Tx, r *studyRow, number int64) (*review.State, error) {
	log, err := loadLog(ctx, tx, r.id)
	if err != nil {
		return nil, err
	}
	for len(log) > 0 && log[len(log)-1].Number > number {
		log = log[:len(log)-1]
	}
	if len(log) == 0 {
		return nil, nil
	}
	now, err := reviewedNow(ctx, tx, r)
	if err != nil {
		return nil, err
	}
	state := review.Fold(log, now)
	return &state, nil
}

// saidTheSame is the time of the latest delivery where that says the same of the
// same patient, whatever readers said: all objects but the report are the same
// ones again, and bear the same time. false where it is not so.
func saidTheSame(ctx context.Context, tx *sql.Tx, study int64, destination, key, subject string, told int64) (at int64, same bool, err error) {
	err = tx.QueryRowContext(ctx, `
		SELECT created_at, key = ?3 AND subject = ?4 AND review <> ?6 AND state <> ?5 FROM delivery WHERE study_id = ?1 AND destination = ?2
		ORDER BY id DESC LIMIT 1`, study, destination, key, subject, triage.DeliveryDead, told).Scan(&at, &same)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, false, nil
	}
	return at, same, err
}
