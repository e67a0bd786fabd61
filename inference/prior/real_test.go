package prior_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/dicomio"
	"nafas/dicomio/source"
	"nafas/inference/alter"
	"nafas/inference/lung"
	"nafas/inference/phantom"
	"nafas/inference/prior"
	"nafas/inference/volume"
)

// realScans are the folders of the real test data.
func realScans(t *testing.T) (folders []string) {
	t.Helper()
	root := os.Getenv("NAFAS_TEST_DATA")
	if root == "" {
		if os.Getenv("CI") == "true" {
			t.Fatal("NAFAS_TEST_DATA is not set")
		}
		t.Skip("NAFAS_TEST_DATA does not name the folder of real CT")
	}
	entries, err := os.ReadDir(filepath.Join(root, "ct"))
	require.NoError(t, err)
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") {
			folders = append(folders, filepath.Join(root, "ct", e.Name()))
		}
	}
	return folders
}

func realExam(t *testing.T, folder string) prior.Exam {
	t.Helper()
	items, _, err := source.Walk(t.Context(), folder, source.Limits{})
	require.NoError(t, err)
	inventory, err := dicomio.Load(t.Context(), items, dicomio.LoadOptions{})
	require.NoError(t, err)
	choice := dicomio.Choose(dicomio.Group(inventory.Instances))
	require.NotEmpty(t, choice.Usable)
	a, err := dicomio.Assemble(t.Context(), choice.Usable[0], dicomio.AssembleOptions{Parallel: 2})
	require.NoError(t, err)
	return examOf(t, a.Volume)
}

func examOf(t *testing.T, v *volume.Volume) prior.Exam {
	t.Helper()
	field, err := lung.Find(t.Context(), v)
	require.NoError(t, err)
	return prior.Exam{Volume: v, Field: field}
}

// lain is a scan as if the patient had lain otherwise: its grid is moved and
// turned, so that the voxels stay and their places change.
func lain(v *volume.Volume, pose phantom.Pose) *volume.Volume {
	out := *v
	out.OriginLPSMM = pose.ToLPS(v.OriginLPSMM)
	pose.ShiftMM = volume.Vec3{}
	for a := range 3 {
		out.Axes[a] = pose.ToLPS(v.Axes[a])
	}
	return &out
}

// TestRealScanAgainstItself lays real scans over themselves, sampled on a grid
// turned by 10 degrees, in slices of 5 mm, noisier, and of a patient who lies
// elsewhere and turned.
func TestRealScanAgainstItself(t *testing.T) {
	pose := phantom.Pose{ShiftMM: volume.Vec3{60, -80, 150}, TurnDeg: volume.Vec3{8, -6, 9}}
	for _, folder := range realScans(t) {
		t.Run(filepath.Base(folder), func(t *testing.T) {
			current := realExam(t, folder)
			other := lain(alter.Noise(alter.Reslice(alter.Turn(current.Volume, 10), 5), 20, 3), pose)
			current.Findings = placesIn(current.Field, 30)
			c, err := prior.Compare(t.Context(), current, examOf(t, other), 100)
			require.NoError(t, err)
			require.Empty(t, c.Refused, "overlap %.3f", c.LungOverlap)
			for i, f := range current.Findings {
				off := c.Current[i].EarlierCenterLPSMM.Sub(pose.ToLPS(f.CenterLPSMM)).Norm()
				require.Less(t, off, 3., "at %v", f.CenterLPSMM)
			}
		})
	}
}

// TestRealScansOfOthers: no scan is laid over another patient's.
func TestRealScansOfOthers(t *testing.T) {
	folders := realScans(t)
	first := realExam(t, folders[0])
	current := first
	for i := range folders {
		earlier := first
		if next := (i + 1) % len(folders); next != 0 {
			earlier = realExam(t, folders[next])
		}
		c, err := prior.Compare(t.Context(), current, earlier, 100)
		require.NoError(t, err)
		require.Equal(t, prior.LungsDiffer, c.Refused, "%s and the next, overlap %.3f", filepath.Base(folders[i]), c.LungOverlap)
		current = earlier
	}
}

// placesIn draws places in the lungs as findings that nobody measured.
func placesIn(f *lung.Field, count int) (out []prior.Finding) {
	rng := rand.New(rand.NewPCG(5, 6))
	for len(out) < count {
		var ijk volume.Vec3
		for a := range ijk {
			ijk[a] = float64(rng.IntN(f.Grid.Size[a]))
		}
		if f.Mask[f.Grid.Index(int(ijk[0]), int(ijk[1]), int(ijk[2]))] != 0 {
			out = append(out, prior.Finding{CenterLPSMM: f.Grid.ToLPS(ijk), DiameterMM: 6})
		}
	}
	return out
}
