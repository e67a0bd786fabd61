package rescorings

import (
	"context"
	"encoding/json"
	"time"

	"nafas/internal/rescore"
)

// Control implements rescore.Ledger.
func (l *Ledger) Control(ctx context.Context, id int64, to rescore.State, why string, at time.Time) (rescore.Rescoring, error) {
	var out rescore.Rescoring
	err := l.inTx(ctx, func(ctx context.Context, t tx) error {
		s, err := lock(ctx, t, id)
		if err != nil {
			return err
		}
		state, changes, err := s.turn(to)
		if err != nil {
			return err
		}
		if changes {
			if err := s.set(ctx, t, state, why, at); err != nil {
				return err
			}
		}
		out, err = l.load(ctx, t, id)
		return err
	})
	return out, err
}

// turn says which state somebody who asks for one gets.
func (s *standing) turn(to rescore.State) (state rescore.State, changes bool, err error) {
	going := s.runs()
	switch to {
	case rescore.StateCancelled:
		if s.state == rescore.StateDone {
			return "", false, rescore.ErrState
		}
		return to, s.state != to, nil
	case rescore.StatePaused:
		if !going && s.state != to {
			return "", false, rescore.ErrState
		}
		return to, going, nil
	case rescore.StateRunning:
		if s.state.Final() {
			return "", false, rescore.ErrState
		}
		if !s.planned {
			to = rescore.StatePlanning
		}
		return to, !going, nil
	}
	return "", false, rescore.ErrState
}

func (s *standing) set(ctx context.Context, t tx, state rescore.State, why string, at time.Time) error {
	if state == rescore.StateRunning || state == rescore.StatePlanning {
		why = ""
	}
	var ended any
	if state.Final() {
		ended = micros(at)
	}
	// Time that passes while nobody may be at it does not count.
	_, err := t.exec(ctx, `UPDATE standing SET state = ?, why = ?, ended_at = ?, sign_at = NULL WHERE rescoring = ?`, string(state), why, ended, s.id)
	if err != nil || state == rescore.StateRunning || state == rescore.StatePlanning {
		return err
	}
	return unqueue(ctx, t, s.id)
}

// unqueue takes the studies of a rescoring out of the queue. Their jobs are
// ended and not deleted: SQLite would give a job's number to another one, and
// River, where it misses a job, forgets others that ended with it.
func unqueue(ctx context.Context, t tx, id int64) error {
	_, err := t.exec(ctx, `
		UPDATE river_job SET state = 'cancelled', finalized_at = `+t.d.riverNow+`
		WHERE id IN (SELECT job_id FROM study WHERE rescoring = ? AND state = 'queued') AND finalized_at IS NULL`, id)
	if err != nil {
		return err
	}
	_, err = t.exec(ctx, unqueueAll, id)
	return err
}

const unqueueAll = `UPDATE study SET state = 'waiting', worker = NULL WHERE rescoring = ? AND state = 'queued'`

// endJob ends the job of a study in the transaction that makes it needless. What
// River itself says of it afterwards changes nothing, since it only ends jobs that
// are running.
func endJob(ctx context.Context, t tx, job int64, state string) error {
	_, err := t.exec(ctx, `UPDATE river_job SET state = '`+state+`', finalized_at = `+t.d.riverNow+` WHERE id = ? AND finalized_at IS NULL`, job)
	return err
}

// SetLimits implements rescore.Ledger.
func (l *Ledger) SetLimits(ctx context.Context, id int64, limits rescore.Limits) error {
	body, err := json.Marshal(limits)
	if err != nil {
		return err
	}
	return l.inTx(ctx, func(ctx context.Context, t tx) error {
		n, err := t.exec(ctx, `UPDATE standing SET limits = ? WHERE rescoring = ?`, string(body), id)
		if err == nil && n == 0 {
			err = rescore.ErrNotFound
		}
		return err
	})
}
