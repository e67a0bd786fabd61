package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"nafas/internal/triage"
)

var _ triage.Ledger = (*SQLite)(nil)

// Polled implements triage.Ledger.
func (s *SQLite) Polled(ctx context.Context, archive string) (out map[string]triage.Polled, err error) {
	rows, err := s.read.QueryContext(ctx, `SELECT study_uid, instances, done, fetched, failures, next_at, seen_at FROM polled WHERE archive = ?`, archive)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	out = map[string]triage.Polled{}
	for rows.Next() {
		var p triage.Polled
		var next, seen int64
		if err := rows.Scan(&p.StudyUID, &p.Instances, &p.Done, &p.Fetched, &p.Failures, &next, &seen); err != nil {
			return nil, err
		}
		p.NextAt, p.SeenAt = fromMicros(next), fromMicros(seen)
		out[p.StudyUID] = p
	}
	return out, rows.Err()
}

// Remember implements triage.Ledger.
func (s *SQLite) Remember(ctx context.Context, archive string, list []triage.Polled) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		for _, p := range list {
			if _, err := tx.ExecContext(ctx, `
				INSERT INTO polled (archive, study_uid, instances, done, fetched, failures, next_at, seen_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
				ON CONFLICT (archive, study_uid) DO UPDATE SET instances = excluded.instances, done = excluded.done, fetched = excluded.fetched,
					failures = excluded.failures, next_at = excluded.next_at, seen_at = excluded.seen_at`,
				archive, p.StudyUID, p.Instances, p.Done, p.Fetched, p.Failures, micros(p.NextAt), micros(p.SeenAt)); err != nil {
				return err
			}
		}
		return nil
	})
}

// Unlist implements triage.Ledger.
func (s *SQLite) Unlist(ctx context.Context, archive string, since time.Time) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM polled WHERE archive = ? AND seen_at < ?`, archive, micros(since))
		return err
	})
}
