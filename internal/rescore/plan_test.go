package rescore_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/internal/rescore"
	"nafas/internal/triage"
)

func planning(cursor string) *bench {
	b := newBench()
	b.ledger.r.State, b.ledger.r.Cursor = rescore.StatePlanning, cursor
	b.archive.batches = []rescore.Batch{{Cursor: "a"}, {Cursor: "b"}, {Cursor: "c"}}
	return b
}

func TestPlanningGoesOnWhereItStood(t *testing.T) {
	for cursor, n := range map[string]int{"": 3, "a": 2, "c": 0} {
		b := planning(cursor)
		require.NoError(t, b.worker(nil).Plan(t.Context(), 7))
		require.Len(t, b.ledger.planned, n)
		require.Equal(t, 1, b.ledger.ended)
	}
}

func TestASourceThatIsNotThereEndsNoPlanning(t *testing.T) {
	b := planning("")
	b.archive.scan = errors.New("the archive is down")
	require.Error(t, b.worker(nil).Plan(t.Context(), 7))
	require.Len(t, b.ledger.planned, 3)
	require.Zero(t, b.ledger.ended, "what was listed is not all")
}

func TestAPauseEndsPlanningForNow(t *testing.T) {
	b := planning("")
	b.ledger.plan = rescore.ErrNotNow
	require.NoError(t, b.worker(nil).Plan(t.Context(), 7))
	require.Zero(t, b.ledger.ended)
	for _, state := range []rescore.State{rescore.StatePaused, rescore.StateRunning, rescore.StateCancelled} {
		b := planning("")
		b.ledger.r.State = state
		require.NoError(t, b.worker(nil).Plan(t.Context(), 7))
		require.Empty(t, b.ledger.planned)
		require.Zero(t, b.ledger.ended)
	}
}

func TestListingKeepsToItsWindow(t *testing.T) {
	b := planning("")
	b.ledger.r.Limits.Window = "02:00-06:00"
	require.NoError(t, b.worker(nil).Plan(t.Context(), 7))
	require.Empty(t, b.ledger.planned)
	require.Zero(t, b.archive.opened, "nothing is asked of the archive")

	b = planning("")
	b.ledger.onPlan = func() { b.ledger.r.Limits.Window = "02:00-06:00" }
	require.NoError(t, b.worker(nil).Plan(t.Context(), 7))
	require.Len(t, b.ledger.planned, 1, "it stops after the batch in which the window closed")
	require.Zero(t, b.ledger.ended)
}

// tend looks after the queue for one round.
func (b *bench) tend(t *testing.T, o rescore.TendOptions) {
	ctx, cancel := context.WithCancel(t.Context())
	o.Feed = time.Hour
	done := make(chan struct{})
	serve := o.Serve
	o.Serve = func(r []triage.Recipe) error {
		if serve != nil {
			return serve(r)
		}
		return nil
	}
	go func() {
		defer close(done)
		b.worker(nil).Tend(ctx, o)
	}()
	time.AfterFunc(50*time.Millisecond, cancel)
	<-done
}

func TestTendingFeedsWhatCanBeReadHere(t *testing.T) {
	for name, c := range map[string]struct {
		set func(b *bench)
		fed map[int64]bool
	}{
		"running":                                {func(*bench) {}, map[int64]bool{7: false}},
		"paused":                                 {func(b *bench) { b.ledger.r.State = rescore.StatePaused }, nil},
		"done":                                   {func(b *bench) { b.ledger.r.State = rescore.StateDone }, nil},
		"another model":                          {func(b *bench) { b.readers.can = errors.New("no such model") }, nil},
		"a source that is not reached from here": {func(b *bench) { b.archive.open = errors.New("no such folder") }, nil},
		"outside of its window":                  {func(b *bench) { b.ledger.r.Limits.Window = "01:00-02:00" }, nil},
		"still listed, studies in pieces":        {func(b *bench) { b.ledger.r.State = rescore.StatePlanning }, nil},
		"still listed, each study with one look": {func(b *bench) { b.ledger.r.State, b.archive.whole = rescore.StatePlanning, true }, map[int64]bool{7: true}},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench()
			c.set(b)
			b.tend(t, rescore.TendOptions{})
			require.Equal(t, c.fed, b.ledger.fed)
		})
	}
}

