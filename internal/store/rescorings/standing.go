package rescorings

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"nafas/internal/rescore"
)

// The states of a study in its row.
const (
	waiting = "waiting"
	queued  = "queued"
	running = "running"
	done    = "done"
)

// standing is where a rescoring stands, held by this transaction, and what the
// transaction adds to its totals.
type standing struct {
	id                   int64
	state                rescore.State
	planned              bool
	scanned              string
	studies, studiesDone int64
	add                  tally
}

// lock holds a rescoring until the transaction ends. Everything that changes
// anything of a rescoring begins with it, so that transactions meet in one order.
func lock(ctx context.Context, t tx, id int64) (*standing, error) {
	return standingOf(ctx, t, id, t.d.forUpdate)
}

func standingOf(ctx context.Context, t tx, id int64, how string) (*standing, error) {
	s := &standing{id: id}
	err := t.row(ctx, `SELECT state, planned, scanned, studies, studies_done FROM standing WHERE rescoring = ?`+how, id).
		Scan(&s.state, &s.planned, &s.scanned, &s.studies, &s.studiesDone)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, rescore.ErrNotFound
	}
	return s, err
}

// runs says whether studies may be read now.
func (s *standing) runs() bool {
	return s.state == rescore.StateRunning || s.state == rescore.StatePlanning
}

// end ends it where nothing waits any more.
func (s *standing) end(ctx context.Context, t tx, at time.Time) error {
	if s.state.Final() || !s.planned || s.studiesDone+s.add.studiesDone < s.studies+s.add.studies {
		return nil
	}
	s.state = rescore.StateDone
	_, err := t.exec(ctx, `UPDATE standing SET state = ?, why = '', ended_at = ? WHERE rescoring = ?`, string(s.state), micros(at), s.id)
	return err
}

// tally is what is added to totals.
type tally struct {
	studies, studiesDone, passedOver, files, late, newLoose, erased int64
	states                                                          map[rescore.SeriesState]int64
	reasons                                                         map[string]int64
}

// input counts n inputs (-1 for one that is no longer so) of a state.
func (a *tally) input(state rescore.SeriesState, reason string, n int64) {
	if a.states == nil {
		a.states, a.reasons = map[rescore.SeriesState]int64{}, map[string]int64{}
	}
	a.states[state] += n
	if state == rescore.Skipped || state == rescore.Failed {
		a.reasons[text(reason)] += n
	}
}

// write adds up.
func (s *standing) write(ctx context.Context, t tx) error {
	a := s.add
	_, err := t.exec(ctx, `
		UPDATE standing SET studies = studies + ?, studies_done = studies_done + ?, passed_over = passed_over + ?,
			files = files + ?, late = late + ?, erased = erased + ?,
			waiting = waiting + ?, scored = scored + ?, unchanged = unchanged + ?, skipped = skipped + ?, failed = failed + ?
		WHERE rescoring = ?`, a.studies, a.studiesDone, a.passedOver, a.files, a.late, a.erased, a.states[rescore.Waiting], a.states[rescore.Scored],
		a.states[rescore.Unchanged], a.states[rescore.Skipped], a.states[rescore.Failed], s.id)
	if err != nil {
		return err
	}
	for reason, n := range a.reasons {
		if n == 0 {
			continue
		}
		if _, err := t.exec(ctx, `
			INSERT INTO reason (rescoring, reason, n) VALUES (?, ?, ?)
			ON CONFLICT (rescoring, reason) DO UPDATE SET n = reason.n + excluded.n`, s.id, reason, n); err != nil {
			return err
		}
	}
	return nil
}
