package rescore

import (
	"context"
	"errors"
	"time"
)

// planTries is how often planning is tried before the rescoring is paused with
// the reason; the pause between two tries grows from planPause to its 2^4-fold.
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
	p := planner{Worker: w, host: host, others: map[int64]stand{}}
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

// patiently plans one, and pauses it where its source stays away.
func (p *planner) patiently(ctx context.Context, r Rescoring) {
	var err error
	for try := range planTries {
		err = p.Plan(ctx, r.ID)
		if errors.Is(err, errOthersPlan) {
			p.others[r.ID] = stand{r.Cursor, time.Now()}
			return
		}
		if err == nil || ctx.Err() != nil {
			return
		}
		p.Log.WarnContext(ctx, "listing the inputs of a rescoring failed", "rescoring", r.ID, "error", err)
		if try == planTries-1 {
			break
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(planPause << try):
		}
	}
	if _, err := p.Ledger.Control(ctx, r.ID, StatePaused, "its inputs cannot be listed: "+err.Error(), p.Now()); err != nil && ctx.Err() == nil {
		p.Log.ErrorContext(ctx, "a rescoring that cannot be planned cannot be paused", "rescoring", r.ID, "error", err)
	}
}
