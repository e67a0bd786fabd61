package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"strings"

	"modernc.org/sqlite"

	"nafas/internal/triage"
)

var _ triage.Lists = (*SQLite)(nil)

// search_key is triage.SearchKey in SQL.
func init() {
	sqlite.MustRegisterDeterministicScalarFunction("search_key", 1, func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
		text, ok := args[0].(string)
		if !ok {
			return nil, fmt.Errorf("search_key of %T", args[0])
		}
		return triage.SearchKey(text), nil
	})
}

// searchable writes what a study is searched by, after its header was written.
const searchable = `UPDATE study_header SET search = search_key(
	patient_name || ' ' || patient_id || ' ' || accession_number || ' ' || study_description || ' ' ||
	(SELECT uid FROM study WHERE id = study_id)) WHERE study_id = ?`

// searchableGone is the same of a study whose images are gone now.
const searchableGone = `UPDATE keeping SET search = search_key(
	coalesce((SELECT p.name || ' ' || p.patient_id FROM gone_instance g JOIN patient p ON p.id = g.patient_id WHERE g.study_id = keeping.study_id LIMIT 1), '')
	|| ' ' || (SELECT uid FROM study WHERE id = study_id)) WHERE study_id = ?`

// inWorklist leaves out what is stored to be compared with alone.
const inWorklist = `study.uid NOT IN (SELECT study_uid FROM prior_study)`

// List implements triage.Lists.
func (s *SQLite) List(ctx context.Context, q triage.Listing) (list []triage.Listed, total int, change int64, err error) {
	w := listed(q)
	err = s.inSnapshot(ctx, func(tx *sql.Tx) error {
		if err := tx.QueryRowContext(ctx, `SELECT last_change, (SELECT count(*) FROM study`+w.String()+`) FROM installation`, w.args...).
			Scan(&change, &total); err != nil {
			return err
		}
		rows, err := rowsOf(ctx, tx, w.String()+` ORDER BY priority DESC, received_at, uid LIMIT ? OFFSET ?`, append(w.args, q.Limit, q.Offset)...)
		if err != nil {
			return err
		}
		list, err = listedRows(ctx, tx, rows)
		return err
	})
	return list, total, change, err
}

// listed are the conditions of a listing.
func listed(q triage.Listing) where {
	var w where
	w.add(inWorklist)
	conditions, args := filter(triage.Query{States: q.States, Priorities: q.Priorities})
	w.conditions, w.args = append(w.conditions, conditions...), append(w.args, args...)
	if len(q.Reviews) > 0 {
		stands := make([]any, len(q.Reviews))
		for i, r := range q.Reviews {
			stands[i] = string(r)
		}
		w.add(reviewStand+` IN (`+marks(len(stands))+`)`, stands...)
	}
	if words := q.Words(); len(words) > 0 {
		w.holds(words)
	}
	return w
}

// holds asks for all of the words, in indices that hold the texts alone. A study of
// which no header is known is found by its whole UID.
func (w *where) holds(words []string) {
	var each []string
	var args []any
	for _, word := range words {
		each, args = append(each, `instr(search, ?) > 0`), append(args, word)
	}
	all := strings.Join(each, ` AND `)
	w.add(`(study.id IN (SELECT study_id FROM study_header WHERE `+all+` UNION ALL
		SELECT study_id FROM keeping WHERE gone_at IS NOT NULL AND `+all+`) OR study.uid = ?)`,
		append(append(args, args...), strings.Join(words, " "))...)
}

// Listed implements triage.Lists.
func (s *SQLite) Listed(ctx context.Context, uids []string) (list []triage.Listed, err error) {
	if len(uids) == 0 {
		return nil, nil
	}
	args := make([]any, len(uids))
	for i, uid := range uids {
		args[i] = uid
	}
	err = s.inSnapshot(ctx, func(tx *sql.Tx) error {
		rows, err := rowsOf(ctx, tx, ` WHERE uid IN (`+marks(len(args))+`) AND `+inWorklist, args...)
		if err != nil {
			return err
		}
		list, err = listedRows(ctx, tx, rows)
		return err
	})
	return list, err
}

