package rescorings

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"

	"nafas/internal/rescore"
	"nafas/internal/triage"
)

// fenced runs f for an attempt that has a study; for one that no longer has it,
// it counts that and returns triage.ErrFenced. ended answers an attempt that has
// ended the study already.
func (l *Ledger) fenced(ctx context.Context, token triage.Token, id int64, uid string, ended error,
	f func(context.Context, tx, *standing, held) error) error {
	var answer error
	err := l.inTx(ctx, func(ctx context.Context, t tx) error {
		answer = nil
		s, err := lock(ctx, t, id)
		if err != nil {
			return err
		}
		h, err := hold(ctx, t, id, uid, token)
		switch {
		case errors.Is(err, triage.ErrFenced):
		case err != nil:
			return err
		case h.owned():
			return f(ctx, t, s, h)
		case h.belongsToToken && h.worker.Valid && h.state == done && ended == nil:
			return nil
		}
		answer = triage.ErrFenced
		s.add.late++
		return s.write(ctx, t)
	})
	return cmp.Or(err, answer)
}

// Finish implements rescore.Ledger. An attempt that says the same twice, since it
// did not hear the answer, has ended the study once.
func (l *Ledger) Finish(ctx context.Context, token triage.Token, id int64, r triage.Recipe, o rescore.Outcome) error {
	return l.fenced(ctx, token, id, o.StudyUID, nil, func(ctx context.Context, t tx, s *standing, h held) error {
		of, err := l.loadFixed(ctx, t, id)
		if err != nil {
			return err
		}
		if of.Recipe != r {
			return rescore.ErrOtherRecipe
		}
		recipe, err := recipeID(ctx, t, r)
		if err != nil {
			return err
		}
		results, err := keepResults(ctx, t, recipe, o)
		if err != nil {
			return err
		}
		if h.given != h.parts {
			// More of the study was found meanwhile: it is read again.
			return h.wait(ctx, t, h.begun)
		}
		if err := s.endSeries(ctx, t, h, o, results); err != nil {
			return err
		}
		if err := s.loose(ctx, t, o.Loose, h.id, o.Worker, o.At); err != nil {
			return err
		}
		return s.endStudy(ctx, t, h, o)
	})
}

// endStudy ends the study and its job, and the rescoring with the last one.
func (s *standing) endStudy(ctx context.Context, t tx, h held, o rescore.Outcome) error {
	verdict, err := encodeVerdict(o.Verdict)
	if err != nil {
		return err
	}
	if _, err := t.exec(ctx, `UPDATE study SET state = 'done', verdict = ?, worker = ?, ended_at = ? WHERE id = ?`,
		verdict, cmp.Or(o.Worker, h.worker.String), micros(o.At), h.id); err != nil {
		return err
	}
	if err := endJob(ctx, t, h.job.Int64, "completed"); err != nil {
		return err
	}
	s.add.studiesDone++
	if err := s.write(ctx, t); err != nil {
		return err
	}
	return s.end(ctx, t, o.At)
}

// keepResults keeps the results that are not kept yet, and returns the rows by
// their keys.
func keepResults(ctx context.Context, t tx, recipe int64, o rescore.Outcome) (map[string]int64, error) {
	out := map[string]int64{}
	for _, s := range o.Series {
		if s.Result == nil || s.Result.Key == "" {
			continue
		}
		id, err := keepResult(ctx, t, recipe, *s.Result)
		if err != nil {
			return nil, err
		}
		out[s.Result.Key] = id
	}
	return out, nil
}

func keepResult(ctx context.Context, t tx, recipe int64, r triage.Result) (int64, error) {
	var id int64
	find := func() error {
		return t.row(ctx, `SELECT id FROM result WHERE result_key = ?`, r.Key).Scan(&id)
	}
	if err := find(); !errors.Is(err, sql.ErrNoRows) {
		return id, err
	}
	body, err := packResult(r)
	if err != nil {
		return 0, err
	}
	if _, err := t.exec(ctx, `INSERT INTO result (result_key, recipe, series_uid, body) VALUES (?, ?, ?, ?) ON CONFLICT (result_key) DO NOTHING`,
		r.Key, recipe, r.SeriesUID, body); err != nil {
		return 0, err
	}
	return id, find()
}

// ending is a series before and after.
type ending struct {
	rescore.SeriesOutcome
	was       rescore.SeriesState // "" where planning did not see it
	wasReason string
}

