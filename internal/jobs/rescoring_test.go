package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivertype"
	"github.com/stretchr/testify/require"

	"nafas/internal/jobs"
	"nafas/internal/rescore"
	"nafas/internal/store/rescorings"
	"nafas/internal/store/rescorings/postgrestest"
	"nafas/internal/triage"
)

var (
	recipeA = triage.Recipe{ModelSHA256: "a", ConfigSHA256: "c"}
	recipeB = triage.Recipe{ModelSHA256: "b", ConfigSHA256: "c"}
)

// reads stands for the application: it claims studies, has f say what becomes of
// each, and ends those for which f says nil.
type reads struct {
	ledger *rescorings.Ledger
	f      func(ctx context.Context, c rescore.Case) error
}

func (r *reads) Work(ctx context.Context, t triage.Token, j rescore.Job) error {
	c, err := r.ledger.Claim(ctx, t, j.Rescoring, j.StudyUID, "w1")
	if errors.Is(err, rescore.ErrNotNow) {
		return nil
	}
	if err != nil {
		return err
	}
	err = r.f(ctx, c)
	switch {
	case ctx.Err() != nil:
		return r.ledger.Return(context.WithoutCancel(ctx), t, j.Rescoring, j.StudyUID)
	case errors.Is(err, triage.ErrNoWorker):
		_, countErr := r.ledger.Trouble(ctx, t, j.Rescoring, j.StudyUID, triage.TroubleNoWorker)
		return errors.Join(err, countErr)
	case err != nil:
		_, countErr := r.ledger.Trouble(ctx, t, j.Rescoring, j.StudyUID, triage.TroubleError)
		return errors.Join(err, countErr)
	}
	o := rescore.Outcome{StudyUID: c.StudyUID, At: time.Now(), Worker: "w1"}
	for _, p := range c.Parts {
		o.Series = append(o.Series, rescore.SeriesOutcome{SeriesUID: p.SeriesUID, Modality: "CT", State: rescore.Scored,
			Result: &triage.Result{SeriesUID: p.SeriesUID, Key: p.SeriesUID + c.Rescoring.Recipe.ModelSHA256}})
	}
	return r.ledger.Finish(ctx, t, j.Rescoring, c.Rescoring.Recipe, o)
}

// onEachLedger runs a test on each database.
func onEachLedger(t *testing.T, f func(t *testing.T, l *rescorings.Ledger)) {
	o := rescorings.Options{Works: true, Log: silent()}
	run := func(name string, open func(t *testing.T) (*rescorings.Ledger, error)) {
		t.Run(name, func(t *testing.T) {
			l, err := open(t)
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, l.Close()) })
			f(t, l)
		})
	}
	run("SQLite", func(t *testing.T) (*rescorings.Ledger, error) {
		return rescorings.OpenSQLite(t.Context(), t.TempDir(), o)
	})
	run("PostgreSQL", func(t *testing.T) (*rescorings.Ledger, error) {
		return rescorings.OpenPostgres(t.Context(), postgrestest.Database(t), o)
	})
}

// rescoring makes one with n studies of a series each, and feeds them.
func rescoring(t *testing.T, l *rescorings.Ledger, r triage.Recipe, n int) int64 {
	t.Helper()
	made, err := l.Create(t.Context(), rescore.Rescoring{Recipe: r, CreatedAt: time.Now()})
	require.NoError(t, err)
	b := rescore.Batch{Cursor: "end"}
	for i := range n {
		uid := fmt.Sprintf("%d.%d", made.ID, i)
		b.Parts = append(b.Parts, rescore.Part{StudyUID: uid, SeriesUID: uid + ".1", Modality: "CT", Instances: 1})
	}
	require.NoError(t, l.Plan(t.Context(), made.ID, "", b))
	require.NoError(t, l.EndPlanning(t.Context(), made.ID, rescore.Readable, time.Now()))
	fed, err := l.Feed(t.Context(), made.ID, n, false)
	require.NoError(t, err)
	require.Equal(t, n, fed)
	return made.ID
}

func work(t *testing.T, l *rescorings.Ledger, slots int, f func(ctx context.Context, c rescore.Case) error) *jobs.Rescorings {
	t.Helper()
	q, err := jobs.NewRescorings(l.Driver(), &reads{ledger: l, f: f}, jobs.RescoringOptions{Name: "w1", Slots: slots, Poll: 20 * time.Millisecond, Log: silent()})
	require.NoError(t, err)
	require.NoError(t, q.Start(t.Context()))
	return q
}

