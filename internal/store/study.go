package store

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"nafas/dicomio/refusal"
	"nafas/internal/triage"
)

// studyRow is a row of study.
type studyRow struct {
	id                                    int64
	uid                                   string
	state                                 triage.State
	priority                              triage.Priority
	reasons                               []triage.PriorityReason
	request                               triage.RequestPriority
	receivedAt, updatedAt, lastInstanceAt int64
	instances, quarantined                int
	notAssessed                           *refusal.Error
	readKey                               string
	jobID                                 int64
	jobKey                                string
	readingID                             int64
	settleJobID                           int64
	change                                int64
	// prior is the mark of a study that is stored to be compared with alone.
	prior sql.NullInt64
}

const studyColumns = `id, uid, state, priority, priority_reasons, request_priority, received_at, updated_at,
	last_instance_at, instances, quarantined, not_assessed, read_key, coalesce(job_id, 0), job_key,
	coalesce(reading_id, 0), coalesce(settle_job_id, 0), change, ` + priorMark

func scanStudy(scan func(...any) error) (studyRow, error) {
	var r studyRow
	var reasons string
	var why sql.NullString
	err := scan(&r.id, &r.uid, &r.state, &r.priority, &reasons, &r.request, &r.receivedAt, &r.updatedAt,
		&r.lastInstanceAt, &r.instances, &r.quarantined, &why, &r.readKey, &r.jobID, &r.jobKey, &r.readingID, &r.settleJobID, &r.change, &r.prior)
	if err != nil {
		return r, err
	}
	if r.reasons, err = decodeReasons(reasons); err != nil {
		return r, err
	}
	r.notAssessed, err = decodeRefusal(why)
	return r, err
}

// loadStudy returns triage.ErrNotFound where there is none.
func loadStudy(ctx context.Context, tx *sql.Tx, uid string) (studyRow, error) {
	r, err := scanStudy(tx.QueryRowContext(ctx, `SELECT `+studyColumns+` FROM study WHERE uid = ?`, uid).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		err = triage.ErrNotFound
	}
	return r, err
}

