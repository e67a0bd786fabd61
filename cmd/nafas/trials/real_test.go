package trials_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/internal/rescore"
)

// Real scans, read by the shipped model, are the same after processes were killed.
func TestRealScansSurviveKills(t *testing.T) {
	root := os.Getenv("NAFAS_TEST_DATA")
	if root == "" {
		require.NotEqual(t, "true", os.Getenv("CI"), "CI must have real scans")
		t.Skip("NAFAS_TEST_DATA names no folder with real scans")
	}
	p := newPast(t, 1)
	scans := filepath.Join(root, "ct")
	calm, rough := filepath.Join(t.TempDir(), "calm"), filepath.Join(t.TempDir(), "rough")
	p.resume(calm, p.begin(scans, calm, ""))
	undisturbed := p.look(calm)
	id := p.begin(scans, rough, "")
	disturbed := p.look(rough)
	p.killAtWork(disturbed, id, p.resuming(rough, id))
	p.resume(rough, id)
	require.Equal(t, rows(t, undisturbed, 1), rows(t, disturbed, id))
	totals := totals(t, disturbed, id)
	require.Equal(t, totals.Inputs, totals.Ended())
	require.EqualValues(t, patients(t, scans), totals.Scored, "one series of each patient is read")
	require.Zero(t, totals.Reasons["WORKER_CRASHED"])
	findings := 0
	require.NoError(t, disturbed.Rows(t.Context(), id, func(r rescore.Row) error {
		if r.Result != nil {
			findings += len(r.Result.Findings)
		}
		return nil
	}))
	require.Positive(t, findings)
}

// patients are the folders of a data set.
func patients(t *testing.T, dir string) (n int) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		if e.IsDir() {
			n++
		}
	}
	return n
}
