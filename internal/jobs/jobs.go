// Package jobs works the queue: it turns River's jobs into calls of the
// application, and the application's answers into River's. It decides when
// something is tried again, and nothing else.
package jobs

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivertype"

	"nafas/internal/registry"
	"nafas/internal/triage"
)

// Application is what has jobs done; triage.Service is one.
type Application interface {
	// Settle returns when to come again, or zero where the job has ended. since
	// is when the job was made.
	Settle(ctx context.Context, t triage.Token, studyUID string, since time.Time) (time.Time, error)
	// Read returns nil where the job has ended, and triage.ErrFenced where
	// the study is no longer the job's.
	Read(ctx context.Context, t triage.Token, studyUID string) error
}

// Deliverer has results delivered; deliver.Deliverer is one. It returns when to
// come again, or zero where the job has ended; an error asks for another try,
// later each time.
type Deliverer interface {
	Deliver(ctx context.Context, t triage.Token, id int64) (time.Time, error)
}

// Options of a Runner. Zero values mean the defaults.
type Options struct {
	// Readers is how many studies are read at once. Default 1: the engine
	// uses all cores for one.
	Readers int
	// ReadTimeout bounds one attempt at a study, as a second line behind the
	// worker process's own limit. Default 20 minutes.
	ReadTimeout time.Duration
	// Deliverer takes results to Destinations, each of which has a queue of its
	// own. Without it what waits stays.
	Deliverer    Deliverer
	Destinations []string
	// Shadow has studies read by a model in shadow, one at a time. Without it what
	// waits stays.
	Shadow Shadow
	// Poll is how often the queue is looked at. Default 200 ms.
	Poll time.Duration
	// Log gets what River warns of. Default slog.Default.
	Log *slog.Logger
}

func (o Options) withDefaults() Options {
	if o.Readers == 0 {
		o.Readers = 1
	}
	if o.ReadTimeout == 0 {
		o.ReadTimeout = 20 * time.Minute
	}
	if o.Poll == 0 {
		o.Poll = 200 * time.Millisecond
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return o
}

const (
	settlers = 2
	// settlePolls makes looking for settle jobs rarer: a study waits for a
	// minute anyway, and an idle server should be quiet.
	settlePolls   = 5
	settleTimeout = time.Minute
	// rescueMargin keeps River from rescuing a job that is about to time out
	// by itself. Jobs of a dead server do not wait for it: the store makes
	// them available when it opens.
	rescueMargin = 5 * time.Minute
	// endedJobsKept is long enough to look at and short enough to keep the
	// table small; what came of a job is in the rows of its study.
	endedJobsKept = 24 * time.Hour
)

// client is the part of River's client that does not depend on the database.
type client interface {
	Start(ctx context.Context) error
	Stop(ctx context.Context) error
	StopAndCancel(ctx context.Context) error
}

// Runner works the queue of one server.
type Runner struct{ client client }

// New makes a Runner on the driver of the store.
func New[TTx any](driver riverdriver.Driver[TTx], app Application, o Options) (*Runner, error) {
	o = o.withDefaults()
	workers := river.NewWorkers()
	river.AddWorker(workers, &settler{app: app})
	river.AddWorker(workers, &reader{app: app, timeout: o.ReadTimeout})
	queues := map[string]river.QueueConfig{
		triage.QueueSettle: {MaxWorkers: settlers, FetchPollInterval: settlePolls * o.Poll},
		triage.QueueRead:   {MaxWorkers: o.Readers},
	}
	if o.Deliverer != nil {
		river.AddWorker(workers, &deliverer{d: o.Deliverer})
		each := river.QueueConfig{MaxWorkers: deliveriesAtOnce, FetchPollInterval: settlePolls * o.Poll}
		queues[triage.QueueUndeliverable] = each
		for _, d := range o.Destinations {
			queues[triage.DeliverQueue(d)] = each
		}
	}
	if o.Shadow != nil {
		river.AddWorker(workers, &shadow{s: o.Shadow, timeout: o.ReadTimeout + shadowMargin})
		queues[registry.Queue] = river.QueueConfig{MaxWorkers: 1, FetchPollInterval: settlePolls * o.Poll}
	}
	c, err := river.NewClient(driver, &river.Config{
		Queues:                      queues,
		Workers:                     workers,
		PollOnly:                    true,
		FetchPollInterval:           o.Poll,
		FetchCooldown:               min(o.Poll, river.FetchCooldownDefault),
		JobTimeout:                  o.ReadTimeout,
		RescueStuckJobsAfter:        o.ReadTimeout + rescueMargin,
		CompletedJobRetentionPeriod: endedJobsKept,
		CancelledJobRetentionPeriod: endedJobsKept,
		DiscardedJobRetentionPeriod: endedJobsKept,
		Logger:                      slog.New(warnings{o.Log.Handler()}),
	})
	if err != nil {
		return nil, err
	}
	return &Runner{client: c}, nil
}

// Start begins to work. ctx only bounds the start; Stop ends the work.
func (r *Runner) Start(ctx context.Context) error {
	return r.client.Start(context.WithoutCancel(ctx))
}

// Stop lets what runs finish for the time of grace, then stops it and puts it
// back in the queue, for which cleanup is the time left.
func (r *Runner) Stop(ctx context.Context, grace, cleanup time.Duration) error {
	graceful, cancel := context.WithTimeout(ctx, grace)
	defer cancel()
	if err := r.client.Stop(graceful); err == nil {
		return nil
	}
	hard, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanup)
	defer cancel()
	return r.client.StopAndCancel(hard)
}