func rowsOf(ctx context.Context, tx *sql.Tx, where string, args ...any) (out []studyRow, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT `+studyColumns+` FROM study`+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		r, err := scanStudy(rows.Scan)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, rows.Err()
}

// listedRows adds to rows what stands beside them in other tables.
func listedRows(ctx context.Context, tx *sql.Tx, rows []studyRow) ([]triage.Listed, error) {
	out := make([]triage.Listed, len(rows))
	of := map[int64]*triage.Listed{}
	ids := make([]any, len(rows))
	for i, r := range rows {
		out[i] = triage.Listed{Study: r.study(), Change: r.change, Review: triage.ReviewSummary{State: triage.ReviewNone}}
		of[r.id], ids[i] = &out[i], r.id
	}
	if len(rows) == 0 {
		return out, nil
	}
	for _, part := range []struct {
		query string
		add   func(scan func(...any) error) error
	}{
		{listedHeaders, func(scan func(...any) error) error { return scanHeader(of, scan) }},
		{listedResults, func(scan func(...any) error) error { return scanResult(of, scan) }},
		{listedNotRead, func(scan func(...any) error) error { return scanNotRead(of, scan) }},
		{listedDeliveries, func(scan func(...any) error) error { return scanDelivery(of, scan) }},
	} {
		query := strings.Replace(part.query, "(ids)", `(`+marks(len(ids))+`)`, 1)
		if err := each(ctx, tx, query, func(rows *sql.Rows) error { return part.add(rows.Scan) }, ids...); err != nil {
			return nil, err
		}
	}
	return out, addReviews(ctx, tx, of, ids)
}

const listedHeaders = `
	SELECT s.id, coalesce(sh.patient_name, p.name, ''), coalesce(sh.patient_id, p.patient_id, ''),
		coalesce(sh.patient_birth_date, p.birth_date, ''), coalesce(sh.patient_sex, ''),
		coalesce(sh.study_date, k.study_date, ''), coalesce(sh.study_time, ''), coalesce(sh.study_description, ''),
		coalesce(sh.accession_number, ''), k.gone_at
	FROM study s LEFT JOIN study_header sh ON sh.study_id = s.id LEFT JOIN keeping k ON k.study_id = s.id
		LEFT JOIN patient p ON sh.study_id IS NULL AND p.id = (SELECT g.patient_id FROM gone_instance g WHERE g.study_id = s.id LIMIT 1)
	WHERE s.id IN (ids)`

func scanHeader(of map[int64]*triage.Listed, scan func(...any) error) error {
	var id int64
	var l triage.Listed
	var gone sql.NullInt64
	if err := scan(&id, &l.Name, &l.PatientID, &l.BirthDate, &l.Sex, &l.StudyDate, &l.StudyTime, &l.Description, &l.Accession, &gone); err != nil {
		return err
	}
	to := of[id]
	to.Name, to.PatientID, to.BirthDate, to.Sex = l.Name, l.PatientID, l.BirthDate, l.Sex
	to.StudyDate, to.StudyTime, to.Description, to.Accession = l.StudyDate, l.StudyTime, l.Description, l.Accession
	if gone.Valid {
		to.ImagesGoneAt = fromMicros(gone.Int64)
	}
	return nil
}

const listedResults = `
	SELECT x.study_id, x.uid, x.result_key, b.findings, b.flagged FROM series x JOIN result_brief b ON b.key = x.result_key
	WHERE x.study_id IN (ids) ORDER BY x.study_id, x.uid`

func scanResult(of map[int64]*triage.Listed, scan func(...any) error) error {
	var id int64
	var r triage.ListedResult
	if err := scan(&id, &r.SeriesUID, &r.Key, &r.Findings, &r.Flagged); err != nil {
		return err
	}
	of[id].Results = append(of[id].Results, r)
	return nil
}

const listedNotRead = `
	SELECT study_id, not_read FROM series WHERE study_id IN (ids) AND not_read IS NOT NULL`

func scanNotRead(of map[int64]*triage.Listed, scan func(...any) error) error {
	var id int64
	var text sql.NullString
	if err := scan(&id, &text); err != nil {
		return err
	}
	why, err := decodeRefusal(text)
	if err == nil && triage.MayShowLungs(why.Reason) {
		of[id].Missed++
	}
	return err
}

const listedDeliveries = `
	SELECT d.study_id, d.state, count(*) FROM delivery d WHERE d.study_id IN (ids)
		AND d.id = (SELECT max(e.id) FROM delivery e WHERE e.study_id = d.study_id AND e.destination = d.destination)
	GROUP BY d.study_id, d.state`

func scanDelivery(of map[int64]*triage.Listed, scan func(...any) error) error {
	var id int64
	var state triage.DeliveryState
	var n int
	if err := scan(&id, &state, &n); err != nil {
		return err
	}
	switch state {
	case triage.DeliveryWaiting:
		of[id].Waiting = n
	case triage.DeliveryDelivered:
		of[id].Delivered = n
	case triage.DeliveryDead:
		of[id].Dead = n
	}
	return nil
}

// Tally implements triage.Lists. Priors and signatures, which are in tables of their
// own, are counted there.
func (s *SQLite) Tally(ctx context.Context) (out triage.Tally, err error) {
	err = s.inSnapshot(ctx, func(tx *sql.Tx) error {
		for _, part := range []struct {
			from   string
			factor int
			signed bool
		}{
			{`study`, 1, false},
			{`prior_study p JOIN study ON study.uid = p.study_uid`, -1, false},
			{signedStudies, -1, false},
			{signedStudies, 1, true},
		} {
			if err := each(ctx, tx, `SELECT study.state, study.priority, count(*) FROM `+part.from+` GROUP BY study.state, study.priority`, func(rows *sql.Rows) error {
				var state triage.State
				var p triage.Priority
				var n int
				err := rows.Scan(&state, &p, &n)
				count(&out, state, p == triage.PriorityUrgent, part.signed, part.factor*n)
				return err
			}); err != nil {
				return err
			}
		}
		if out.UrgentToReview == 0 {
			return nil
		}
		var first int64
		err := tx.QueryRowContext(ctx, `SELECT received_at FROM study WHERE priority = ? AND `+reviewStand+` <> 'signed' AND `+inWorklist+`
			ORDER BY received_at LIMIT 1`, triage.PriorityUrgent).Scan(&first)
		out.OldestUrgent = fromMicros(first)
		return err
	})
	return out, err
}

const signedStudies = `review_summary v JOIN study ON study.id = v.study_id AND v.state = 'signed' AND ` + inWorklist

// count adds n studies of one kind.
func count(out *triage.Tally, state triage.State, urgent, signed bool, n int) {
	if urgent && !signed {
		out.UrgentToReview += n
	}
	switch state {
	case triage.Receiving:
		out.Receiving += n
	case triage.Waiting:
		out.Waiting += n
	case triage.Running:
		out.Running += n
	}
	switch {
	case !state.Final():
	case signed:
		out.SignedOff += n
	default:
		out.ToReview += n
		switch state {
		case triage.NotAssessed:
			out.NotAssessed += n
		case triage.Failed:
			out.Failed += n
		}
	}
}