// endSeries ends every series of a study: those that the outcome names, and those
// that it does not.
func (s *standing) endSeries(ctx context.Context, t tx, h held, o rescore.Outcome, results map[string]int64) error {
	all, err := endings(ctx, t, h.id, o)
	if err != nil {
		return err
	}
	for part := range slices.Chunk(all, chunk) {
		var rows []any
		for _, e := range part {
			var result any
			if e.State == rescore.Scored || e.State == rescore.Unchanged {
				result = results[e.Result.Key]
			}
			rows = append(rows, h.id, e.SeriesUID, e.Modality, e.Instances, string(e.State), e.Reason, e.Found, e.Remedy, result)
			if e.was != "" {
				s.add.input(e.was, e.wasReason, -1)
			}
			s.add.input(e.State, e.Reason, 1)
		}
		if _, err := t.exec(ctx, `
			INSERT INTO series (study, uid, modality, instances, state, reason, found, remedy, result) VALUES `+tuples(len(part), 9)+`
			ON CONFLICT (study, uid) DO UPDATE SET modality = excluded.modality, instances = excluded.instances, state = excluded.state,
				reason = excluded.reason, found = excluded.found, remedy = excluded.remedy, result = excluded.result`, rows...); err != nil {
			return err
		}
	}
	return nil
}

// endings puts together what is known of the series of a study and what its
// outcome says of them.
func endings(ctx context.Context, t tx, study int64, o rescore.Outcome) ([]ending, error) {
	known := map[string]ending{}
	var order []string
	err := t.each(ctx, `SELECT uid, modality, instances, state, reason FROM series WHERE study = ? ORDER BY uid`, func(rows *sql.Rows) error {
		var e ending
		err := rows.Scan(&e.SeriesUID, &e.Modality, &e.Instances, &e.was, &e.wasReason)
		known[e.SeriesUID], order = e, append(order, e.SeriesUID)
		return err
	}, study)
	if err != nil {
		return nil, err
	}
	said := map[string]bool{}
	for _, one := range o.Series {
		uid := text(one.SeriesUID)
		before, is := known[uid]
		if !is {
			order = append(order, uid)
		}
		one = sound(one)
		one.SeriesUID, one.Modality, one.Instances = uid, cmp.Or(one.Modality, before.Modality), cmp.Or(one.Instances, before.Instances)
		known[uid], said[uid] = ending{one, before.was, before.wasReason}, true
	}
	var out []ending
	for _, uid := range order {
		e := known[uid]
		if !said[uid] {
			if e.was != rescore.Waiting {
				continue
			}
			e.SeriesOutcome = internal(e.SeriesOutcome, "the reading of the study said nothing of the series")
		}
		out = append(out, e)
	}
	return out, nil
}

// sound is an outcome of a series that says what it must: an end, with a result
// or a reason. A result that is missing is a failure, never an empty one.
func sound(s rescore.SeriesOutcome) rescore.SeriesOutcome {
	switch s.State {
	case rescore.Scored, rescore.Unchanged:
		if s.Result == nil || s.Result.Key == "" {
			return internal(s, "the series ended as "+string(s.State)+" without a result")
		}
		s.Reason, s.Found, s.Remedy = "", "", ""
		return s
	case rescore.Skipped, rescore.Failed:
		s.Result = nil
		if s.Reason == "" {
			return internal(s, "the series ended as "+string(s.State)+" without a reason")
		}
		return s
	}
	return internal(s, "the series came to no end")
}

func internal(s rescore.SeriesOutcome, found string) rescore.SeriesOutcome {
	s.State, s.Reason, s.Found, s.Remedy, s.Result = rescore.Failed, string(triage.Internal), found, "report this", nil
	return s
}

// Return implements rescore.Ledger.
func (l *Ledger) Return(ctx context.Context, token triage.Token, id int64, studyUID string) error {
	return l.fenced(ctx, token, id, studyUID, triage.ErrFenced, func(ctx context.Context, t tx, _ *standing, h held) error {
		return h.wait(ctx, t, max(0, h.begun-1))
	})
}

// Trouble implements rescore.Ledger. An attempt that ended with a trouble has come
// to an end: what is counted as begun are those that took the machine with them.
func (l *Ledger) Trouble(ctx context.Context, token triage.Token, id int64, studyUID string, kind triage.TroubleKind) (int, error) {
	var n int
	err := l.fenced(ctx, token, id, studyUID, triage.ErrFenced, func(ctx context.Context, t tx, _ *standing, h held) error {
		err := t.row(ctx, `
			INSERT INTO trouble (study, kind, n) VALUES (?, ?, 1) ON CONFLICT (study, kind) DO UPDATE SET n = trouble.n + 1 RETURNING n`,
			h.id, string(kind)).Scan(&n)
		if err != nil {
			return err
		}
		begun := h.begun
		if h.state == running {
			begun = max(0, begun-1)
		}
		_, err = t.exec(ctx, `UPDATE study SET state = 'queued', begun = ? WHERE id = ?`, begun, h.id)
		return err
	})
	return n, err
}
