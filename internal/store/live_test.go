package store_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/internal/store"
	"nafas/internal/triage"
)

func TestNobodyIsBusyWhereNoServiceEverWas(t *testing.T) {
	w, err := store.WatchLive(t.TempDir())
	require.NoError(t, err)
	require.Nil(t, w)
}

func TestAServiceIsBusyWhileAStudyWaitsOrIsRead(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, store.OS{})
	w, err := store.WatchLive(dir)
	require.NoError(t, err)
	defer w.Close()
	busy := func() bool {
		is, err := w.Busy(t.Context())
		require.NoError(t, err)
		return is
	}
	require.False(t, busy())
	_, err = s.Record(t.Context(), triage.Intake{
		Submission: triage.Submission{Priority: triage.RequestRoutine, Complete: true}, At: noon, QuietUntil: noon, Recipe: recipe,
		Files: []triage.IntakeFile{instanceOf("1.2", "1", "1.1", "CT", triage.Description{})},
	})
	require.NoError(t, err)
	require.True(t, busy(), "it waits")
	token := begin(t, s, "read")
	job, err := s.StartReading(t.Context(), token, "1.2", noon, recipe)
	require.NoError(t, err)
	require.True(t, busy(), "it is read")
	require.NoError(t, s.Close())
	require.False(t, busy(), "a service that ended does not hold a rescoring up for ever")

	s = open(t, dir, store.OS{})
	defer s.Close()
	require.True(t, busy(), "it waits again")
	token = begin(t, s, "read")
	_, err = s.StartReading(t.Context(), token, "1.2", noon, recipe)
	require.NoError(t, err)
	reading := resultOf("1.2", "k1")
	reading.Key = job.Key
	require.NoError(t, s.FinishReading(t.Context(), token, noon, reading))
	_, err = s.DB().ExecContext(t.Context(), `UPDATE river_job SET state = 'completed', finalized_at = CURRENT_TIMESTAMP WHERE id = ?`, token.JobID)
	require.NoError(t, err)
	require.False(t, busy())
}

// A service must start while somebody looks on.
func TestLookingOnKeepsNoServiceFromStarting(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, open(t, dir, store.OS{}).Close())
	w, err := store.WatchLive(dir)
	require.NoError(t, err)
	defer w.Close()
	done := make(chan struct{})
	var looking sync.WaitGroup
	looking.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
				_, err := w.Busy(t.Context())
				require.NoError(t, err)
			}
		}
	})
	for range 10 {
		require.NoError(t, open(t, dir, store.OS{}).Close())
	}
	close(done)
	looking.Wait()
}
