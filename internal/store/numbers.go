package store

import (
	"context"
	"database/sql"
	"time"

	"nafas/internal/triage"
)

// Numbers implements triage.Counter.
func (s *SQLite) Numbers(ctx context.Context) (triage.Numbers, error) {
	var out triage.Numbers
	err := s.inSnapshot(ctx, func(tx *sql.Tx) error {
		out = triage.Numbers{Studies: map[triage.State]int{}, Oldest: map[triage.RequestPriority]time.Time{}, Jobs: map[string]int{}}
		if err := tx.QueryRowContext(ctx, `
			SELECT (SELECT count(*) FROM quarantine), (SELECT count(*) FROM keeping WHERE gone_at IS NOT NULL)`).
			Scan(&out.Quarantined, &out.WithoutImages); err != nil {
			return err
		}
		for _, part := range []func(context.Context, *sql.Tx, *triage.Numbers) error{countStudies, oldestStudies, countDeliveries, countJobs} {
			if err := part(ctx, tx, &out); err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}

func countStudies(ctx context.Context, tx *sql.Tx, out *triage.Numbers) error {
	return each(ctx, tx, `SELECT state, count(*) FROM study GROUP BY state`, func(rows *sql.Rows) error {
		var state triage.State
		var n int
		err := rows.Scan(&state, &n)
		out.Studies[state] = n
		return err
	})
}

func oldestStudies(ctx context.Context, tx *sql.Tx, out *triage.Numbers) error {
	return each(ctx, tx, `
		SELECT request_priority, min(last_instance_at) FROM study WHERE state IN ('receiving', 'waiting', 'running') GROUP BY request_priority`,
		func(rows *sql.Rows) error {
			var asked triage.RequestPriority
			var at int64
			err := rows.Scan(&asked, &at)
			out.Oldest[asked] = fromMicros(at)
			return err
		})
}

func countDeliveries(ctx context.Context, tx *sql.Tx, out *triage.Numbers) error {
	return each(ctx, tx, `
		SELECT destination, state, count(*), min(queued_at) FROM delivery GROUP BY destination, state ORDER BY destination, state`,
		func(rows *sql.Rows) error {
			var d triage.DeliveryNumber
			var at int64
			if err := rows.Scan(&d.Destination, &d.State, &d.Count, &at); err != nil {
				return err
			}
			if d.State == triage.DeliveryWaiting {
				d.Oldest = fromMicros(at)
			}
			out.Deliveries = append(out.Deliveries, d)
			return nil
		})
}

func countJobs(ctx context.Context, tx *sql.Tx, out *triage.Numbers) error {
	return each(ctx, tx, `SELECT kind, count(*) FROM river_job WHERE finalized_at IS NULL GROUP BY kind`, func(rows *sql.Rows) error {
		var kind string
		var n int
		err := rows.Scan(&kind, &n)
		out.Jobs[kind] = n
		return err
	})
}

// each calls f on every row.
func each(ctx context.Context, tx *sql.Tx, query string, f func(rows *sql.Rows) error, args ...any) error {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := f(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