func awaitRescoring(t *testing.T, l *rescorings.Ledger, id int64, is func(r rescore.Rescoring) bool) rescore.Rescoring {
	t.Helper()
	var r rescore.Rescoring
	require.Eventually(t, func() bool {
		var err error
		r, err = l.Rescoring(t.Context(), id)
		require.NoError(t, err)
		return is(r)
	}, 30*time.Second, 20*time.Millisecond)
	return r
}

func isDone(r rescore.Rescoring) bool { return r.State == rescore.StateDone }

func halt(t *testing.T, q *jobs.Rescorings, grace time.Duration) {
	t.Helper()
	require.NoError(t, q.Stop(context.Background(), grace, 10*time.Second))
}

func TestRescoringsAreWorkedWithinTheSlots(t *testing.T) {
	onEachLedger(t, func(t *testing.T, l *rescorings.Ledger) {
		a, b := rescoring(t, l, recipeA, 12), rescoring(t, l, recipeB, 12)
		var at, most atomic.Int32
		full := make(chan struct{}) // closed when three are in hand
		q := work(t, l, 3, func(context.Context, rescore.Case) error {
			now := at.Add(1)
			defer at.Add(-1)
			for seen := most.Load(); now > seen && !most.CompareAndSwap(seen, now); seen = most.Load() {
			}
			select {
			case <-full:
				time.Sleep(10 * time.Millisecond)
			default:
				if now == 3 {
					close(full)
				}
				<-full
			}
			return nil
		})
		require.NoError(t, q.Serve([]triage.Recipe{recipeA, recipeB}))
		for _, id := range []int64{a, b} {
			r := awaitRescoring(t, l, id, isDone)
			require.EqualValues(t, 12, r.Totals.Scored)
		}
		halt(t, q, time.Minute)
		require.EqualValues(t, 3, most.Load(), "of both queues together")
	})
}

func TestOnlyServedRecipesAreWorked(t *testing.T) {
	onEachLedger(t, func(t *testing.T, l *rescorings.Ledger) {
		a, b := rescoring(t, l, recipeA, 4), rescoring(t, l, recipeB, 4)
		var mu sync.Mutex
		worked := map[int64]int{}
		q := work(t, l, 2, func(_ context.Context, c rescore.Case) error {
			mu.Lock()
			defer mu.Unlock()
			worked[c.Rescoring.ID]++
			return nil
		})
		require.NoError(t, q.Serve([]triage.Recipe{recipeA}))
		awaitRescoring(t, l, a, isDone)
		require.Equal(t, rescore.StateRunning, awaitRescoring(t, l, b, func(rescore.Rescoring) bool { return true }).State)
		require.NoError(t, q.Serve([]triage.Recipe{recipeB}))
		awaitRescoring(t, l, b, isDone)
		c := rescoring(t, l, recipeA, 4)
		require.NoError(t, q.Serve([]triage.Recipe{recipeB, recipeA}))
		awaitRescoring(t, l, c, isDone)
		halt(t, q, time.Minute)
		require.Equal(t, map[int64]int{a: 4, b: 4, c: 4}, worked)
	})
}

func TestAStudyInHandOfARecipeThatIsNoLongerServedIsWorkedToItsEnd(t *testing.T) {
	onEachLedger(t, func(t *testing.T, l *rescorings.Ledger) {
		a := rescoring(t, l, recipeA, 2)
		began, goOn := make(chan struct{}, 2), make(chan struct{})
		q := work(t, l, 1, func(context.Context, rescore.Case) error {
			began <- struct{}{}
			<-goOn
			return nil
		})
		require.NoError(t, q.Serve([]triage.Recipe{recipeA}))
		<-began
		require.NoError(t, q.Serve(nil))
		close(goOn)
		r := awaitRescoring(t, l, a, func(r rescore.Rescoring) bool { return r.Totals.StudiesDone == 1 })
		require.EqualValues(t, 1, r.Totals.Scored)
		halt(t, q, time.Minute)
		require.Empty(t, began, "nothing else of it was begun")
	})
}

// A study of a recipe that is no longer served holds up nobody who ends the
// process.
func TestStoppingGivesBackWhatIsNoLongerServed(t *testing.T) {
	onEachLedger(t, func(t *testing.T, l *rescorings.Ledger) {
		a := rescoring(t, l, recipeA, 1)
		began := make(chan struct{}, 1)
		q := work(t, l, 1, func(ctx context.Context, _ rescore.Case) error {
			began <- struct{}{}
			<-ctx.Done()
			return ctx.Err()
		})
		require.NoError(t, q.Serve([]triage.Recipe{recipeA}))
		<-began
		require.NoError(t, q.Serve(nil))
		halt(t, q, 10*time.Millisecond)
		n, err := l.Feed(t.Context(), a, 1, false)
		require.NoError(t, err)
		require.Equal(t, 1, n, "it waited")
	})
}

