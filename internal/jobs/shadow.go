package jobs

import (
	"context"
	"time"

	"github.com/riverqueue/river"

	"nafas/internal/registry"
	"nafas/internal/triage"
)

// Shadow has studies read in shadow; registry.Service is one. It returns when to
// come again, or zero where the job has ended; an error asks for another try, later
// each time. failures are the errors of the job so far.
type Shadow interface {
	ReadShadow(ctx context.Context, t triage.Token, j registry.Job, failures int) (time.Time, error)
}

// shadowMargin is for the wait for live studies.
const shadowMargin = time.Minute

// shadow works the jobs of the model in shadow.
type shadow struct {
	river.WorkerDefaults[registry.Job]
	s       Shadow
	timeout time.Duration
}

func (w *shadow) Timeout(*river.Job[registry.Job]) time.Duration { return w.timeout }

func (w *shadow) NextRetry(j *river.Job[registry.Job]) time.Time { return nextRetry(j.JobRow) }

func (w *shadow) Work(ctx context.Context, j *river.Job[registry.Job]) error {
	again, err := w.s.ReadShadow(ctx, token(j.JobRow), j.Args, len(j.Errors))
	if err == nil && !again.IsZero() {
		return river.JobSnooze(max(time.Until(again), 0))
	}
	return answer(err)
}
