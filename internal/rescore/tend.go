package rescore

import (
	"context"
	"errors"
	"slices"
	"time"

	"nafas/internal/triage"
)

// TendOptions are how often a worker looks after the queue. Zero values mean the
// defaults.
type TendOptions struct {
	// Feed is how often waiting studies are put into the queue. Default 1 s.
	Feed time.Duration
	// Alive is how often the worker says that it lives. Default 5 s; no more seldom
	// than a few times in SeenLately, whatever Dead is: who is seen more seldom counts
	// as not at work, and its time at work as nothing.
	Alive time.Duration
	// Dead is after how long without a word a worker counts as dead. Default 1
	// minute.
	Dead time.Duration
	// Slots are the studies that are read at once.
	Slots int
	// Host and Program name the machine and the version.
	Host, Program string
	// Serve is told the recipes whose queues are to be worked, whenever they
	// change.
	Serve func(recipes []triage.Recipe) error
}

func (o TendOptions) withDefaults() TendOptions {
	for d, v := range map[*time.Duration]time.Duration{&o.Feed: time.Second, &o.Alive: 5 * time.Second, &o.Dead: time.Minute} {
		if *d == 0 {
			*d = v
		}
	}
	o.Alive = min(o.Alive, SeenLately/3)
	return o
}

// aheadPerSlot is how many studies wait in the queue for each slot: enough that
// none is idle between two looks, few enough that a pause takes hold at once.
const aheadPerSlot, leastAhead = 8, 64

// Tend looks after the queue until ctx ends: it says that this worker lives,
// serves the queues of the rescorings that it can read, feeds them, and takes
// over from workers that are dead. Errors are logged and tried again. At its end it
// says that this worker reads nothing any more.
func (w *Worker) Tend(ctx context.Context, o TendOptions) {
	o = o.withDefaults()
	t := &tending{Worker: w, o: o, told: map[int64]string{}}
	for {
		if err := t.round(ctx); err != nil && ctx.Err() == nil {
			w.Log.WarnContext(ctx, "looking after the queue of rescorings failed; it is tried again", "error", err)
		}
		select {
		case <-ctx.Done():
			t.leave(ctx)
			return
		case <-time.After(o.Feed):
		}
	}
}

// tending is the state between two rounds.
type tending struct {
	*Worker
	o       TendOptions
	served  []triage.Recipe
	aliveAt time.Time
	// told are the reasons why a rescoring is not read here, so that each is
	// logged once.
	told map[int64]string
}

func (t *tending) round(ctx context.Context) error {
	all, err := t.Ledger.Rescorings(ctx)
	if err != nil {
		return err
	}
	var mine []Rescoring
	for _, r := range all {
		if !r.State.Final() && r.State != StatePaused && t.can(ctx, r) {
			mine = append(mine, r)
		}
	}
	if err := t.serve(mine); err != nil {
		return err
	}
	if err := t.alive(ctx); err != nil {
		return err
	}
	var errs []error
	for _, r := range mine {
		errs = append(errs, t.feed(ctx, r))
	}
	return errors.Join(errs...)
}

func (t *tending) can(ctx context.Context, r Rescoring) bool {
	err := t.Readers.Can(r)
	if err == nil {
		_, err = t.Sources.Open(ctx, r)
	}
	if err == nil {
		delete(t.told, r.ID)
		return true
	}
	if t.told[r.ID] != err.Error() {
		t.Log.WarnContext(ctx, "a rescoring is not read here", "rescoring", r.ID, "error", err)
		t.told[r.ID] = err.Error()
	}
	return false
}

func (t *tending) serve(mine []Rescoring) error {
	var recipes []triage.Recipe
	for _, r := range mine {
		if !slices.Contains(recipes, r.Recipe) {
			recipes = append(recipes, r.Recipe)
		}
	}
	if t.o.Serve == nil || slices.Equal(recipes, t.served) {
		return nil
	}
	if err := t.o.Serve(recipes); err != nil {
		return err
	}
	t.served, t.aliveAt = recipes, time.Time{}
	return nil
}

// alive says that this worker lives, and takes over from those that do not.
func (t *tending) alive(ctx context.Context) error {
	if time.Since(t.aliveAt) < t.o.Alive {
		return nil
	}
	if err := t.Ledger.Alive(ctx, t.sign(t.served)); err != nil {
		return err
	}
	t.aliveAt = time.Now()
	n, err := t.Ledger.TakeOver(ctx, t.Now().Add(-t.o.Dead))
	if n > 0 {
		t.Log.WarnContext(ctx, "took over the studies of workers that are silent", "studies", n)
	}
	return err
}

// leaveTime is the most that saying so may take: a worker that only vanishes is
// known to be dead a minute later.
const leaveTime = 2 * time.Second

// leave says that this worker reads nothing any more.
func (t *tending) leave(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveTime)
	defer cancel()
	if err := t.Ledger.Alive(ctx, t.sign(nil)); err != nil {
		t.Log.InfoContext(ctx, "that this worker ends could not be written down", "error", err)
	}
}

func (t *tending) sign(recipes []triage.Recipe) Sign {
	return Sign{Name: t.Name, Host: t.o.Host, Program: t.o.Program, Recipes: recipes, Slots: t.o.Slots, SeenAt: t.Now()}
}

func (t *tending) feed(ctx context.Context, r Rescoring) error {
	window, err := ParseWindow(r.Limits.Window)
	if err != nil || !window.Open(t.Now()) {
		return err
	}
	whole := false
	if r.State == StatePlanning {
		source, err := t.Sources.Open(ctx, r)
		if err != nil {
			return err
		}
		if whole = source.Whole(); !whole {
			return nil
		}
	}
	_, err = t.Ledger.Feed(ctx, r.ID, max(leastAhead, aheadPerSlot*t.o.Slots), whole)
	return err
}