// saveStudy writes the row back under the next number of change, and what its
// review amounts to now that it is so.
func saveStudy(ctx context.Context, tx *sql.Tx, r *studyRow, at time.Time) error {
	var err error
	if r.change, err = nextChange(ctx, tx); err != nil {
		return err
	}
	r.updatedAt = micros(at)
	reasons, err := encodeReasons(r.reasons)
	if err != nil {
		return err
	}
	why, err := encodeRefusal(r.notAssessed)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		UPDATE study SET state = ?, priority = ?, priority_reasons = ?, request_priority = ?, updated_at = ?,
			last_instance_at = ?, instances = ?, quarantined = ?, not_assessed = ?, read_key = ?,
			job_id = nullif(?, 0), job_key = ?, reading_id = nullif(?, 0), settle_job_id = nullif(?, 0), change = ?
		WHERE id = ?`,
		r.state, r.priority, reasons, r.request, r.updatedAt, r.lastInstanceAt, r.instances, r.quarantined,
		why, r.readKey, r.jobID, r.jobKey, r.readingID, r.settleJobID, r.change, r.id)
	if err != nil {
		return err
	}
	return saveSummary(ctx, tx, r)
}

// nextChange numbers a change. Numbers are given inside the transaction of
// the one writer, so that they become visible in their order.
func nextChange(ctx context.Context, tx *sql.Tx) (int64, error) {
	var n int64
	err := tx.QueryRowContext(ctx, `UPDATE installation SET last_change = last_change + 1 RETURNING last_change`).Scan(&n)
	return n, err
}

// setNotAssessed makes the study one that a person has to look at.
func (r *studyRow) setNotAssessed(why *refusal.Error) {
	r.state, r.notAssessed = triage.NotAssessed, why
	r.rank(triage.RankUnread(why))
	r.readKey = ""
}

// reopen puts the study back to work: an earlier result keeps its place in
// the worklist until there is a new one, an earlier failure does not.
func (r *studyRow) reopen(state triage.State) {
	if r.notAssessed != nil {
		r.priority, r.reasons, r.notAssessed = triage.PriorityNone, nil, nil
	}
	r.state = state
}

func (r *studyRow) study() triage.Study {
	return triage.Study{
		UID: r.uid, State: r.state, Priority: r.priority, PriorityReasons: r.reasons,
		RequestPriority: r.request, ReceivedAt: fromMicros(r.receivedAt), UpdatedAt: fromMicros(r.updatedAt),
		Instances: r.instances, Quarantined: r.quarantined, NotAssessed: r.notAssessed, PriorOnly: r.priorOnly(),
	}
}

// Study implements triage.Store.
func (s *SQLite) Study(ctx context.Context, uid string) (triage.Study, error) {
	var out triage.Study
	err := s.inSnapshot(ctx, func(tx *sql.Tx) error {
		row, err := loadStudy(ctx, tx, uid)
		if err != nil {
			return err
		}
		out = row.study()
		if out.Series, err = loadSeries(ctx, tx, row.id); err != nil {
			return err
		}
		if out.Assessment, err = loadAssessment(ctx, tx, row.id); err != nil {
			return err
		}
		if out.ImagesGoneAt, err = goneAt(ctx, tx, row.id); err != nil {
			return err
		}
		if out.Comparison, err = loadComparison(ctx, tx, row.id); err != nil {
			return err
		}
		out.Deliveries, err = loadDeliveries(ctx, tx, row.id)
		return err
	})
	return out, err
}

func loadSeries(ctx context.Context, tx *sql.Tx, study int64) ([]triage.Series, error) {
	rows, err := tx.QueryContext(ctx, `
		SELECT s.uid, s.modality, (SELECT count(*) FROM instance i WHERE i.series_id = s.id), s.not_read, r.body
		FROM series s LEFT JOIN result r ON r.key = s.result_key
		WHERE s.study_id = ? ORDER BY s.uid`, study)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []triage.Series
	for rows.Next() {
		var series triage.Series
		var notRead, body sql.NullString
		if err := rows.Scan(&series.UID, &series.Modality, &series.Instances, &notRead, &body); err != nil {
			return nil, err
		}
		if series.NotRead, err = decodeRefusal(notRead); err != nil {
			return nil, err
		}
		if body.Valid {
			if series.Result, err = decodeResult(body.String); err != nil {
				return nil, err
			}
		}
		out = append(out, series)
	}
	return out, rows.Err()
}

// Studies implements triage.Store.
func (s *SQLite) Studies(ctx context.Context, q triage.Query, after *triage.Key) ([]triage.Study, error) {
	where, args := filter(q)
	order := "received_at, uid"
	switch q.Order {
	case triage.OrderReceivedDesc:
		order = "received_at DESC, uid DESC"
		if after != nil {
			where = append(where, `(received_at, uid) < (?, ?)`)
			args = append(args, micros(after.ReceivedAt), after.UID)
		}
	case triage.OrderReceivedAsc:
		if after != nil {
			where = append(where, `(received_at, uid) > (?, ?)`)
			args = append(args, micros(after.ReceivedAt), after.UID)
		}
	default:
		order = "priority DESC, received_at, uid"
		if after != nil {
			where = append(where, `(-priority, received_at, uid) > (?, ?, ?)`)
			args = append(args, -after.Priority, micros(after.ReceivedAt), after.UID)
		}
	}
	query := `SELECT ` + studyColumns + ` FROM study`
	if len(where) > 0 {
		query += ` WHERE ` + strings.Join(where, ` AND `)
	}
	return s.list(ctx, query+` ORDER BY `+order+` LIMIT ?`, append(args, q.Size)...)
}

// filter turns the filters of a query into conditions.
func filter(q triage.Query) (where []string, args []any) {
	if len(q.States) > 0 {
		where = append(where, `state IN (`+marks(len(q.States))+`)`)
		for _, v := range q.States {
			args = append(args, v)
		}
	}
	if len(q.Priorities) > 0 {
		where = append(where, `priority IN (`+marks(len(q.Priorities))+`)`)
		for _, v := range q.Priorities {
			args = append(args, v)
		}
	}
	if !q.After.IsZero() {
		where, args = append(where, `received_at >= ?`), append(args, micros(q.After))
	}
	if !q.Before.IsZero() {
		where, args = append(where, `received_at < ?`), append(args, micros(q.Before))
	}
	return where, args
}

func marks(n int) string { return strings.TrimSuffix(strings.Repeat("?,", n), ",") }

func (s *SQLite) list(ctx context.Context, query string, args ...any) ([]triage.Study, error) {
	changes, err := s.changes(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	out := make([]triage.Study, len(changes))
	for i, c := range changes {
		out[i] = c.Study
	}
	return out, nil
}

// Changes implements triage.Store.
func (s *SQLite) Changes(ctx context.Context, after int64, limit int) ([]triage.Change, error) {
	return s.changes(ctx, `SELECT `+studyColumns+` FROM study WHERE change > ? ORDER BY change LIMIT ?`, after, limit)
}

func (s *SQLite) changes(ctx context.Context, query string, args ...any) ([]triage.Change, error) {
	rows, err := s.read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []triage.Change
	for rows.Next() {
		row, err := scanStudy(rows.Scan)
		if err != nil {
			return nil, err
		}
		out = append(out, triage.Change{Study: row.study(), Number: row.change})
	}
	return out, rows.Err()
}

// LastChange implements triage.Store.
func (s *SQLite) LastChange(ctx context.Context) (int64, error) {
	var n int64
	err := s.read.QueryRowContext(ctx, `SELECT last_change FROM installation`).Scan(&n)
	return n, err
}
