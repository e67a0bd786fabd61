package part10_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/part10"
)

// realData is the folder of real series, or skips.
func realData(t testing.TB) string {
	t.Helper()
	root := os.Getenv("NAFAS_TEST_DATA")
	if root == "" {
		if os.Getenv("CI") == "true" {
			t.Fatal("CI runs with NAFAS_TEST_DATA")
		}
		t.Skip("NAFAS_TEST_DATA names no folder with real series")
	}
	return root
}

func TestEveryRealInstanceIsRead(t *testing.T) {
	root := realData(t)
	n := 0
	for _, dir := range []string{"ct", "dicom"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil || filepath.Ext(path) != ".dcm" {
				return err
			}
			f, err := part10.ReadFile(path, part10.DefaultLimits())
			require.NoError(t, err, d.Name())
			require.NotNil(t, f.Pixel, d.Name())
			uid, ok := f.String(tag.SOPInstanceUID)
			require.True(t, ok, d.Name())
			require.NotEmpty(t, uid)
			if m, _ := f.String(tag.Modality); m == "CT" {
				frames, err := f.Frames(1)
				require.NoError(t, err, d.Name())
				require.NotEmpty(t, frames[0])
				ipp, err := f.Floats(tag.ImagePositionPatient)
				require.NoError(t, err, d.Name())
				require.Len(t, ipp, 3)
			}
			n++
			return nil
		})
		require.NoError(t, err)
	}
	t.Logf("%d instances", n)
	require.Greater(t, n, 1000)
}
