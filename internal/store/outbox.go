package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"nafas/internal/triage"
)

// deliverQueue is the queue of a destination's jobs; those of one that is not
// among the settings have their own.
func (s *SQLite) deliverQueue(destination string) string {
	if slices.ContainsFunc(s.destinations, func(d triage.Destination) bool { return d.Name == destination }) {
		return triage.DeliverQueue(destination)
	}
	return triage.QueueUndeliverable
}

// sortDeliverJobs puts the jobs of waiting deliveries into the queues that the
// settings ask for now.
func (s *SQLite) sortDeliverJobs(ctx context.Context, tx *sql.Tx) error {
	if _, err := tx.ExecContext(ctx, `
		UPDATE river_job SET queue = ? WHERE finalized_at IS NULL AND kind = ?`,
		triage.QueueUndeliverable, triage.DeliverJob{}.Kind()); err != nil {
		return err
	}
	for _, d := range s.destinations {
		if _, err := tx.ExecContext(ctx, `
			UPDATE river_job SET queue = ? WHERE finalized_at IS NULL AND kind = ?
				AND id IN (SELECT job_id FROM delivery WHERE state = 'waiting' AND destination = ?)`,
			triage.DeliverQueue(d.Name), triage.DeliverJob{}.Kind(), d.Name); err != nil {
			return err
		}
	}
	return nil
}

const deliveryStatusColumns = `d.id, (SELECT uid FROM study WHERE id = d.study_id), d.destination, d.state, d.attempts, d.reason, d.queued_at, d.updated_at`

func scanDeliveries(rows *sql.Rows) (out []triage.DeliveryStatus, err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var d triage.DeliveryStatus
		var queued, updated int64
		if err := rows.Scan(&d.ID, &d.StudyUID, &d.Destination, &d.State, &d.Attempts, &d.Reason, &queued, &updated); err != nil {
			return nil, err
		}
		d.QueuedAt, d.UpdatedAt = fromMicros(queued), fromMicros(updated)
		out = append(out, d)
	}
	return out, rows.Err()
}

// loadDeliveries lists what became of a study's deliveries.
func loadDeliveries(ctx context.Context, tx *sql.Tx, study int64) ([]triage.DeliveryStatus, error) {
	rows, err := tx.QueryContext(ctx, `SELECT `+deliveryStatusColumns+` FROM delivery d WHERE d.study_id = ? ORDER BY d.id`, study)
	if err != nil {
		return nil, err
	}
	return scanDeliveries(rows)
}

// Deliveries implements triage.Store.
func (s *SQLite) Deliveries(ctx context.Context, q triage.DeliveryQuery) ([]triage.DeliveryStatus, error) {
	where, args := []string{`d.id > ?`}, []any{q.After}
	if q.State != "" {
		where, args = append(where, `d.state = ?`), append(args, q.State)
	}
	if q.Destination != "" {
		where, args = append(where, `d.destination = ?`), append(args, q.Destination)
	}
	if q.StudyUID != "" {
		where, args = append(where, `d.study_id = (SELECT id FROM study WHERE uid = ?)`), append(args, q.StudyUID)
	}
	rows, err := s.read.QueryContext(ctx, `SELECT `+deliveryStatusColumns+` FROM delivery d WHERE `+
		strings.Join(where, ` AND `)+` ORDER BY d.id LIMIT ?`, append(args, q.Size)...)
	if err != nil {
		return nil, err
	}
	return scanDeliveries(rows)
}

// RetryDeliveries implements triage.Store. What was sent before is sent again:
// the destination may have lost it meanwhile, and the same object twice is one.
func (s *SQLite) RetryDeliveries(ctx context.Context, studyUID, destination string, at time.Time) (int, error) {
	n := 0
	err := s.inTx(ctx, func(tx *sql.Tx) error {
		n = 0
		rows, err := tx.QueryContext(ctx, `
			SELECT `+deliveryStatusColumns+` FROM delivery d
			WHERE d.state = 'dead' AND (?1 = '' OR d.study_id = (SELECT id FROM study WHERE uid = ?1)) AND (?2 = '' OR d.destination = ?2)
				AND NOT EXISTS (SELECT 1 FROM delivery n WHERE n.study_id = d.study_id AND n.destination = d.destination AND n.id > d.id)
			ORDER BY d.id`, studyUID, destination)
		if err != nil {
			return err
		}
		dead, err := scanDeliveries(rows)
		if err != nil {
			return err
		}
		for _, d := range dead {
			if err := s.retryDelivery(ctx, tx, d, at); err != nil {
				return err
			}
			n++
		}
		return nil
	})
	return n, err
}

