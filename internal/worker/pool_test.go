package worker_test

import (
	"context"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/internal/triage"
	"nafas/internal/worker"
)

func pool(t *testing.T, slots int) *worker.Pool {
	t.Helper()
	p := worker.NewPool(slots, worker.Options{Grace: 2 * time.Second, Log: slog.New(slog.DiscardHandler)})
	t.Cleanup(p.Close)
	return p
}

// of starts a child that reads with a model, whatever it is asked for.
func of(model string) func() (*exec.Cmd, error) {
	return func() (*exec.Cmd, error) {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), childEnv+"=model "+model)
		return cmd, nil
	}
}

func recipe(model string) triage.Recipe { return triage.Recipe{ModelSHA256: model} }

// pidOf is the child that read.
func pidOf(t *testing.T, r triage.StudyReading) int {
	t.Helper()
	pid, err := strconv.Atoi(r.Notes[0])
	require.NoError(t, err)
	return pid
}

// atOnce: a study may begin as soon as there is a slot.
func atOnce(context.Context) error { return nil }

// TestAStudyBeginsOnlyWhereItMay: with a slot at hand, and not before, it is asked.
func TestAStudyBeginsOnlyWhereItMay(t *testing.T) {
	p := pool(t, 1)
	_, err := p.Read(t.Context(), recipe("a"), of("a"), job("1.1"), func(ctx context.Context) error {
		short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
		defer cancel()
		_, err := p.Read(short, recipe("a"), of("a"), job("1.2"), func(context.Context) error {
			t.Error("the other one has the slot")
			return nil
		})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		return io.ErrNoProgress
	})
	require.ErrorIs(t, err, io.ErrNoProgress)
	_, err = p.Read(t.Context(), recipe("a"), of("a"), job("1.3"), atOnce)
	require.NoError(t, err, "the slot is free again")
}

func TestAPoolReadsEachStudyWithItsOwnModel(t *testing.T) {
	p := pool(t, 1)
	a, err := p.Read(t.Context(), recipe("a"), of("a"), job("1.1"), atOnce)
	require.NoError(t, err)
	require.Equal(t, recipe("a"), a.Recipe)
	again, err := p.Read(t.Context(), recipe("a"), of("a"), job("1.2"), atOnce)
	require.NoError(t, err)
	require.Equal(t, pidOf(t, a), pidOf(t, again), "the child of the recipe is used again")
	b, err := p.Read(t.Context(), recipe("b"), of("b"), job("1.3"), atOnce)
	require.NoError(t, err)
	require.Equal(t, recipe("b"), b.Recipe)
	require.Eventually(t, func() bool { return syscall.Kill(pidOf(t, a), 0) != nil }, 10*time.Second, 10*time.Millisecond,
		"the child of the other recipe makes room")
}

func TestAPoolNeverReadsWithAnotherModelThanIsAskedFor(t *testing.T) {
	_, err := pool(t, 1).Read(t.Context(), recipe("a"), of("b"), job("1.1"), atOnce)
	require.ErrorIs(t, err, triage.ErrNoWorker)
}

func TestAPoolReadsInItsSlots(t *testing.T) {
	p := pool(t, 2)
	ctx, cancel := context.WithCancel(t.Context())
	var long sync.WaitGroup
	for range 2 {
		long.Go(func() {
			_, err := p.Read(ctx, recipe("a"), of("a"), job("tiles"), atOnce)
			require.ErrorIs(t, err, context.Canceled)
		})
	}
	// Both slots are taken, or will be: a third one waits until its context ends.
	require.Eventually(t, func() bool { return p.Busy() == 2 }, 10*time.Second, time.Millisecond)
	short, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer stop()
	_, err := p.Read(short, recipe("a"), of("a"), job("1.1"), atOnce)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	cancel()
	long.Wait()
	_, err = p.Read(t.Context(), recipe("a"), of("a"), job("1.1"), atOnce)
	require.NoError(t, err)
}

func TestACrashInAPoolCostsOneAttempt(t *testing.T) {
	p := pool(t, 1)
	_, err := p.Read(t.Context(), recipe("a"), of("a"), job("killed"), atOnce)
	require.ErrorIs(t, err, triage.ErrWorkerDied)
	_, err = p.Read(t.Context(), recipe("a"), of("a"), job("1.1"), atOnce)
	require.NoError(t, err)
}

func TestAClosedPoolReadsNothing(t *testing.T) {
	p := pool(t, 1)
	p.Close()
	_, err := p.Read(t.Context(), recipe("a"), of("a"), job("1.1"), atOnce)
	require.ErrorIs(t, err, worker.ErrClosed)
}
