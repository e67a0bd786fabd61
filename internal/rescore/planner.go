package rescore

import (
	"context"
	"time"
)

// planTries is how often planning is tried before the rescoring is paused with
// the reason; the pause between two tries grows from planPause to its 2^4-fold.
const (
	planTries = 5
	planPause = 2 * time.Second
)

// PlanAll plans whatever is to be planned on this host, one after the other,
// until ctx ends. What cannot be planned is paused, and says why.
func (w *Worker) PlanAll(ctx context.Context, host string, look time.Duration) {
	for {
		w.planWaiting(ctx, host)
		select {
		case <-ctx.Done():
			return
		case <-time.After(look):
		}
	}
}

func (w *Worker) planWaiting(ctx context.Context, host string) {
	all, err := w.Ledger.Rescorings(ctx)
	if err != nil && ctx.Err() == nil {
		w.Log.WarnContext(ctx, "rescorings cannot be looked at; it is tried again", "error", err)
	}
	for _, r := range all {
		if r.State == StatePlanning && r.Home == host && ctx.Err() == nil {
			w.planPatiently(ctx, r.ID)
		}
	}
}

// planPatiently plans one, and pauses it where its source stays away.
func (w *Worker) planPatiently(ctx context.Context, id int64) {
	var err error
	for try := range planTries {
		if err = w.Plan(ctx, id); err == nil || ctx.Err() != nil {
			return
		}
		w.Log.WarnContext(ctx, "listing the inputs of a rescoring failed", "rescoring", id, "error", err)
		if try == planTries-1 {
			break
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(planPause << try):
		}
	}
	if _, err := w.Ledger.Control(ctx, id, StatePaused, "its inputs cannot be listed: "+err.Error(), w.Now()); err != nil && ctx.Err() == nil {
		w.Log.ErrorContext(ctx, "a rescoring that cannot be planned cannot be paused", "rescoring", id, "error", err)
	}
}
