package rescorings

import (
	"context"
	"database/sql"
	"time"

	"nafas/internal/rescore"
)

// page is how many inputs or studies are read at once: a reader that is slow
// holds no statement open.
const page = 250

// Rows implements rescore.Ledger: files that belong to no series come first, by
// path, since they have no UIDs; then series by study and series, as they were at
// one moment.
func (l *Ledger) Rows(ctx context.Context, id int64, each func(rescore.Row) error) error {
	o := &sql.TxOptions{ReadOnly: true}
	if l.d.postgres {
		o.Isolation = sql.LevelRepeatableRead
	}
	return once(ctx, l.long, o, l.d, func(ctx context.Context, t tx) error {
		if l.d.postgres {
			// Whoever takes the rows may be slow.
			if _, err := t.exec(ctx, `SET LOCAL idle_in_transaction_session_timeout = 0`); err != nil {
				return err
			}
		}
		if _, err := standingOf(ctx, t, id, ""); err != nil {
			return err
		}
		if err := looseRows(ctx, t, id, each); err != nil {
			return err
		}
		return seriesRows(ctx, t, id, each)
	})
}

func looseRows(ctx context.Context, t tx, id int64, each func(rescore.Row) error) error {
	last, beyond := []byte{}, ">="
	for ; ; beyond = ">" {
		var out []rescore.Row
		err := bounded(ctx, func(ctx context.Context) error {
			return t.each(ctx, `
				SELECT path, state, reason, found, remedy, worker, ended_at FROM loose WHERE rescoring = ? AND path `+beyond+` ? ORDER BY path LIMIT ?`,
				func(rows *sql.Rows) error {
					r := rescore.Row{Rescoring: id}
					var path []byte
					var at sql.NullInt64
					err := rows.Scan(&path, &r.State, &r.Reason, &r.Found, &r.Remedy, &r.Worker, &at)
					r.Path, r.At, last = string(path), fromMicros(at), path
					out = append(out, r)
					return err
				}, id, last, page)
		})
		if err != nil || len(out) == 0 {
			return err
		}
		for _, r := range out {
			if err := each(r); err != nil {
				return err
			}
		}
	}
}

// bounded bounds one statement.
func bounded(ctx context.Context, f func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	return f(ctx)
}

// studyRow is a study as its series' rows share it.
type studyRow struct {
	date, worker string
	at           time.Time
	verdict      *rescore.Verdict
	rows         []rescore.Row
}

func seriesRows(ctx context.Context, t tx, id int64, each func(rescore.Row) error) error {
	last, beyond := "", ">="
	for ; ; beyond = ">" {
		var studies []*studyRow
		err := bounded(ctx, func(ctx context.Context) error {
			var err error
			studies, last, err = studyPage(ctx, t, id, beyond, last)
			return err
		})
		if err != nil || len(studies) == 0 {
			return err
		}
		for _, s := range studies {
			for _, r := range s.rows {
				if err := each(r); err != nil {
					return err
				}
			}
		}
	}
}

// studyPage returns the studies beyond a UID with the rows of their series, and
// the last UID.
func studyPage(ctx context.Context, t tx, id int64, beyond, after string) (studies []*studyRow, last string, err error) {
	byID := map[int64]*studyRow{}
	var ids []any
	last = after
	err = t.each(ctx, `
		SELECT id, uid, study_date, worker, ended_at, verdict FROM study WHERE rescoring = ? AND uid `+beyond+` ? ORDER BY uid LIMIT ?`,
		func(rows *sql.Rows) error {
			s := &studyRow{}
			var study int64
			var worker, verdict sql.NullString
			var at sql.NullInt64
			if err := rows.Scan(&study, &last, &s.date, &worker, &at, &verdict); err != nil {
				return err
			}
			s.worker, s.at = worker.String, fromMicros(at)
			var err error
			s.verdict, err = decodeVerdict(verdict)
			byID[study] = s
			studies, ids = append(studies, s), append(ids, study)
			return err
		}, id, after, page)
	if err != nil || len(ids) == 0 {
		return studies, last, err
	}
	err = t.each(ctx, `
		SELECT s.study, y.uid, s.uid, s.modality, s.instances, s.state, s.reason, s.found, s.remedy, r.body
		FROM series s JOIN study y ON y.id = s.study LEFT JOIN result r ON r.id = s.result
		WHERE s.study IN (`+list(len(ids))+`) ORDER BY s.study, s.uid`, func(rows *sql.Rows) error {
		r := rescore.Row{Rescoring: id}
		var study int64
		var body []byte
		if err := rows.Scan(&study, &r.StudyUID, &r.SeriesUID, &r.Modality, &r.Instances, &r.State, &r.Reason, &r.Found, &r.Remedy, &body); err != nil {
			return err
		}
		s := byID[study]
		r.StudyDate = s.date
		if r.State != rescore.Waiting {
			r.At, r.Worker = s.at, s.worker
		}
		var err error
		if r.Result, err = unpackResult(body); r.Result != nil {
			r.Verdict = s.verdict
		}
		s.rows = append(s.rows, r)
		return err
	}, ids...)
	return studies, last, err
}