// settler works settle jobs.
type settler struct {
	river.WorkerDefaults[triage.SettleJob]
	app Application
}

func (w *settler) Timeout(*river.Job[triage.SettleJob]) time.Duration { return settleTimeout }

func (w *settler) NextRetry(j *river.Job[triage.SettleJob]) time.Time { return nextRetry(j.JobRow) }

func (w *settler) Work(ctx context.Context, j *river.Job[triage.SettleJob]) error {
	again, err := w.app.Settle(ctx, token(j.JobRow), j.Args.StudyUID, j.CreatedAt)
	if err == nil && !again.IsZero() {
		return river.JobSnooze(max(time.Until(again), 0))
	}
	return answer(err)
}

// reader works read jobs.
type reader struct {
	river.WorkerDefaults[triage.ReadJob]
	app     Application
	timeout time.Duration
}

func (w *reader) Timeout(*river.Job[triage.ReadJob]) time.Duration { return w.timeout }

func (w *reader) NextRetry(j *river.Job[triage.ReadJob]) time.Time { return nextRetry(j.JobRow) }

func (w *reader) Work(ctx context.Context, j *river.Job[triage.ReadJob]) error {
	return answer(w.app.Read(ctx, token(j.JobRow), j.Args.StudyUID))
}

// deliverer works deliver jobs.
type deliverer struct {
	river.WorkerDefaults[triage.DeliverJob]
	d Deliverer
}

const (
	// deliveriesAtOnce to one destination.
	deliveriesAtOnce = 2
	deliveryTimeout  = 10 * time.Minute
	// mostDeliveryPause is the longest pause before a destination is tried
	// again: it may be down for days.
	mostDeliveryPause = 10 * time.Minute
)

func (w *deliverer) Timeout(*river.Job[triage.DeliverJob]) time.Duration { return deliveryTimeout }

// NextRetry backs off with the failures in a row: 5, 10, 20 s ... 10 min.
func (w *deliverer) NextRetry(j *river.Job[triage.DeliverJob]) time.Time {
	wait := 5 * time.Second << min(len(j.Errors), 7)
	return time.Now().Add(min(wait, mostDeliveryPause))
}

func (w *deliverer) Work(ctx context.Context, j *river.Job[triage.DeliverJob]) error {
	again, err := w.d.Deliver(ctx, token(j.JobRow), j.Args.DeliveryID)
	if err == nil && !again.IsZero() {
		return river.JobSnooze(max(time.Until(again), 0))
	}
	return answer(err)
}

func token(j *rivertype.JobRow) triage.Token { return triage.Token{JobID: j.ID, Attempt: j.Attempt} }

// errAgain is what River keeps and logs of a failure: the application's log
// has the detail, without anything that names the study.
var errAgain = errors.New("the attempt failed; the server's log has the detail")

func answer(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, triage.ErrFenced):
		return river.JobCancel(triage.ErrFenced)
	case errors.Is(err, triage.ErrNoWorker):
		// A snooze, since it does not count as an attempt.
		return river.JobSnooze(noWorkerPause)
	default:
		return errAgain
	}
}

// noWorkerPause is how long the queue waits for a worker that cannot be
// started: long enough to keep the log readable, short beside what a person
// needs to mend it.
const noWorkerPause = 5 * time.Second

// maxBackoff is short, because a server that stops and starts puts its jobs
// back as failed attempts.
const maxBackoff = 15 * time.Second

// nextRetry backs off with the failures in a row: 1, 2, 4 ... 15 s.
func nextRetry(j *rivertype.JobRow) time.Time {
	wait := time.Second << min(len(j.Errors), 5)
	return time.Now().Add(min(wait, maxBackoff))
}

// warnings passes on warnings and errors only: River tells of every start and
// every count.
type warnings struct{ slog.Handler }

func (w warnings) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && w.Handler.Enabled(ctx, l)
}

func (w warnings) WithAttrs(attrs []slog.Attr) slog.Handler {
	return warnings{w.Handler.WithAttrs(attrs)}
}

func (w warnings) WithGroup(name string) slog.Handler { return warnings{w.Handler.WithGroup(name)} }
