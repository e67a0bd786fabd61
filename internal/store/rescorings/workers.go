package rescorings

import (
	"context"
	"database/sql"
	"encoding/json"
	"slices"
	"time"

	"nafas/internal/rescore"
	"nafas/internal/triage"
)

// near is how close two signs of life are between which somebody was at it.
const near = rescore.SeenLately

// longGone is when a worker is forgotten.
const longGone = 7 * 24 * time.Hour

// recipeBody is a recipe in JSON.
type recipeBody struct {
	Model  string `json:"model_sha256"`
	Config string `json:"config_sha256"`
}

// Alive implements rescore.Ledger. A database that several machines share goes by
// its own clock, since theirs differ.
func (l *Ledger) Alive(ctx context.Context, s rescore.Sign) error {
	recipes := []recipeBody{}
	for _, r := range s.Recipes {
		recipes = append(recipes, recipeBody{r.ModelSHA256, r.ConfigSHA256})
	}
	body, err := json.Marshal(recipes)
	if err != nil {
		return err
	}
	return l.inTx(ctx, func(ctx context.Context, t tx) error {
		now := micros(s.SeenAt)
		if t.d.clock != "" {
			if now, err = t.now(ctx); err != nil {
				return err
			}
		}
		for _, r := range s.Recipes {
			if err := addTime(ctx, t, r, now); err != nil {
				return err
			}
		}
		_, err := t.exec(ctx, `
			INSERT INTO worker (name, host, program, recipes, slots, seen_at) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (name) DO UPDATE SET host = excluded.host, program = excluded.program, recipes = excluded.recipes,
				slots = excluded.slots, seen_at = excluded.seen_at`, s.Name, s.Host, s.Program, string(body), s.Slots, now)
		return err
	})
}

// atWork are the rescorings of a recipe that have studies in the queue or in hand.
const atWork = `
	SELECT p.rescoring FROM standing p
	WHERE p.state IN ('planning', 'running') AND p.rescoring IN (
			SELECT r.id FROM rescoring r JOIN recipe c ON c.id = r.recipe WHERE c.model_sha256 = ? AND c.config_sha256 = ?)
		AND (EXISTS (SELECT 1 FROM study s WHERE s.rescoring = p.rescoring AND s.state = 'queued')
			OR EXISTS (SELECT 1 FROM study s WHERE s.rescoring = p.rescoring AND s.state = 'running'))
	ORDER BY p.rescoring`

// addTime adds the time since the last sign of life to rescorings of a recipe that
// have studies in the queue or in hand.
func addTime(ctx context.Context, t tx, r triage.Recipe, now int64) error {
	var ids []int64
	err := t.each(ctx, atWork+t.d.forUpdate, func(rows *sql.Rows) error {
		var id int64
		err := rows.Scan(&id)
		ids = append(ids, id)
		return err
	}, r.ModelSHA256, r.ConfigSHA256)
	for _, id := range ids {
		if err != nil {
			return err
		}
		_, err = t.exec(ctx, `
			UPDATE standing SET sign_at = ?,
				worked_us = worked_us + CASE WHEN sign_at IS NOT NULL AND sign_at < ? AND sign_at >= ? THEN ? - sign_at ELSE 0 END
			WHERE rescoring = ?`, now, now, now-near.Microseconds(), now, id)
	}
	return err
}

// Workers implements rescore.Ledger.
func (l *Ledger) Workers(ctx context.Context, since time.Time) ([]rescore.Sign, error) {
	var out []rescore.Sign
	err := l.inSnapshot(ctx, func(ctx context.Context, t tx) error {
		out = nil
		cutoff, shift, err := t.cutoff(ctx, since)
		if err != nil {
			return err
		}
		return t.each(ctx, `SELECT name, host, program, recipes, slots, seen_at FROM worker WHERE seen_at >= ? ORDER BY name`, func(rows *sql.Rows) error {
			var s rescore.Sign
			var recipes string
			var seen int64
			if err := rows.Scan(&s.Name, &s.Host, &s.Program, &recipes, &s.Slots, &seen); err != nil {
				return err
			}
			var bodies []recipeBody
			if err := json.Unmarshal([]byte(recipes), &bodies); err != nil {
				return err
			}
			for _, b := range bodies {
				s.Recipes = append(s.Recipes, triage.Recipe{ModelSHA256: b.Model, ConfigSHA256: b.Config})
			}
			s.SeenAt = time.UnixMicro(seen - shift).UTC()
			out = append(out, s)
			return nil
		}, cutoff)
	})
	return out, err
}

// cutoff is a time of our clock by the database's, which is ahead by shift.
func (t tx) cutoff(ctx context.Context, at time.Time) (us, shift int64, err error) {
	if t.d.clock != "" {
		var now int64
		if now, err = t.now(ctx); err != nil {
			return 0, 0, err
		}
		shift = now - micros(time.Now())
	}
	return micros(at) + shift, shift, nil
}

