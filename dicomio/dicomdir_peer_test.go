package dicomio_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/dicomio"
	"nafas/dicomio/ctwriter"
	"nafas/dicomio/part10"
	"nafas/dicomio/source"
)

// TestDCMTKMedium reads the DICOMDIR that DCMTK's dcmmkdir writes.
func TestDCMTKMedium(t *testing.T) {
	tool, err := exec.LookPath("dcmmkdir")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("dcmmkdir is not installed")
		}
		t.Skip("dcmmkdir (DCMTK) is not installed")
	}
	dir := t.TempDir()
	p := poses()[0]
	p.slices = 5
	names, err := ctwriter.Write(dir, poseVolume(p), ctwriter.Options{Patient: ctwriter.Patient{ID: "P1", Name: "Test^Patient"}})
	require.NoError(t, err)
	require.NoError(t, os.Mkdir(filepath.Join(dir, "CT"), 0o700))
	for i, name := range names {
		require.NoError(t, os.Rename(name, filepath.Join(dir, "CT", fmt.Sprintf("IM%d", i))))
	}
	cmd := exec.Command(tool, "--recurse", "--invent", "--general-purpose", "+id", ".", "CT")
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	require.NoError(t, os.Remove(filepath.Join(dir, "CT", "IM3")))
	index, err := part10.ReadFile(filepath.Join(dir, "DICOMDIR"), part10.DefaultLimits())
	require.NoError(t, err)
	require.True(t, dicomio.IsMediaDirectory(index))

	items, notes, err := source.Walk(context.Background(), filepath.Join(dir, "DICOMDIR"), source.Limits{})
	require.NoError(t, err)
	require.Len(t, items, 4)
	require.Equal(t, "CT/IM0", items[0].Name)
	require.Contains(t, notes, source.Note{Name: "DICOMDIR", Text: `refers to "CT/IM3", which is not there`})
}
