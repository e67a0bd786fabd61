package tables_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/internal/rescore"
	"nafas/internal/rescore/tables"
)

func names(t *testing.T, dir string) (out []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

// exported is a folder with all tables of the fixture.
func exported(t *testing.T, dir string, formats ...tables.Format) []string {
	t.Helper()
	e, err := tables.Create(dir, header, formats...)
	require.NoError(t, err)
	for _, r := range inputs() {
		require.NoError(t, e.Add(r))
	}
	require.NoError(t, e.AddLookAgain(changes()))
	files, err := e.Complete()
	require.NoError(t, err)
	require.NoError(t, e.Discard())
	return files
}

func TestAnExportHasAllTables(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "folder")
	files := exported(t, dir)
	require.Len(t, files, 9)
	require.Len(t, names(t, dir), 9, "and nothing else")
	for _, table := range tables.Tables() {
		for _, f := range tables.Formats() {
			got, err := os.ReadFile(filepath.Join(dir, tables.FileName(table, f)))
			require.NoError(t, err)
			require.Equal(t, string(written(t, table, f, inputs()...)), string(got), "the same whenever it is written")
		}
	}
	info, err := os.Stat(files[0])
	require.NoError(t, err)
	require.EqualValues(t, 0o644, info.Mode().Perm())

	dir = t.TempDir()
	exported(t, dir, tables.CSV)
	require.Equal(t, []string{"findings.csv", "look_again.csv", "series.csv"}, names(t, dir))
}

// Without a comparison there is no list of what to look at again, not an empty one.
func TestNothingWasCompared(t *testing.T) {
	dir := t.TempDir()
	e, err := tables.Create(dir, header, tables.JSONL)
	require.NoError(t, err)
	_, err = e.Complete()
	require.NoError(t, err)
	require.Equal(t, []string{"findings.jsonl", "series.jsonl"}, names(t, dir))
}

func TestABrokenExportNeverLooksWhole(t *testing.T) {
	gone := errors.New("the ledger is gone")
	rows := func(each func(rescore.Row) error) error { return errors.Join(each(inputs()[1]), gone) }
	for name, run := range map[string]func(e *tables.Export, dir string) error{
		"the rows end early": func(e *tables.Export, _ string) error { return rows(e.Add) },
		"a row is no row": func(e *tables.Export, _ string) error {
			return e.Add(rescore.Row{State: rescore.Scored})
		},
		"what to look at is said twice": func(e *tables.Export, _ string) error {
			return errors.Join(e.AddLookAgain(nil), e.AddLookAgain(nil))
		},
		"somebody else wrote a table": func(e *tables.Export, dir string) error {
			return errors.Join(os.WriteFile(filepath.Join(dir, "look_again.csv"), nil, 0o644), e.AddLookAgain(nil), os.Remove(filepath.Join(dir, "look_again.csv")))
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			e, err := tables.Create(dir, header)
			require.NoError(t, err)
			for _, n := range names(t, dir) {
				require.Contains(t, n, ".part-", "no table has its name while it is written")
			}
			require.Error(t, run(e, dir))
			require.NoError(t, e.Discard())
			require.Empty(t, names(t, dir))
		})
	}
}

func TestAnExportWritesOverNothing(t *testing.T) {
	dir := t.TempDir()
	kept := filepath.Join(dir, "findings.csv")
	require.NoError(t, os.WriteFile(kept, []byte("mine"), 0o644))
	_, err := tables.Create(dir, header)
	require.ErrorIs(t, err, tables.ErrThere)
	require.Equal(t, []string{"findings.csv"}, names(t, dir))
	got, err := os.ReadFile(kept)
	require.NoError(t, err)
	require.Equal(t, "mine", string(got))

	_, err = tables.Create(kept, header)
	require.Error(t, err, "a file is no folder")
}
