package archivetest_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/internal/rescore"
	"nafas/internal/rescore/archivetest"
)

func TestTheTruthAddsUp(t *testing.T) {
	dir := t.TempDir()
	truth, err := archivetest.Write(dir, 200, 1)
	require.NoError(t, err)
	var files, zipped int64
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files++
			if filepath.Ext(path) == ".zip" {
				zipped++
			}
		}
		return err
	}))
	require.Equal(t, files+zipped*39, truth.Files, "40 images of each zip file count, and not the zip file")
	counts := truth.Counts()
	require.EqualValues(t, 7, counts[rescore.Failed]-80-1, "ten series are broken: three of them name no series, 81 files fail by themselves")
	require.EqualValues(t, 20+10+40+3, counts[rescore.Skipped], "of other modalities, second ones, empty files, strays")
	require.EqualValues(t, 160, counts[rescore.Scored])
	again := t.TempDir()
	_, err = archivetest.Write(again, 200, 1)
	require.NoError(t, err)
	a, err := os.ReadFile(filepath.Join(dir, "exports/study13.zip"))
	require.NoError(t, err)
	b, err := os.ReadFile(filepath.Join(again, "exports/study13.zip"))
	require.NoError(t, err)
	require.Equal(t, a, b)
	if keep := os.Getenv("KEEP"); keep != "" {
		require.NoError(t, os.CopyFS(keep, os.DirFS(dir)))
		require.NoError(t, archivetest.Model(keep+"-model", "../../../inference/testdata/brightspots", archivetest.V1))
		require.NoError(t, archivetest.Model(keep+"-model2", "../../../inference/testdata/brightspots", archivetest.V2))
	}
}
