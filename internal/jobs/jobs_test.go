package jobs_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/internal/jobs"
	"nafas/internal/store"
	"nafas/internal/triage"
)

func silent() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// header takes "study/sop" for a file.
func header(data []byte) (triage.Header, error) {
	study, _, _ := strings.Cut(string(data), "/")
	sum := sha256.Sum256(data)
	return triage.Header{StudyUID: study, SeriesUID: study + ".1", SOPUID: string(data), Modality: "CT", Pixels: sum, Content: sum}, nil
}

type readerFunc func(ctx context.Context, job triage.ReadingJob) (triage.StudyReading, error)

func (f readerFunc) Read(ctx context.Context, job triage.ReadingJob, _ func(triage.Progress)) (triage.StudyReading, error) {
	return f(ctx, job)
}

func read(_ context.Context, job triage.ReadingJob) (triage.StudyReading, error) {
	p, why := triage.Ranking{}.Rank(triage.Result{}, nil)
	return triage.StudyReading{State: triage.Done, Priority: p, PriorityReasons: why}, nil
}

// server is a store, a service and a runner in one folder.
type server struct {
	*triage.Service
	store  *store.SQLite
	runner *jobs.Runner
}

func open(t *testing.T, dir string, quiet time.Duration, f readerFunc) *server {
	t.Helper()
	st, err := store.Open(t.Context(), dir, store.Options{Log: silent()})
	require.NoError(t, err)
	s := &server{store: st, Service: triage.New(st, st, header, f, triage.Options{Quiet: quiet, MinFreeBytes: 1, Log: silent()})}
	s.runner, err = jobs.New(st.Driver(), s.Service, jobs.Options{Poll: 20 * time.Millisecond, Log: silent()})
	require.NoError(t, err)
	require.NoError(t, s.runner.Start(t.Context()))
	return s
}

func (s *server) close(t *testing.T, grace time.Duration) {
	t.Helper()
	require.NoError(t, s.runner.Stop(context.WithoutCancel(t.Context()), grace, 10*time.Second))
	require.NoError(t, s.store.Close())
}

func (s *server) send(t *testing.T, sub triage.Submission, files ...string) {
	t.Helper()
	u, err := s.Begin(t.Context(), sub)
	require.NoError(t, err)
	defer u.Abort()
	for _, f := range files {
		require.NoError(t, u.Put(t.Context(), f, strings.NewReader(f)))
	}
	_, err = u.Commit(t.Context())
	require.NoError(t, err)
}

func (s *server) await(t *testing.T, uid string, state triage.State) triage.Study {
	t.Helper()
	var study triage.Study
	require.Eventually(t, func() bool {
		var err error
		study, err = s.Study(t.Context(), uid)
		require.NoError(t, err)
		return study.State == state
	}, 20*time.Second, 10*time.Millisecond, "waiting for %s", state)
	return study
}

func TestStudiesSentTogetherAreAllRead(t *testing.T) {
	var at, most atomic.Int32
	s := open(t, t.TempDir(), time.Minute, func(ctx context.Context, job triage.ReadingJob) (triage.StudyReading, error) {
		most.Store(max(most.Load(), at.Add(1)))
		defer at.Add(-1)
		time.Sleep(5 * time.Millisecond)
		return read(ctx, job)
	})
	defer s.close(t, time.Minute)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			uid := fmt.Sprintf("1.%d", i)
			s.send(t, triage.Submission{Complete: true}, uid+"/1", uid+"/2", uid+"/3")
		})
	}
	wg.Wait()
	for i := range 8 {
		require.Equal(t, 3, s.await(t, fmt.Sprintf("1.%d", i), triage.Done).Instances)
	}
	require.EqualValues(t, 1, most.Load(), "one study is read at a time")
}

func TestQuietStudySettlesByItself(t *testing.T) {
	s := open(t, t.TempDir(), 300*time.Millisecond, read)
	defer s.close(t, time.Minute)
	s.send(t, triage.Submission{}, "1.2/1")
	s.await(t, "1.2", triage.Receiving)
	s.send(t, triage.Submission{}, "1.2/2")
	require.Equal(t, 2, s.await(t, "1.2", triage.Done).Instances)
	require.Equal(t, 1, countJobs(t, s, "settle"), "one settle job for both")
	require.Equal(t, 1, countJobs(t, s, "read"))
}

