package rescorings

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/riverqueue/river"

	"nafas/internal/rescore"
)

// mostAttempts is how often River tries one job: few enough that what it notes of
// each failure stays small. A study whose job it gives up is fed again with a new
// one; see TakeOver.
const mostAttempts = 100

// Feed implements rescore.Ledger.
func (l *Ledger) Feed(ctx context.Context, id int64, ahead int, whole bool) (int, error) {
	// Most looks find nothing to do, and should hold nobody up.
	var wanted int
	err := l.inSnapshot(ctx, func(ctx context.Context, t tx) error {
		s, err := standingOf(ctx, t, id, "")
		if err != nil {
			return err
		}
		wanted, err = s.wanted(ctx, t, ahead, whole)
		return err
	})
	if err != nil || wanted == 0 {
		return 0, err
	}
	var n int
	err = l.inTx(ctx, func(ctx context.Context, t tx) error {
		s, err := lock(ctx, t, id)
		if err != nil {
			return err
		}
		if wanted, err = s.wanted(ctx, t, ahead, whole); err != nil || wanted == 0 {
			n = 0
			return err
		}
		n, err = l.feed(ctx, t, id, wanted)
		return err
	})
	return n, err
}

// The questions of Feed.
const (
	countQueued = `SELECT count(*) FROM study WHERE rescoring = ? AND state = 'queued'`
	someWaiting = `SELECT EXISTS (SELECT 1 FROM study WHERE rescoring = ? AND state = 'waiting')`
	nextWaiting = `SELECT id, uid FROM study WHERE rescoring = ? AND state = 'waiting' ORDER BY id LIMIT ?`
)

// wanted is how many studies the queue lacks.
func (s *standing) wanted(ctx context.Context, t tx, ahead int, whole bool) (int, error) {
	if s.state != rescore.StateRunning && (s.state != rescore.StatePlanning || !whole) {
		return 0, nil
	}
	var there int
	err := t.row(ctx, countQueued, s.id).Scan(&there)
	if err != nil || there >= ahead {
		return 0, err
	}
	var some bool
	err = t.row(ctx, someWaiting, s.id).Scan(&some)
	if !some {
		return 0, err
	}
	return ahead - there, err
}

func (l *Ledger) feed(ctx context.Context, t tx, id int64, n int) (int, error) {
	r, err := l.loadFixed(ctx, t, id)
	if err != nil {
		return 0, err
	}
	studies := map[string]int64{}
	var jobs []river.InsertManyParams
	opts := &river.InsertOpts{Queue: rescore.Queue(r.Recipe), Priority: rescore.Priority4, MaxAttempts: mostAttempts}
	err = t.each(ctx, nextWaiting+t.d.forUpdate+t.d.skipLocked,
		func(rows *sql.Rows) error {
			var study int64
			var uid string
			err := rows.Scan(&study, &uid)
			studies[uid] = study
			jobs = append(jobs, river.InsertManyParams{Args: rescore.Job{Rescoring: id, StudyUID: uid}, InsertOpts: opts})
			return err
		}, id, n)
	if err != nil || len(jobs) == 0 {
		return 0, err
	}
	made, err := l.jobs.InsertManyTx(ctx, t.Tx, jobs)
	if err != nil {
		return 0, err
	}
	var pairs []any
	for _, m := range made {
		var j rescore.Job
		if err := json.Unmarshal(m.Job.EncodedArgs, &j); err != nil {
			return 0, err
		}
		pairs = append(pairs, studies[j.StudyUID], m.Job.ID)
	}
	return len(jobs), queue(ctx, t, pairs)
}

// queue gives studies their jobs; pairs are a study's number and its job's, one
// after the other.
func queue(ctx context.Context, t tx, pairs []any) error {
	for len(pairs) > 0 {
		n := min(len(pairs), 2*chunk)
		values := ""
		for range n / 2 {
			values += ", (CAST(? AS BIGINT), CAST(? AS BIGINT))"
		}
		moved, err := t.exec(ctx, `
			UPDATE study SET state = 'queued', job_id = v.job, attempt = 0, worker = NULL
			FROM (SELECT column1 AS id, column2 AS job FROM (VALUES `+values[2:]+`) AS u) AS v WHERE study.id = v.id`, pairs[:n]...)
		if err != nil {
			return err
		}
		if moved != int64(n/2) {
			return fmt.Errorf("%d jobs for %d studies", n/2, moved)
		}
		pairs = pairs[n:]
	}
	return nil
}
