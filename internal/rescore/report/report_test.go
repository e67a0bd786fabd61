package report_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/internal/rescore/report"
)

var update = flag.Bool("update", false, "write testdata anew")

func written(t *testing.T, r report.Report, language string) string {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, report.Write(&out, r, language))
	return out.String()
}

// The golden pages are for people to read: what is meant is in the other tests.
func TestGoldenPages(t *testing.T) {
	r := reportOf(t, 120, 8)
	for _, language := range report.Languages() {
		got := written(t, r, language)
		golden := filepath.Join("testdata", language+".html")
		if *update {
			require.NoError(t, os.WriteFile(golden, []byte(got), 0o644))
		}
		want, err := os.ReadFile(golden)
		require.NoError(t, err)
		if line, was, is := firstDifference(string(want), got); line > 0 {
			require.Equal(t, was, is, "%s, line %d; write it anew: go test ./internal/rescore/report -update", golden, line)
		}
	}
}

// firstDifference is the first line that differs, from 1; 0 where none does.
func firstDifference(want, got string) (line int, was, is string) {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range max(len(w), len(g)) {
		was, is = "(no line)", "(no line)"
		if i < len(w) {
			was = w[i]
		}
		if i < len(g) {
			is = g[i]
		}
		if was != is {
			return i + 1, was, is
		}
	}
	return 0, "", ""
}
