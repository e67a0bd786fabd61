package store

import (
	"context"
	"database/sql"
	"strings"

	"nafas/internal/triage"
)

// received is the condition of a period, on study AS s.
func received(p triage.Period) (where []string, args []any) {
	if !p.After.IsZero() {
		where, args = append(where, `s.received_at >= ?`), append(args, micros(p.After))
	}
	if !p.Before.IsZero() {
		where, args = append(where, `s.received_at < ?`), append(args, micros(p.Before))
	}
	return where, args
}

// Reviews implements triage.Reviews.
func (s *SQLite) Reviews(ctx context.Context, q triage.ReviewQuery, after *triage.Key) ([]triage.ReviewedStudy, error) {
	where, args := received(q.Period)
	where = append(where, `coalesce(v.state, 'none') IN (`+marks(len(q.States))+`)`)
	for _, state := range q.States {
		args = append(args, state)
	}
	if after != nil {
		where = append(where, `(s.received_at, s.uid) > (?, ?)`)
		args = append(args, micros(after.ReceivedAt), after.UID)
	}
	rows, err := s.read.QueryContext(ctx, `
		SELECT s.uid, s.received_at, `+summaryColumns+` FROM study s LEFT JOIN review_summary v ON v.study_id = s.id
		WHERE `+strings.Join(where, ` AND `)+` ORDER BY s.received_at, s.uid LIMIT ?`, append(args, q.Size)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []triage.ReviewedStudy
	for rows.Next() {
		var one triage.ReviewedStudy
		var at int64
		var row summaryRow
		if err := rows.Scan(append([]any{&one.UID, &at}, row.targets()...)...); err != nil {
			return nil, err
		}
		one.ReceivedAt, one.Review = fromMicros(at), row.summary()
		out = append(out, one)
	}
	return out, rows.Err()
}

// SignedStudies implements triage.Reviews, on one state of the database.
func (s *SQLite) SignedStudies(ctx context.Context, p triage.Period, each func(triage.SignedStudy) error) (done int, err error) {
	where, args := received(p)
	where = append(where, `true`)
	of := strings.Join(where, ` AND `)
	err = s.inSnapshot(ctx, func(tx *sql.Tx) error {
		// Those that were fetched to be compared with are no cases to read.
		if err := tx.QueryRowContext(ctx, `
			SELECT count(*) FROM study s WHERE `+of+` AND s.not_assessed IS NULL
				AND EXISTS (SELECT 1 FROM series x WHERE x.study_id = s.id AND x.result_key IS NOT NULL)
				AND (NOT EXISTS (SELECT 1 FROM prior_study p WHERE p.study_uid = s.uid)
					OR EXISTS (SELECT 1 FROM review_summary v WHERE v.study_id = s.id AND v.state = 'signed'))`, args...).Scan(&done); err != nil {
			return err
		}
		uids, err := texts(ctx, tx, `
			SELECT s.uid FROM review_summary v JOIN study s ON s.id = v.study_id WHERE v.state = 'signed' AND `+of+`
			ORDER BY s.received_at, s.uid`, args...)
		if err != nil {
			return err
		}
		for _, uid := range uids {
			one, err := signedStudy(ctx, tx, uid)
			if err != nil {
				return err
			}
			if err := each(one); err != nil {
				return err
			}
		}
		return nil
	})
	return done, err
}

func signedStudy(ctx context.Context, tx *sql.Tx, uid string) (triage.SignedStudy, error) {
	out := triage.SignedStudy{UID: uid}
	r, err := loadStudy(ctx, tx, uid)
	if err != nil {
		return out, err
	}
	if out.Review, err = reviewOf(ctx, tx, &r); err != nil {
		return out, err
	}
	if out.Series, err = loadSeries(ctx, tx, r.id); err != nil || r.notAssessed == nil {
		return out, err
	}
	for i := range out.Series { // what an earlier reading said is not what is said now
		out.Series[i].Result = nil
	}
	return out, nil
}
