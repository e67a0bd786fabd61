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

// TestRealScans lays each real scan over itself, sampled on a grid turned by 10
// degrees, in slices of 5 mm, noisier, and of a patient who lies elsewhere and
// turned; and over the next patient's, which is refused. One test for both, since
// to read a scan takes longer than to compare it. With -growth it takes all that
// the documented figures come from, else every third.
func TestRealScans(t *testing.T) {
	folders := realScans(t)
	if *growthFile == "" {
		folders = everyThird(folders)
	}
	first := realExam(t, folders[0])
	current := first
	for i, folder := range folders {
		name := filepath.Base(folder)
		t.Run(name+" against itself", func(t *testing.T) { againstItself(t, current) })
		next := first
		if i+1 < len(folders) {
			next = realExam(t, folders[i+1])
		}
		t.Run(name+" against another's", func(t *testing.T) {
			c, err := prior.Compare(t.Context(), current, next, 100)
			require.NoError(t, err)
			require.Equal(t, prior.LungsDiffer, c.Refused, "overlap %.3f", c.LungOverlap)
		})
		current = next
	}
}

func everyThird(folders []string) (out []string) {
	for i := 0; i < len(folders); i += 3 {
		out = append(out, folders[i])
	}
	return out
}

func againstItself(t *testing.T, current prior.Exam) {
	t.Helper()
	pose := phantom.Pose{ShiftMM: volume.Vec3{60, -80, 150}, TurnDeg: volume.Vec3{8, -6, 9}}
	other := lain(alter.Noise(alter.Reslice(alter.Turn(current.Volume, 10), 5), 20, 3), pose)
	current.Findings = placesIn(current.Field, 30)
	c, err := prior.Compare(t.Context(), current, examOf(t, other), 100)
	require.NoError(t, err)
	require.Empty(t, c.Refused, "overlap %.3f", c.LungOverlap)
	for i, f := range current.Findings {
		off := c.Current[i].EarlierCenterLPSMM.Sub(pose.ToLPS(f.CenterLPSMM)).Norm()
		require.Less(t, off, 3., "at %v", f.CenterLPSMM)
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
