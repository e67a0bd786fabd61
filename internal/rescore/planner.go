package rescore

import (
	"context"
	"errors"
	"time"
)

// planTries is how often planning is tried at one place before the rescoring is paused
// with the reason; the pause between two tries grows from planPause to its 2^4-fold.
const (
	planTries = 5
	planPause = 2 * time.Second
)

// othersTime is how long a cursor of another process that plans may stand before
// that process counts as gone.
const othersTime = 30 * time.Second

// PlanAll plans whatever is to be planned on this host, one after the other,
// until ctx ends; with host "" whatever is to be planned at all. What cannot be planned
// is paused, and says why.
func (w *Worker) PlanAll(ctx context.Context, host string, look time.Duration) {
	p := planner{Worker: w, host: host, others: map[int64]stand{}, trials: map[int64]trial{}}
	for {
		p.round(ctx)
		select {
		case <-ctx.Done():
			return
		case <-time.After(look):
		}
	}
}

// planner is what PlanAll remembers between two looks.
type planner struct {
	*Worker
	host string
	// others are the rescorings that other processes were seen to plan.
	others map[int64]stand
	// trials are those of rescorings of which planning failed.
	trials map[int64]trial
}

// stand is how far another process was, and since when.
type stand struct {
	cursor string
	since  time.Time
}

func (p *planner) round(ctx context.Context) {
	all, err := p.Ledger.Rescorings(ctx)
	if err != nil && ctx.Err() == nil {
		p.Log.WarnContext(ctx, "rescorings cannot be looked at; it is tried again", "error", err)
	}
	for _, r := range all {
		if r.State == StatePlanning && (p.host == "" || r.Home == p.host) && ctx.Err() == nil && !p.othersAreAt(r) {
			p.patiently(ctx, r)
		}
	}
}

func (p *planner) othersAreAt(r Rescoring) bool {
	last, is := p.others[r.ID]
	switch {
	case !is:
		return false
	case last.cursor != r.Cursor:
		p.others[r.ID] = stand{r.Cursor, time.Now()}
		return true
	case time.Since(last.since) < othersTime:
		return true
	}
	delete(p.others, r.ID)
	return false
}

// trial is how often planning failed at one place.
type trial struct {
	cursor string
	// tries are all of them; failed are those that count, since the source was there.
	tries, failed int
	// next is when it is tried again.
	next time.Time
}

// patiently plans one where it is time to, and pauses it where that fails again and
// again at one place.
func (p *planner) patiently(ctx context.Context, r Rescoring) {
	t := p.trials[r.ID]
	if p.Now().Before(t.next) {
		return
	}
	err := p.Plan(ctx, r.ID)
	if errors.Is(err, errOthersPlan) {
		p.others[r.ID] = stand{r.Cursor, time.Now()}
		return
	}
	if err == nil || ctx.Err() != nil {
		delete(p.trials, r.ID)
		return
	}
	p.Log.WarnContext(ctx, "listing the inputs of a rescoring failed", "rescoring", r.ID, "error", err)
	if t = p.again(ctx, r, t); t.failed < planTries {
		p.trials[r.ID] = t
		return
	}
	delete(p.trials, r.ID)
	if _, err := p.Ledger.Control(ctx, r.ID, StatePaused, "its inputs cannot be listed: "+err.Error(), p.Now()); err != nil && ctx.Err() == nil {
		p.Log.ErrorContext(ctx, "a rescoring that cannot be planned cannot be paused", "rescoring", r.ID, "error", err)
	}
}

// again counts one more failure. What was listed since the last one begins the
// count anew: years of an archive have many a hiccup. A source that was there once
// and is not now is waited for, as it is while studies are read; one that never was
// may be written wrongly, and somebody waits to be told.
func (p *planner) again(ctx context.Context, r Rescoring, t trial) trial {
	now, err := p.Ledger.Rescoring(ctx, r.ID)
	if err != nil {
		t.next = p.Now().Add(planPause)
		return t // the ledger's trouble
	}
	if now.Cursor != t.cursor {
		t = trial{cursor: now.Cursor}
	}
	t.next = p.Now().Add(planPause << min(t.tries, planTries-1))
	t.tries++
	if now.Cursor == "" || p.there(ctx, now) {
		t.failed++
	}
	return t
}

// there says whether the source of a rescoring is there at all.
func (p *planner) there(ctx context.Context, r Rescoring) bool {
	source, err := p.Sources.Open(ctx, r)
	return err != nil || source.Probe(ctx) == nil // one that does not open will not by waiting
}
