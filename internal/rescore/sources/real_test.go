package sources_test

import (
	"context"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/internal/rescore"
)

// testData is the folder of real CT, by its README: ct/ and dicom/.
func testData(t testing.TB) string {
	t.Helper()
	root := os.Getenv("NAFAS_TEST_DATA")
	if root == "" {
		if os.Getenv("CI") == "true" {
			t.Fatal("NAFAS_TEST_DATA is not set")
		}
		t.Skip("NAFAS_TEST_DATA does not name the folder of real CT")
	}
	return root
}

// realArchive are the folders of real CT as one archive, by hard links: nothing
// is copied, and no link is followed.
func realArchive(t testing.TB) string {
	t.Helper()
	data, dir := testData(t), t.TempDir()
	for _, name := range []string{"ct", "dicom"} {
		require.NoError(t, filepath.WalkDir(filepath.Join(data, name), func(p string, d fs.DirEntry, err error) error {
			require.NoError(t, err)
			rel, err := filepath.Rel(data, p)
			require.NoError(t, err)
			to := filepath.Join(dir, rel)
			if d.IsDir() {
				return os.MkdirAll(to, 0o755)
			}
			if os.Link(p, to) != nil { // another disk
				data, err := os.ReadFile(p)
				require.NoError(t, err)
				return os.WriteFile(to, data, 0o644)
			}
			return nil
		}))
	}
	return dir
}

// The real files as one archive: the same studies, series and instances as a
// reader of whole headers finds, file by file.
func TestRealFilesAsOneArchive(t *testing.T) {
	dir := realArchive(t)
	inv := independent(t, dir)
	type one struct{ study, series, modality string }
	want := map[string]one{}
	for _, in := range inv.Instances {
		want[in.Source.Name] = one{in.StudyUID, in.SeriesUID, in.Modality}
	}
	files := 0
	require.NoError(t, filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if !d.IsDir() {
			files++
		}
		return err
	}))
	s := folder(t, dir, 0)
	l := scanAll(t, s)
	require.Equal(t, int64(files), l.files)
	got := map[string]one{}
	for _, p := range l.parts {
		for _, f := range p.Files {
			got[f.Path] = one{p.StudyUID, p.SeriesUID, p.Modality}
		}
	}
	require.Equal(t, want, got)
	require.Len(t, inv.Refused, 0)
	require.Equal(t, files, len(got)+len(l.loose))
	for path, x := range l.loose {
		require.Equal(t, rescore.ReasonNotDICOM, x.Reason, path)
	}

	cut := newListing()
	after := scan(t, s, cut, "", 1)
	scan(t, s, cut, after, 0)
	require.Equal(t, l.parts, cut.parts)
	require.Equal(t, l.loose, cut.loose)

	cases := l.studies()
	for _, uid := range slices.Sorted(maps.Keys(cases)) {
		paths, release, err := s.Fetch(context.Background(), cases[uid])
		require.NoError(t, err)
		release()
		n := 0
		for _, p := range cases[uid].Parts {
			if p.Modality == "CT" {
				n += p.Instances
			}
		}
		require.Len(t, paths, n)
	}
}
