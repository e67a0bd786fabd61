package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/internal/jobs"
	"nafas/internal/rescore"
	"nafas/internal/store/rescorings"
	"nafas/internal/triage"
)

// shelf is a source of n studies, whose readers end each in a way of its own.
type shelf struct {
	n     int
	mu    sync.Mutex
	tries map[string]int
}

func (s *shelf) Open(context.Context, rescore.Rescoring) (rescore.Source, error) { return s, nil }
func (s *shelf) Whole() bool                                                     { return false }
func (s *shelf) Probe(context.Context) error                                     { return nil }
func (s *shelf) Can(rescore.Rescoring) error                                     { return nil }

func (s *shelf) Scan(_ context.Context, after string, each func(rescore.Batch) error) error {
	for i := range s.n {
		uid := fmt.Sprintf("1.%03d", i)
		if uid <= after {
			continue
		}
		b := rescore.Batch{Cursor: uid, Files: 2, Parts: []rescore.Part{{StudyUID: uid, SeriesUID: uid + ".1", Modality: "CT", Instances: 1,
			Files: []rescore.File{{Path: uid, Size: 1, ModTime: 1}}}}, Loose: []rescore.Loose{{Path: uid + ".txt", State: rescore.Skipped, Reason: rescore.ReasonNotDICOM}}}
		if err := each(b); err != nil {
			return err
		}
	}
	return nil
}

func (s *shelf) Fetch(_ context.Context, c rescore.Case) ([]rescore.Fetched, func(), error) {
	return []rescore.Fetched{{Name: c.StudyUID, Path: "/" + c.StudyUID}}, func() {}, nil
}

// Read: study 7 brings its process down each time, study 8 fails once.
func (s *shelf) Read(ctx context.Context, r rescore.Rescoring, job triage.ReadingJob, ready func(context.Context) error) (triage.StudyReading, error) {
	if err := ready(ctx); err != nil {
		return triage.StudyReading{}, err
	}
	s.mu.Lock()
	s.tries[job.StudyUID]++
	try := s.tries[job.StudyUID]
	s.mu.Unlock()
	switch {
	case strings.HasSuffix(job.StudyUID, "07"):
		return triage.StudyReading{}, triage.ErrWorkerDied
	case strings.HasSuffix(job.StudyUID, "08") && try == 1:
		return triage.StudyReading{}, errors.New("once")
	}
	uid := job.StudyUID + ".1"
	return triage.StudyReading{StudyUID: job.StudyUID, Recipe: r.Recipe, Series: []triage.Series{{UID: uid, Modality: "CT", Instances: 1,
		Result: &triage.Result{StudyUID: job.StudyUID, SeriesUID: uid, Key: uid + r.Recipe.ModelSHA256}}}}, nil
}

// A rescoring goes from its source through the ledger, the queue and the worker to
// its end; the second one of the same files takes over what was read, and reads
// what failed again.
func TestARescoringGoesThrough(t *testing.T) {
	onEachLedger(t, func(t *testing.T, l *rescorings.Ledger) {
		s := &shelf{n: 20, tries: map[string]int{}}
		w := rescore.NewWorker(rescore.WorkOptions{Ledger: l, Sources: s, Readers: s, Name: "w1", Log: silent()})
		q, err := jobs.NewRescorings(l.Driver(), w, jobs.RescoringOptions{Name: "w1", Slots: 3, Poll: 20 * time.Millisecond, Log: silent()})
		require.NoError(t, err)
		require.NoError(t, q.Start(t.Context()))
		ctx, stop := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			w.Tend(ctx, rescore.TendOptions{Feed: 20 * time.Millisecond, Alive: 50 * time.Millisecond, Slots: 3, Host: "host", Serve: q.Serve})
		})
		wg.Go(func() { w.PlanAll(ctx, "host", 20*time.Millisecond) })
		through := func() rescore.Rescoring {
			made, err := l.Create(t.Context(), rescore.Rescoring{Recipe: recipeA, Home: "host", CreatedAt: time.Now()})
			require.NoError(t, err)
			return awaitRescoring(t, l, made.ID, isDone)
		}
		first := through()
		require.Equal(t, rescore.Totals{Studies: 20, StudiesDone: 20, Inputs: 40, Scored: 19, Skipped: 20, Failed: 1, Files: 40,
			Reasons: map[string]int64{rescore.ReasonNotDICOM: 20, string(triage.WorkerCrashed): 1}}, first.Totals)
		require.Equal(t, triage.MaxTrouble, s.tries["1.007"])
		require.Equal(t, 2, s.tries["1.008"])
		require.Positive(t, first.WorkedFor)
		second := through()
		require.Equal(t, rescore.Totals{Studies: 20, StudiesDone: 20, Inputs: 40, Unchanged: 19, Skipped: 20, Failed: 1, Files: 40,
			Reasons: first.Totals.Reasons}, second.Totals)
		require.Equal(t, 2, s.tries["1.008"], "it was not read again")
		require.Equal(t, 2*triage.MaxTrouble, s.tries["1.007"])
		workers, err := l.Workers(t.Context(), time.Now().Add(-time.Minute))
		require.NoError(t, err)
		require.Len(t, workers, 1)
		stop()
		wg.Wait()
		halt(t, q, time.Minute)
	})
}
