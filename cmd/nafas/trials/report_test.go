package trials_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Two versions of a model over one archive: what changed is told as pages and as
// tables, and the tables are what an evaluation reads.
func TestWhatTwoVersionsSay(t *testing.T) {
	p := newPast(t, 100)
	data, out := filepath.Join(t.TempDir(), "data"), t.TempDir()
	p.resume(data, p.begin(p.archive, data, p.model))
	p.resume(data, p.begin(p.archive, data, p.model2, "--baseline", "1"))
	p.run([]int{exitDone}, "rescore", "report", "2", "--data", data, "--models", p.models, "--out", out)
	for _, language := range []string{"en", "fr", "ar"} {
		page, err := os.ReadFile(filepath.Join(out, "report-2."+language+".html"))
		require.NoError(t, err)
		require.Contains(t, string(page), "brightspots-coarse")
		require.Contains(t, string(page), "2.0.0")
		require.Contains(t, string(page), "1.0.0", "what it is compared with")
		require.Equal(t, 1, strings.Count(string(page), `<p class="notice bad">`), "inputs failed, and the totals are what the inputs are")
	}
	tables := filepath.Join(out, "tables")
	p.run([]int{exitDone}, "rescore", "export", "2", "--data", data, "--models", p.models, "--out", tables)
	for _, name := range []string{"series", "findings", "look_again"} {
		for _, format := range []string{"parquet", "csv", "jsonl"} {
			require.FileExists(t, filepath.Join(tables, name+"."+format))
		}
	}
	series, err := os.ReadFile(filepath.Join(tables, "series.csv"))
	require.NoError(t, err)
	require.Len(t, strings.Split(strings.TrimSpace(string(series)), "\n"), 1+len(p.truth.Series)+len(p.truth.Loose), "one row an input")
	// One place that is a nodule, so that there is something to find.
	nodules := filepath.Join(out, "nodules.csv")
	require.NoError(t, os.WriteFile(nodules, []byte("seriesuid,coordX,coordY,coordZ,diameter_mm\n"+firstFinding(t, tables)+",20\n"), 0o600))
	said := p.run([]int{exitDone}, "evaluate", "--marks", filepath.Join(tables, "findings.csv"), "--series", filepath.Join(tables, "series.csv"), "--annotations", nodules)
	require.Contains(t, said, `"nodules"`)
}

// firstFinding is the series and the place of the first finding of a table.
func firstFinding(t *testing.T, tables string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(tables, "findings.csv"))
	require.NoError(t, err)
	lines := strings.Split(string(raw), "\n")
	header, first := strings.Split(lines[0], ","), strings.Split(lines[1], ",")
	at := map[string]string{}
	for i, name := range header {
		at[name] = first[i]
	}
	return strings.Join([]string{at["series_uid"], at["center_lps_x_mm"], at["center_lps_y_mm"], at["center_lps_z_mm"]}, ",")
}

// A baseline that is not there is an error that says what to do, and no report.
func TestABaselineThatIsNotThere(t *testing.T) {
	p := newPast(t, 1)
	data, out := filepath.Join(t.TempDir(), "data"), t.TempDir()
	p.resume(data, p.begin(p.archive, data, p.model))
	for _, baseline := range []string{"9", "live", "yesterday"} {
		p.run([]int{1, 2}, "rescore", "report", "1", "--data", data, "--baseline", baseline, "--out", out)
	}
	left, err := os.ReadDir(out)
	require.NoError(t, err)
	require.Empty(t, left)
}