// retryDelivery puts a dead delivery back. Where something else is said by now,
// of which the destination was not told since it was out of the settings, that
// takes its place.
func (s *SQLite) retryDelivery(ctx context.Context, tx *sql.Tx, d triage.DeliveryStatus, at time.Time) error {
	row, err := loadStudy(ctx, tx, d.StudyUID)
	if err != nil {
		return err
	}
	said, err := saidOf(ctx, tx, &row)
	if err != nil {
		return err
	}
	subject, err := subjectOf(ctx, tx, row.id)
	if err != nil {
		return err
	}
	told, err := toldReview(ctx, tx, row.id)
	if err != nil {
		return err
	}
	var before string
	var toldBefore int64
	if err := tx.QueryRowContext(ctx, `SELECT key, review FROM delivery WHERE id = ?`, d.ID).Scan(&before, &toldBefore); err != nil {
		return err
	}
	key := deliveryKey(said)
	if key != "" && (key != before || told != toldBefore) {
		return s.queueDelivery(ctx, tx, row.id, d.Destination, key, subject, told, at)
	}
	if _, err := tx.ExecContext(ctx, `
		UPDATE delivery SET state = 'waiting', sent = '', transaction_uid = '', queued_at = ?1, updated_at = ?1 WHERE id = ?2`,
		micros(at), d.ID); err != nil {
		return err
	}
	return s.queueDeliverJob(ctx, tx, d.ID, d.Destination)
}

// Sent implements triage.Outbox.
func (s *SQLite) Sent(ctx context.Context, t triage.Token, id int64, sent triage.Sent) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		if _, _, _, err := fencedDelivery(ctx, tx, t, id); err != nil {
			return err
		}
		return writeSent(ctx, tx, id, sent)
	})
}

func writeSent(ctx context.Context, tx *sql.Tx, id int64, sent triage.Sent) error {
	body, err := json.Marshal(sent)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE delivery SET sent = ?, transaction_uid = ? WHERE id = ?`, string(body), sent.TransactionUID, id)
	return err
}

func decodeSent(body string) (*triage.Sent, error) {
	if body == "" {
		return nil, nil
	}
	var sent triage.Sent
	return &sent, json.Unmarshal([]byte(body), &sent)
}

// Answered implements triage.Store.
func (s *SQLite) Answered(ctx context.Context, r triage.CommitmentReport, at time.Time) (bool, error) {
	if r.TransactionUID == "" {
		return false, nil
	}
	found := false
	err := s.inTx(ctx, func(tx *sql.Tx) error {
		found = false
		var id, job int64
		var body string
		err := tx.QueryRowContext(ctx, `SELECT id, coalesce(job_id, 0), sent FROM delivery WHERE transaction_uid = ? AND state = 'waiting'`,
			r.TransactionUID).Scan(&id, &job, &body)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		sent, err := decodeSent(body)
		if err != nil || sent == nil {
			return err
		}
		found = true
		sent.Answered, sent.Refused = true, nil
		for _, o := range sent.Objects {
			// What a report does not mention is not promised.
			if !slices.Contains(r.Committed, o.SOPUID) || slices.Contains(r.Failed, o.SOPUID) {
				sent.Refused = append(sent.Refused, o)
			}
		}
		if err := writeSent(ctx, tx, id, *sent); err != nil {
			return err
		}
		// A job that runs at this moment is at the request itself, and looks
		// again soon.
		_, err = tx.ExecContext(ctx, `UPDATE river_job SET state = 'available', scheduled_at = ? WHERE id = ? AND state IN ('scheduled', 'retryable')`,
			at.UTC().Format(riverTime), job)
		return err
	})
	return found, err
}