// TakeOver implements rescore.Ledger. Besides the studies of silent workers it
// puts back those that the queue has lost: whose job is gone or has ended, or was
// fetched by a worker that never came to claim the study. An attempt may end the
// job of a later one, since River does not tell them apart; a study in hand is
// taken for lost only an hour after.
func (l *Ledger) TakeOver(ctx context.Context, deadline time.Time) (int, error) {
	var ids []int64
	var cutoff int64
	err := l.inSnapshot(ctx, func(ctx context.Context, t tx) error {
		var err error
		if cutoff, _, err = t.cutoff(ctx, deadline); err != nil {
			return err
		}
		ids = nil
		return t.each(ctx, t.d.strayed(), func(rows *sql.Rows) error {
			var id int64
			err := rows.Scan(&id)
			ids = append(ids, id)
			return err
		}, cutoff, cutoff-longOver.Microseconds(), cutoff, cutoff)
	})
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	var n int64
	err = l.inTx(ctx, func(ctx context.Context, t tx) error {
		n = 0
		for _, id := range ids {
			s, err := lock(ctx, t, id)
			if err != nil {
				return err
			}
			moved, err := s.takeOver(ctx, t, cutoff)
			if err != nil {
				return err
			}
			n += moved
		}
		_, err := t.exec(ctx, `DELETE FROM worker WHERE seen_at < ?`, cutoff-longGone.Microseconds())
		return err
	})
	return int(n), err
}

// strayed are the rescorings with studies to put back. It is asked every few
// seconds: both halves go through a small index of their own.
func (d *dialect) strayed() string {
	return `SELECT rescoring FROM study WHERE state = 'running' AND (` + silent + ` OR ` + d.forgotten() + `)
		UNION SELECT rescoring FROM study WHERE state = 'queued' AND (` + lost + ` OR ` + d.fetched() + `)
		ORDER BY rescoring`
}

// silent is of a study whose worker was not seen since a time.
const silent = `NOT EXISTS (SELECT 1 FROM worker w WHERE w.name = study.worker AND w.seen_at >= ?)`

// lost is of a study that is queued without a job.
const lost = `NOT EXISTS (SELECT 1 FROM river_job j WHERE j.id = study.job_id AND j.finalized_at IS NULL)`

// fetched is of a study that is queued, whose job somebody fetched before a time
// and was not seen since.
func (d *dialect) fetched() string {
	return `EXISTS (SELECT 1 FROM river_job WHERE river_job.id = study.job_id AND river_job.state = 'running'
		AND attempted_at < ` + d.riverTime + ` AND NOT EXISTS (SELECT 1 FROM worker w WHERE w.name = ` + d.lastAttempter + ` AND w.seen_at >= ?))`
}

// longOver is how long the job of a study in hand has ended when the study is taken
// for lost.
const longOver = time.Hour

// forgotten is of a study in hand whose job is gone, or ended before a time.
func (d *dialect) forgotten() string {
	return `NOT EXISTS (SELECT 1 FROM river_job j WHERE j.id = study.job_id AND (j.finalized_at IS NULL OR j.finalized_at >= ` + d.riverTime + `))`
}

// takeSilent queues the studies of silent workers and returns their jobs.
const takeSilent = `UPDATE study SET state = 'queued', worker = NULL WHERE rescoring = ? AND state = 'running' AND ` + silent + ` RETURNING job_id`

func (s *standing) takeOver(ctx context.Context, t tx, cutoff int64) (int64, error) {
	var jobs []any
	collect := func(rows *sql.Rows) error {
		var job int64
		err := rows.Scan(&job)
		jobs = append(jobs, job)
		return err
	}
	if err := t.each(ctx, takeSilent,
		collect, s.id, cutoff); err != nil {
		return 0, err
	}
	if err := t.each(ctx, `SELECT job_id FROM study WHERE rescoring = ? AND state = 'queued' AND `+t.d.fetched(), collect, s.id, cutoff, cutoff); err != nil {
		return 0, err
	}
	slices.SortFunc(jobs, func(a, b any) int { return int(a.(int64) - b.(int64)) })
	n, err := t.exec(ctx, `UPDATE study SET state = 'waiting', worker = NULL WHERE rescoring = ? AND state = 'running' AND `+t.d.forgotten(),
		s.id, cutoff-longOver.Microseconds())
	if err != nil {
		return 0, err
	}
	for part := range slices.Chunk(slices.Compact(jobs), chunk) {
		moved, err := t.exec(ctx, `UPDATE river_job SET state = 'available', scheduled_at = `+t.d.riverNow+` WHERE id IN (`+list(len(part))+`) AND finalized_at IS NULL`, part...)
		if err != nil {
			return 0, err
		}
		n += moved
	}
	moved, err := requeueLost(ctx, t, s.id)
	return n + moved, err
}

const loseQueued = `UPDATE study SET state = 'waiting', worker = NULL WHERE rescoring = ? AND state = 'queued' AND ` + lost

// requeueLost has studies wait that are queued without a job.
func requeueLost(ctx context.Context, t tx, rescoring int64) (int64, error) {
	return t.exec(ctx, loseQueued, rescoring)
}
