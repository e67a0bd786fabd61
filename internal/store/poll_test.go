package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/internal/triage"
)

func TestWhatWasSeenInArchives(t *testing.T) {
	dir := t.TempDir()
	one := triage.Polled{StudyUID: "1.2", Instances: 5, Done: -1, Fetched: -1, Failures: 1, NextAt: noon.Add(time.Minute), SeenAt: noon}
	t.Run("written", func(t *testing.T) {
		s := withDestinations(t, dir)
		require.NoError(t, s.Remember(t.Context(), "a", []triage.Polled{one, {StudyUID: "1.3", SeenAt: noon.Add(time.Hour)}}))
		require.NoError(t, s.Remember(t.Context(), "b", []triage.Polled{{StudyUID: "1.2", SeenAt: noon}}))
		one.Done, one.Fetched, one.Failures = 5, 4, 0
		require.NoError(t, s.Remember(t.Context(), "a", []triage.Polled{one}))
	})
	t.Run("read after a restart", func(t *testing.T) {
		s := withDestinations(t, dir)
		a, err := s.Polled(t.Context(), "a")
		require.NoError(t, err)
		require.Len(t, a, 2)
		require.True(t, one.NextAt.Equal(a["1.2"].NextAt))
		require.Equal(t, 4, a["1.2"].Fetched)
		require.NoError(t, s.Unlist(t.Context(), "a", noon.Add(time.Minute)))
		a, err = s.Polled(t.Context(), "a")
		require.NoError(t, err)
		require.NotContains(t, a, "1.2")
		require.Contains(t, a, "1.3")
		b, err := s.Polled(t.Context(), "b")
		require.NoError(t, err)
		require.Contains(t, b, "1.2", "another archive's")
	})
}