func TestAJobThatWaitsForASlotIsLeftToOthersWhenItsRecipeIsNoLongerServed(t *testing.T) {
	onEachLedger(t, func(t *testing.T, l *rescorings.Ledger) {
		a, b := rescoring(t, l, recipeA, 1), rescoring(t, l, recipeB, 1)
		began, goOn := make(chan int64, 2), make(chan struct{})
		q := work(t, l, 1, func(_ context.Context, c rescore.Case) error {
			began <- c.Rescoring.ID
			<-goOn
			return nil
		})
		require.NoError(t, q.Serve([]triage.Recipe{recipeA}))
		require.Equal(t, a, <-began)
		require.NoError(t, q.Serve([]triage.Recipe{recipeA, recipeB}))
		awaitJob(t, l, recipeB, rivertype.JobStateRunning)
		require.NoError(t, q.Serve([]triage.Recipe{recipeA}))
		awaitJob(t, l, recipeB, rivertype.JobStateAvailable)
		close(goOn)
		awaitRescoring(t, l, a, isDone)
		halt(t, q, time.Minute)
		require.Empty(t, began)
		require.Equal(t, rescore.StateRunning, awaitRescoring(t, l, b, func(rescore.Rescoring) bool { return true }).State)
	})
}

// awaitJob waits until the one job of a recipe is in a state of River's.
func awaitJob(t *testing.T, l *rescorings.Ledger, r triage.Recipe, state rivertype.JobState) {
	t.Helper()
	require.Eventually(t, func() bool {
		all, err := l.Driver().GetExecutor().JobGetByKindMany(t.Context(), &riverdriver.JobGetByKindManyParams{Kind: []string{rescore.Job{}.Kind()}})
		require.NoError(t, err)
		return slices.ContainsFunc(all, func(j *rivertype.JobRow) bool { return j.Queue == rescore.Queue(r) && j.State == state })
	}, 30*time.Second, 10*time.Millisecond)
}

func TestAnAttemptThatFailsIsTriedAgain(t *testing.T) {
	onEachLedger(t, func(t *testing.T, l *rescorings.Ledger) {
		a := rescoring(t, l, recipeA, 2)
		var mu sync.Mutex
		tries := map[string]int{}
		q := work(t, l, 2, func(_ context.Context, c rescore.Case) error {
			mu.Lock()
			defer mu.Unlock()
			tries[c.StudyUID]++
			switch {
			case tries[c.StudyUID] > 1:
				return nil
			case len(tries) == 1:
				return fmt.Errorf("%w: no library", triage.ErrNoWorker)
			}
			return errors.New("once")
		})
		require.NoError(t, q.Serve([]triage.Recipe{recipeA}))
		r := awaitRescoring(t, l, a, isDone)
		require.EqualValues(t, 2, r.Totals.Scored)
		require.Zero(t, r.Totals.Late)
		halt(t, q, time.Minute)
	})
}

func TestStoppingGivesStudiesBack(t *testing.T) {
	onEachLedger(t, func(t *testing.T, l *rescorings.Ledger) {
		a := rescoring(t, l, recipeA, 3)
		began := make(chan struct{}, 3)
		q := work(t, l, 1, func(ctx context.Context, _ rescore.Case) error {
			began <- struct{}{}
			<-ctx.Done()
			return ctx.Err()
		})
		require.NoError(t, q.Serve([]triage.Recipe{recipeA}))
		<-began
		halt(t, q, 0)
		again := work(t, l, 1, func(context.Context, rescore.Case) error { return nil })
		require.NoError(t, again.Serve([]triage.Recipe{recipeA}))
		_, err := l.Feed(t.Context(), a, 3, false)
		require.NoError(t, err)
		r := awaitRescoring(t, l, a, isDone)
		require.EqualValues(t, 3, r.Totals.Scored)
		halt(t, again, time.Minute)
		require.Len(t, began, 0)
	})
}

func TestANameThatRiverCannotTakeIsRefused(t *testing.T) {
	l, err := rescorings.OpenSQLite(t.Context(), t.TempDir(), rescorings.Options{Log: silent()})
	require.NoError(t, err)
	defer l.Close()
	for _, name := range []string{"", fmt.Sprintf("%101d", 1)} {
		_, err := jobs.NewRescorings(l.Driver(), &reads{}, jobs.RescoringOptions{Name: name})
		require.ErrorContains(t, err, "name")
	}
}
