package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"

	"nafas/internal/rescore"
	"nafas/internal/triage"
)

// Rescorer has studies of rescorings read; rescore.Worker is one. nil: the job has
// ended. triage.ErrFenced: another attempt has the study. Any other error asks for
// another try.
type Rescorer interface {
	Work(ctx context.Context, t triage.Token, j rescore.Job) error
}

// RescoringOptions are those of Rescorings. Zero values mean the defaults.
type RescoringOptions struct {
	// Name is the worker's: by it the ledger knows whose jobs are whose. At most
	// 100 bytes.
	Name string
	// Slots are the studies that are worked at once, of all queues together.
	// Default 1.
	Slots int
	// Poll is how often each queue is looked at. Default 500 ms.
	Poll time.Duration
	// Log gets what River warns of. Default slog.Default.
	Log *slog.Logger
}

func (o RescoringOptions) withDefaults() RescoringOptions {
	if o.Slots == 0 {
		o.Slots = 1
	}
	if o.Poll == 0 {
		o.Poll = 500 * time.Millisecond
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return o
}

// rescueAfter is when River takes a job for lost. The ledger knows long before
// that which workers are silent; a job of a living one may wait for live studies
// for a long time.
const rescueAfter = 7 * 24 * time.Hour

// mostName is the longest name that River takes for a client.
const mostName = 100

// Rescorings works the queues of recipes, which change while it works.
type Rescorings struct {
	// open makes the client of one queue: River's own has no way to leave a queue.
	open  func(name string, w *rescorer) (client, error)
	app   Rescorer
	reach func(context.Context) error
	slots chan struct{}

	mu      sync.Mutex
	started bool
	ended   bool
	queues  map[string]*rescoreQueue
	// leaving are queues that are no longer served, and have studies in hand.
	leaving map[*rescoreQueue]struct{}
}

// rescoreQueue is one queue that is worked.
type rescoreQueue struct {
	client client
	worker *rescorer
	// hurry ends the patience of a queue that leaves; gone is closed when that has
	// ended, or nothing of it is in hand any more.
	hurry context.CancelFunc
	gone  chan struct{}
	// rest is an error where something is still in hand.
	rest error
}

// NewRescorings makes a Rescorings on the driver of the ledger. It works nothing
// until Serve names the recipes.
func NewRescorings[TTx any](driver riverdriver.Driver[TTx], app Rescorer, o RescoringOptions) (*Rescorings, error) {
	o = o.withDefaults()
	if o.Name == "" || len(o.Name) > mostName {
		return nil, fmt.Errorf("the worker's name has %d bytes; it needs 1 to %d", len(o.Name), mostName)
	}
	r := &Rescorings{
		app: app, slots: make(chan struct{}, o.Slots), queues: map[string]*rescoreQueue{}, leaving: map[*rescoreQueue]struct{}{},
		reach: func(ctx context.Context) error { return driver.GetExecutor().Exec(ctx, `SELECT 1`) },
	}
	r.open = func(name string, w *rescorer) (client, error) {
		workers := river.NewWorkers()
		river.AddWorker(workers, w)
		return river.NewClient(driver, &river.Config{
			ID:                          o.Name,
			Queues:                      map[string]river.QueueConfig{name: {MaxWorkers: o.Slots}},
			Workers:                     workers,
			PollOnly:                    true,
			FetchPollInterval:           o.Poll,
			FetchCooldown:               min(o.Poll, river.FetchCooldownDefault),
			JobTimeout:                  -1,
			RescueStuckJobsAfter:        rescueAfter,
			CompletedJobRetentionPeriod: endedJobsKept,
			CancelledJobRetentionPeriod: endedJobsKept,
			DiscardedJobRetentionPeriod: endedJobsKept,
			Logger:                      slog.New(warnings{o.Log.Handler()}),
		})
	}
	return r, nil
}

// Start begins to work. ctx only bounds the start; Stop ends the work.
func (r *Rescorings) Start(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.started = true
	for _, q := range r.queues {
		if err := q.client.Start(context.WithoutCancel(ctx)); err != nil {
			return err
		}
	}
	return nil
}

// Serve says which recipes' queues are worked from now on. A study of another one
// that is in hand is worked to its end.
func (r *Rescorings) Serve(recipes []triage.Recipe) error {
	var names []string
	for _, recipe := range recipes {
		names = append(names, rescore.Queue(recipe))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended {
		return nil
	}
	for name, q := range r.queues {
		if !slices.Contains(names, name) {
			delete(r.queues, name)
			r.leave(q)
		}
	}
	for _, name := range names {
		if err := r.join(name); err != nil {
			return err
		}
	}
	return nil
}

func (r *Rescorings) join(name string) error {
	if r.queues[name] != nil {
		return nil
	}
	q := &rescoreQueue{worker: &rescorer{r: r, closing: make(chan struct{})}, gone: make(chan struct{})}
	var err error
	if q.client, err = r.open(name, q.worker); err != nil {
		return err
	}
	if r.started {
		if err := q.client.Start(context.Background()); err != nil {
			return err
		}
	}
	r.queues[name] = q
	return nil
}

// leave stops to take jobs of a queue; r.mu is held. River's client cannot be told
// anything else while it is waited for, so nobody but this waits for it.
func (r *Rescorings) leave(q *rescoreQueue) {
	close(q.worker.closing)
	if !r.started {
		return
	}
	var patience context.Context
	patience, q.hurry = context.WithCancel(context.Background())
	r.leaving[q] = struct{}{}
	go func() {
		q.rest = q.client.Stop(patience)
		close(q.gone)
		if q.rest != nil {
			return // Stop goes on with it
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.leaving, q)
	}()
}

// Stop lets studies in hand come to their end for the time of grace, then has them
// given back, for which cleanup is the time left.
func (r *Rescorings) Stop(ctx context.Context, grace, cleanup time.Duration) error {
	r.mu.Lock()
	r.ended = true
	for name, q := range r.queues {
		delete(r.queues, name)
		r.leave(q)
	}
	all := slices.Collect(maps.Keys(r.leaving))
	r.mu.Unlock()
	graceful, cancel := context.WithTimeout(ctx, grace)
	defer cancel()
	errs := make([]error, len(all))
	var wg sync.WaitGroup
	for i, q := range all {
		wg.Go(func() { errs[i] = q.end(graceful, cleanup) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// end waits for a queue that leaves, and cancels what is still in hand when
// graceful ends.
func (q *rescoreQueue) end(graceful context.Context, cleanup time.Duration) error {
	select {
	case <-q.gone:
	case <-graceful.Done():
		q.hurry()
		<-q.gone
	}
	if q.rest == nil {
		return nil
	}
	hard, cancel := context.WithTimeout(context.WithoutCancel(graceful), cleanup)
	defer cancel()
	return q.client.StopAndCancel(hard)
}

// rescorer works the jobs of one queue.
type rescorer struct {
	river.WorkerDefaults[rescore.Job]
	r       *Rescorings
	closing chan struct{}
}

func (w *rescorer) NextRetry(j *river.Job[rescore.Job]) time.Time { return nextRetry(j.JobRow) }

func (w *rescorer) Work(ctx context.Context, j *river.Job[rescore.Job]) error {
	select {
	case <-w.closing:
		return river.JobSnooze(0) // for others
	default:
	}
	select {
	case w.r.slots <- struct{}{}:
	case <-w.closing:
		return river.JobSnooze(0)
	case <-ctx.Done():
		return errAgain
	}
	defer func() { <-w.r.slots }()
	err := answer(w.r.app.Work(ctx, token(j.JobRow), j.Args))
	if err != nil {
		w.r.reached(ctx)
	}
	return err
}

// reached waits until the database answers: River tries for some seconds alone to
// write what became of a job, and a job of which that is not known is nobody's.
func (r *Rescorings) reached(ctx context.Context) {
	for ctx.Err() == nil {
		one, cancel := context.WithTimeout(ctx, reachTime)
		err := r.reach(one)
		cancel()
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(reachPause):
		}
	}
}

// reachTime is the most for one try to reach the database, reachPause the time
// between two.
const (
	reachTime  = 10 * time.Second
	reachPause = 2 * time.Second
)