func TestTendingServesTheRecipesAndSaysSo(t *testing.T) {
	b := newBench()
	var served []triage.Recipe
	b.tend(t, rescore.TendOptions{Slots: 3, Host: "h", Program: "p", Serve: func(r []triage.Recipe) error {
		served = r
		return nil
	}})
	require.Equal(t, []triage.Recipe{recipe}, served)
	sign := rescore.Sign{Name: "w1", Host: "h", Program: "p", Recipes: served, Slots: 3, SeenAt: b.now}
	left := sign
	left.Recipes = nil
	require.Equal(t, []rescore.Sign{sign, left}, b.ledger.signs, "at its end it reads nothing any more")
	require.Equal(t, b.now.Add(-time.Minute), b.ledger.deadline)
}

func TestAWorkerOfAnotherVersionTakesNoJobs(t *testing.T) {
	b := newBench()
	b.readers.can = errors.New("needs version 2")
	b.tend(t, rescore.TendOptions{Serve: func([]triage.Recipe) error {
		t.Error("nothing is served")
		return nil
	}})
	require.Contains(t, b.log, "needs version 2")
}

func TestOthersThatPlanAreLeftAtIt(t *testing.T) {
	b := planning("")
	b.ledger.plan = rescore.ErrState
	b.ledger.r.Home = "here"
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	b.worker(nil).PlanAll(ctx, "here", 10*time.Millisecond)
	require.Equal(t, rescore.StatePlanning, b.ledger.r.State, "it is not paused for that")
	require.Empty(t, b.ledger.planned)
	require.Zero(t, b.ledger.ended)
}

func TestOnlyItsHomeListsTheInputs(t *testing.T) {
	b := planning("")
	b.ledger.r.Home = "elsewhere"
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	b.worker(nil).PlanAll(ctx, "here", 10*time.Millisecond)
	require.Empty(t, b.ledger.planned)
	ctx, cancel = context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	b.worker(nil).PlanAll(ctx, "elsewhere", time.Hour)
	require.Len(t, b.ledger.planned, 3)

	b = planning("")
	b.ledger.r.Home = "its name yesterday"
	ctx, cancel = context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	b.worker(nil).PlanAll(ctx, "", time.Hour)
	require.Len(t, b.ledger.planned, 3, "who works alone lists all")
}

// shaky is an archive that hands on one batch at a time and then hiccups.
type shaky struct{ *archive }

func (s shaky) Open(context.Context, rescore.Rescoring) (rescore.Source, error) { return s, nil }

func (s shaky) Scan(ctx context.Context, after string, each func(rescore.Batch) error) error {
	hiccup, handed := errors.New("hiccup"), 0
	return s.archive.Scan(ctx, after, func(b rescore.Batch) error {
		if handed++; handed > 1 {
			return hiccup
		}
		return each(b)
	})
}

// planAll plans from the given source for a while, on a clock that goes fast.
func (b *bench) planAll(t *testing.T, s rescore.Sources) {
	t.Helper()
	w := b.worker(nil)
	w.Sources, w.Now = s, func() time.Time {
		b.now = b.now.Add(time.Minute)
		return b.now
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	w.PlanAll(ctx, "", time.Millisecond)
}

// A whole planning may have any number of hiccups: five at one place pause it.
func TestHiccupsOfAWholePlanningDoNotAddUp(t *testing.T) {
	b := planning("")
	b.archive.batches = nil
	for _, cursor := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
		b.archive.batches = append(b.archive.batches, rescore.Batch{Cursor: cursor})
	}
	b.planAll(t, shaky{b.archive})
	require.Equal(t, rescore.StatePlanning, b.ledger.r.State)
	require.Len(t, b.ledger.planned, 8)
	require.Positive(t, b.ledger.ended)
}

func TestWhatPausesPlanning(t *testing.T) {
	for name, c := range map[string]struct {
		cursor string
		set    func(b *bench)
		want   rescore.State
	}{
		"it is there, and listing fails at one place": {"a", func(*bench) {}, rescore.StatePaused},
		"it was there, and is not now":                {"a", func(b *bench) { b.archive.probe = errors.New("down") }, rescore.StatePlanning},
		"it never was there":                          {"", func(b *bench) { b.archive.probe = errors.New("down") }, rescore.StatePaused},
		"it cannot be opened any more":                {"a", func(b *bench) { b.archive.open = errors.New("no token") }, rescore.StatePaused},
	} {
		t.Run(name, func(t *testing.T) {
			b := planning(c.cursor)
			b.archive.batches, b.archive.scan = []rescore.Batch{{Cursor: "a"}}, errors.New("stale handle")
			if c.cursor == "" {
				b.archive.batches = nil
			}
			c.set(b)
			b.planAll(t, b.archive)
			require.Equal(t, c.want, b.ledger.r.State)
			require.Equal(t, c.want == rescore.StatePaused, b.ledger.r.Why != "")
			require.Contains(t, b.log, "listing the inputs of a rescoring failed")
		})
	}
}
