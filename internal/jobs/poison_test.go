package jobs_test

import (
	"context"
	"log/slog"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/internal/jobs"
	"nafas/internal/store"
	"nafas/internal/store/rescorings/postgrestest"
	"nafas/internal/triage"
	"nafas/internal/worker"
)

// childEnv makes the test binary a worker process.
const childEnv = "NAFAS_TEST_WORKER"

func TestMain(m *testing.M) {
	if os.Getenv(childEnv) == "" {
		code := m.Run()
		postgrestest.Stop()
		os.Exit(code)
	}
	err := worker.Main(context.Background(), func(context.Context) (triage.StudyReader, worker.Identity, error) {
		return abortsOnPoison{}, worker.Identity{}, nil
	})
	if err != nil {
		os.Exit(1)
	}
}

// abortsOnPoison is a reader whose native code does not survive one study.
type abortsOnPoison struct{}

func (abortsOnPoison) Read(ctx context.Context, job triage.ReadingJob, _ func(triage.Progress)) (triage.StudyReading, error) {
	if job.StudyUID == "6.6.6" {
		_ = syscall.Kill(os.Getpid(), syscall.SIGABRT)
		time.Sleep(time.Hour)
	}
	return read(ctx, job)
}

// TestPoisonCostsItselfAlone: with real processes, a study that kills its
// worker is set aside after three times, and the others are read.
func TestPoisonCostsItselfAlone(t *testing.T) {
	supervisor := worker.New(worker.Options{
		Command: func() (*exec.Cmd, error) {
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), childEnv+"=1")
			return cmd, nil
		},
		Log: slog.New(slog.DiscardHandler),
	})
	defer supervisor.Close()
	st, err := store.Open(t.Context(), t.TempDir(), store.Options{Log: silent()})
	require.NoError(t, err)
	s := &server{store: st, Service: triage.New(st, st, header, supervisor, triage.Options{MinFreeBytes: 1, Log: silent()})}
	s.runner, err = jobs.New(st.Driver(), s.Service, jobs.Options{Poll: 20 * time.Millisecond, Log: silent()})
	require.NoError(t, err)
	require.NoError(t, s.runner.Start(t.Context()))
	defer s.close(t, time.Minute)

	s.send(t, triage.Submission{Complete: true}, "6.6.6/1")
	for _, uid := range []string{"1.2", "1.3"} {
		s.send(t, triage.Submission{Complete: true}, uid+"/1")
		s.await(t, uid, triage.Done)
	}
	study := s.await(t, "6.6.6", triage.Failed)
	require.Equal(t, triage.WorkerCrashed, study.NotAssessed.Reason)
	require.Contains(t, study.NotAssessed.Found, "3 times")
}
