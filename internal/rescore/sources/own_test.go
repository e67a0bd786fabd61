package sources_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/internal/rescore"
	"nafas/internal/rescore/sources"
)

// TestTheProgramsOwnFilesAreNoInputs: whoever stands in the archive and begins
// there has the data folder in it. Images in it are inputs even so: nothing that
// could be read is left out.
func TestTheProgramsOwnFilesAreNoInputs(t *testing.T) {
	dir := t.TempDir()
	data := filepath.Join(dir, "nafas-data")
	put(t, dir, "nafas-data/rescore.db", []byte("x"))
	put(t, dir, "nafas-data/rescore-spool/1/lock", nil)
	elsewhere := filepath.Join(t.TempDir(), "link")
	require.NoError(t, os.Symlink(data, elsewhere))
	archive := func(own ...string) *sources.Folder {
		opt := options(t)
		opt.Own = own
		s, err := sources.NewFolder(dir, opt)
		require.NoError(t, err)
		return s
	}
	for _, own := range []string{data, elsewhere} {
		err := archive(own).Scan(t.Context(), "", func(rescore.Batch) error { return nil })
		require.ErrorContains(t, err, "the archive holds no files", "nothing else is there")
	}
	put(t, dir, "nafas-data-old/a.txt", []byte("x"))
	put(t, dir, "b.txt", []byte("x"))
	put(t, dir, "nafas-data/broken.dcm", []byte("x"))
	put(t, dir, "nafas-data/image", series{study: "a", name: "b", modality: "CT", slices: 1}.instances(t)[0])
	l := scanAll(t, archive(elsewhere, filepath.Join(dir, "gone"), t.TempDir(), dir))
	require.ElementsMatch(t, []string{"b.txt", "nafas-data-old/a.txt", "nafas-data/broken.dcm"}, slices.Collect(maps.Keys(l.loose)))
	require.Len(t, l.studies(), 1, "an image is an input wherever it lies")
}
