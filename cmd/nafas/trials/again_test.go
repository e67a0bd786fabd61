package trials_test

import (
	"bytes"
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/internal/rescore"
	"nafas/internal/rescore/archivetest"
)

const exitUsage = 2

// The list of what to look at again is the table of the export, in its order; it is
// shown to readers as it was when it was published, until it is withdrawn.
func TestTheListToLookAtAgain(t *testing.T) {
	p := newPast(t, 40)
	data, out := filepath.Join(t.TempDir(), "data"), filepath.Join(t.TempDir(), "tables")
	// It flags much less than the other one.
	strict := filepath.Join(p.models, "v3")
	require.NoError(t, archivetest.Model(strict, brightSpots, archivetest.Version{Version: "3.0.0", One: 0.9, BrightHU: 615}))
	p.resume(data, p.begin(p.archive, data, strict))
	p.resume(data, p.begin(p.archive, data, p.model, "--name", "autumn"))
	p.run([]int{exitUsage}, "rescore", "again", "2", "--data", data, "--publish")
	again := func(more ...string) string {
		return p.run([]int{exitDone}, append([]string{"rescore", "again", "2", "--data", data, "--models", p.models, "--baseline", "1"}, more...)...)
	}
	p.run([]int{exitDone}, "rescore", "export", "2", "--data", data, "--models", p.models, "--baseline", "1", "--out", out)
	for format, name := range map[string]string{"csv": "look_again.csv", "json": "look_again.jsonl"} {
		want, err := os.ReadFile(filepath.Join(out, name))
		require.NoError(t, err)
		require.Equal(t, string(want), again("--format", format))
	}
	raw, err := os.ReadFile(filepath.Join(out, "look_again.csv"))
	require.NoError(t, err)
	rows, err := csv.NewReader(bytes.NewReader(raw)).ReadAll()
	require.NoError(t, err)
	require.Greater(t, len(rows), 3, "the two models differ")
	column := slices.Index(rows[0], "study_uid")
	table := again("--format", "table")
	l := p.look(data)
	all, err := l.PublishedLists(t.Context())
	require.NoError(t, err)
	require.Empty(t, all, "printing shows readers nothing")

	again("--publish")
	list, entries, err := l.ListEntries(t.Context(), 2, 0, 1000)
	require.NoError(t, err)
	require.Equal(t, []any{"autumn", "1", true, len(rows) - 1}, []any{list.Name, list.Baseline, list.Whole, list.Entries})
	require.Len(t, entries, len(rows)-1)
	at := 0
	for i, e := range entries {
		require.Equal(t, []string{strconv.Itoa(i + 1), rows[i+1][column]}, []string{strconv.Itoa(e.Place), e.StudyUID})
		next := strings.Index(table[at:], e.StudyUID)
		require.GreaterOrEqual(t, next, 0, "the table has the same order")
		at += next
	}
	p.run([]int{exitUsage}, "rescore", "again", "2", "--data", data, "--publish", "--withdraw")
	require.Empty(t, p.run([]int{exitDone}, "rescore", "again", "2", "--data", data, "--withdraw"))
	_, _, err = l.ListEntries(t.Context(), 2, 0, 1)
	require.ErrorIs(t, err, rescore.ErrNotPublished)
	p.run([]int{1}, "rescore", "again", "2", "--data", data, "--withdraw")
	p.run([]int{1}, "rescore", "again", "9", "--data", data)

	p.resume(data, p.begin(p.archive, data, p.model))
	same := p.run([]int{exitDone}, "rescore", "again", "3", "--data", data, "--models", p.models, "--baseline", "2", "--format", "table")
	require.Contains(t, same, "no study is on the list of rescoring 3")
}

// What is published before everything is through says so.
func TestAListOfARescoringThatIsNotThrough(t *testing.T) {
	p := newPast(t, 4)
	data := filepath.Join(t.TempDir(), "data")
	p.resume(data, p.begin(p.archive, data, p.model))
	p.begin(p.archive, data, p.model2)
	p.run([]int{exitDone}, "rescore", "again", "2", "--data", data, "--models", p.models, "--baseline", "1", "--publish")
	all, err := p.look(data).PublishedLists(t.Context())
	require.NoError(t, err)
	require.Len(t, all, 1)
	require.False(t, all[0].Whole)
}
