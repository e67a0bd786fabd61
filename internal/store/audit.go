package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"

	"nafas/internal/audit"
)

var _ audit.Book = (*Books)(nil)

const recordColumns = `number, body, previous, sum`

func scanRecord(scan func(...any) error) (r audit.Record, err error) {
	var body string
	var previous, sum []byte
	err = scan(&r.Number, &body, &previous, &sum)
	r.Body = []byte(body)
	// A sum of another length is none, and verify says so.
	copy(r.Previous[:], previous)
	copy(r.Sum[:], sum)
	return r, err
}

// Append implements audit.Book.
func (b *Books) Append(ctx context.Context, link func(last audit.Record) (audit.Record, error)) error {
	return b.inTx(ctx, func(tx *sql.Tx) error {
		last, err := scanRecord(tx.QueryRowContext(ctx, `SELECT `+recordColumns+` FROM audit_event ORDER BY number DESC LIMIT 1`).Scan)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		r, err := link(last)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO audit_event (`+recordColumns+`) VALUES (?, ?, ?, ?)`, r.Number, string(r.Body), r.Previous[:], r.Sum[:])
		return err
	})
}

// Identity implements audit.Book.
func (b *Books) Identity(ctx context.Context, s audit.Study, make func() (audit.Identity, error)) (audit.Identity, error) {
	text, err := json.Marshal(s)
	if err != nil {
		return audit.Identity{}, err
	}
	var out audit.Identity
	find := func(q querier) error {
		rows, err := q.QueryContext(ctx, `SELECT sum, salt, study FROM audit_identity WHERE study_uid = ? AND study = ?`, s.UID, string(text))
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			if out, err = scanIdentity(rows.Scan); err != nil {
				return err
			}
		}
		return rows.Err()
	}
	if err := find(b.read); err != nil || out.Study == s {
		return out, err
	}
	return out, b.inTx(ctx, func(tx *sql.Tx) error {
		if err := find(tx); err != nil || out.Study == s {
			return err
		}
		if out, err = make(); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO audit_identity (sum, salt, study_uid, study) VALUES (?, ?, ?, ?)`, out.Sum[:], out.Salt[:], s.UID, string(text))
		return err
	})
}

func scanIdentity(scan func(...any) error) (out audit.Identity, err error) {
	var sum, salt []byte
	var study string
	if err := scan(&sum, &salt, &study); err != nil {
		return out, err
	}
	copy(out.Sum[:], sum)
	copy(out.Salt[:], salt)
	return out, json.Unmarshal([]byte(study), &out.Study)
}

// recordsAtOnce are read in one go: whoever takes them slowly holds no
// transaction open.
const recordsAtOnce = 500

// Records implements audit.Book.
func (b *Books) Records(ctx context.Context, after int64, f func(audit.Record) (bool, error)) error {
	for {
		some, err := b.records(ctx, after)
		if err != nil || len(some) == 0 {
			return err
		}
		for _, r := range some {
			if more, err := f(r); err != nil || !more {
				return err
			}
			after = r.Number
		}
	}
}

func (b *Books) records(ctx context.Context, after int64) ([]audit.Record, error) {
	rows, err := b.read.QueryContext(ctx, `SELECT `+recordColumns+` FROM audit_event WHERE number > ? ORDER BY number LIMIT ?`, after, recordsAtOnce)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []audit.Record
	for rows.Next() {
		r, err := scanRecord(rows.Scan)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, rows.Err()
}

// Identities implements audit.Book.
func (b *Books) Identities(ctx context.Context, sums []audit.Sum) (map[audit.Sum]audit.Identity, error) {
	out := map[audit.Sum]audit.Identity{}
	for _, sum := range sums {
		id, err := scanIdentity(b.read.QueryRowContext(ctx, `SELECT sum, salt, study FROM audit_identity WHERE sum = ?`, sum[:]).Scan)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out[sum] = id
	}
	return out, nil
}

// Last implements audit.Book.
func (b *Books) Last(ctx context.Context) (int64, error) {
	var last int64
	err := b.read.QueryRowContext(ctx, `SELECT seq FROM sqlite_sequence WHERE name = 'audit_event'`).Scan(&last)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return last, err
}

// Erased implements audit.Book.
func (b *Books) Erased(ctx context.Context) (map[string]bool, error) {
	bodies, err := texts(ctx, b.read, `SELECT proof FROM erasure`)
	if err != nil {
		return nil, err
	}
	out := map[string]bool{}
	for _, body := range bodies {
		var p Proof
		if err := json.Unmarshal([]byte(body), &p); err != nil {
			return nil, err
		}
		for _, name := range slices.Concat(p.Studies, p.TrailOf) {
			out[name] = true
		}
	}
	return out, nil
}

// Sent implements audit.Book.
func (b *Books) Sent(ctx context.Context, destination string) (int64, error) {
	var number int64
	err := b.read.QueryRowContext(ctx, `SELECT number FROM audit_sent WHERE destination = ?`, destination).Scan(&number)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return number, err
}

// SetSent implements audit.Book.
func (b *Books) SetSent(ctx context.Context, destination string, number int64) error {
	_, err := b.write.ExecContext(ctx, `
		INSERT INTO audit_sent (destination, number) VALUES (?, ?) ON CONFLICT (destination) DO UPDATE SET number = max(number, excluded.number)`, destination, number)
	return err
}

// Studies implements audit.Book.
func (b *Books) Studies(ctx context.Context, studyUID string) ([]audit.Study, error) {
	rows, err := b.read.QueryContext(ctx, `
		SELECT DISTINCT p.patient_id, p.issuer, p.name FROM study s
		JOIN (SELECT study_id, patient_id FROM instance UNION SELECT study_id, patient_id FROM gone_instance) i ON i.study_id = s.id
		JOIN patient p ON p.id = i.patient_id WHERE s.uid = ? ORDER BY 1, 2, 3`, studyUID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []audit.Study
	for rows.Next() {
		s := audit.Study{UID: studyUID}
		if err := rows.Scan(&s.PatientID, &s.Issuer, &s.PatientName); err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, rows.Err()
}