func TestFailedAttemptIsTriedAgainAndThenSetAside(t *testing.T) {
	var tries atomic.Int32
	s := open(t, t.TempDir(), time.Minute, func(ctx context.Context, job triage.ReadingJob) (triage.StudyReading, error) {
		if tries.Add(1) == 1 {
			return triage.StudyReading{}, errors.New("once")
		}
		if job.StudyUID == "1.3" {
			return triage.StudyReading{}, triage.ErrWorkerDied
		}
		return read(ctx, job)
	})
	defer s.close(t, time.Minute)
	s.send(t, triage.Submission{Complete: true}, "1.2/1")
	s.await(t, "1.2", triage.Done)
	s.send(t, triage.Submission{Complete: true}, "1.3/1")
	study := s.await(t, "1.3", triage.Failed)
	require.Equal(t, triage.WorkerCrashed, study.NotAssessed.Reason)
	require.EqualValues(t, 2+triage.MaxTrouble, tries.Load())
}

func TestStudiesWaitForAWorkerThatCannotBeStarted(t *testing.T) {
	var tries atomic.Int32
	s := open(t, t.TempDir(), time.Minute, func(ctx context.Context, job triage.ReadingJob) (triage.StudyReading, error) {
		if tries.Add(1) <= 2 {
			return triage.StudyReading{}, fmt.Errorf("%w: no library", triage.ErrNoWorker)
		}
		return read(ctx, job)
	})
	defer s.close(t, time.Minute)
	s.send(t, triage.Submission{Complete: true}, "1.2/1")
	s.await(t, "1.2", triage.Done)
	require.EqualValues(t, 3, tries.Load())
}

func TestStopPutsTheJobBackAndTheNextStartDoesIt(t *testing.T) {
	dir := t.TempDir()
	begun := make(chan struct{}, 1)
	s := open(t, dir, time.Minute, func(ctx context.Context, _ triage.ReadingJob) (triage.StudyReading, error) {
		begun <- struct{}{}
		<-ctx.Done()
		return triage.StudyReading{}, ctx.Err()
	})
	s.send(t, triage.Submission{Complete: true}, "1.2/1")
	<-begun
	s.close(t, 50*time.Millisecond)

	s = open(t, dir, time.Minute, read)
	defer s.close(t, time.Minute)
	s.await(t, "1.2", triage.Done)
}

func TestStopLetsTheJobFinish(t *testing.T) {
	dir := t.TempDir()
	begun := make(chan struct{})
	s := open(t, dir, time.Minute, func(ctx context.Context, job triage.ReadingJob) (triage.StudyReading, error) {
		close(begun)
		time.Sleep(200 * time.Millisecond)
		return read(ctx, job)
	})
	s.send(t, triage.Submission{Complete: true}, "1.2/1")
	<-begun
	s.close(t, time.Minute)

	st, err := store.Open(t.Context(), dir, store.Options{Log: silent()})
	require.NoError(t, err)
	defer st.Close()
	study, err := st.Study(t.Context(), "1.2")
	require.NoError(t, err)
	require.Equal(t, triage.Done, study.State)
}

func TestCancelStopsARunningJob(t *testing.T) {
	begun := make(chan struct{}, 1)
	stopped := make(chan error, 1)
	s := open(t, t.TempDir(), time.Minute, func(ctx context.Context, job triage.ReadingJob) (triage.StudyReading, error) {
		begun <- struct{}{}
		select {
		case <-ctx.Done():
			stopped <- context.Cause(ctx)
			return triage.StudyReading{}, ctx.Err()
		case <-time.After(20 * time.Second):
			return read(ctx, job)
		}
	})
	defer s.close(t, time.Minute)
	s.send(t, triage.Submission{Complete: true}, "1.2/1")
	<-begun
	require.NoError(t, s.Cancel(t.Context(), "1.2"))
	require.ErrorIs(t, <-stopped, triage.ErrFenced)
	study := s.await(t, "1.2", triage.NotAssessed)
	require.Equal(t, triage.Cancelled, study.NotAssessed.Reason)
}

func TestUrgentStudiesComeFirst(t *testing.T) {
	var mu sync.Mutex
	var order []string
	gate := make(chan struct{})
	s := open(t, t.TempDir(), time.Minute, func(ctx context.Context, job triage.ReadingJob) (triage.StudyReading, error) {
		if job.StudyUID == "1.1" {
			<-gate
		}
		mu.Lock()
		order = append(order, job.StudyUID)
		mu.Unlock()
		return read(ctx, job)
	})
	defer s.close(t, time.Minute)
	s.send(t, triage.Submission{Complete: true}, "1.1/1")
	s.await(t, "1.1", triage.Running)
	s.send(t, triage.Submission{Complete: true}, "1.2/1")
	s.send(t, triage.Submission{Complete: true, Priority: triage.RequestUrgent}, "1.3/1")
	close(gate)
	s.await(t, "1.2", triage.Done)
	require.Equal(t, []string{"1.1", "1.3", "1.2"}, order)
}

func countJobs(t *testing.T, s *server, kind string) int {
	t.Helper()
	var n int
	require.NoError(t, s.store.DB().QueryRowContext(t.Context(), `SELECT count(*) FROM river_job WHERE kind = ?`, kind).Scan(&n))
	return n
}
