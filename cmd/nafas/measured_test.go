package main

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/ctwriter"
	"nafas/inference/phantom"
	"nafas/inference/volume"
	nafasv1 "nafas/proto/nafas/v1"
)

// Solid nodules of 10 to 14 mm, free in the lung, come out of the whole way with
// their volume, their kind and their side of the patient.
func TestPlantedNodulesAreMeasured(t *testing.T) {
	if testing.Short() {
		t.Skip("reads a chest")
	}
	pose := phantom.Pose{ShiftMM: volume.Vec3{4, -170, -150}}
	made, err := phantom.Generate(t.Context(), phantom.Spec{
		Seed: 11, Columns: 288, Rows: 288, Slices: 200, SpacingMM: squareField(288, 1.5), Pose: &pose,
		Nodules: []phantom.Nodule{demoNodule(1, solidFree, 10), demoNodule(2, solidFree, 14), demoNodule(3, solidFree, 12)},
	})
	require.NoError(t, err)
	dir := t.TempDir()
	_, err = ctwriter.Write(dir, made.Volume, ctwriter.Options{})
	require.NoError(t, err)
	results, _ := triageJSON(t, dir)
	require.Len(t, results, 1)
	sides := map[string]bool{}
	for _, n := range made.Nodules {
		f, d := nearest(results[0].GetFindings(), n.CenterLPSMM)
		require.Less(t, d, n.DiameterMM/2, "a planted nodule was missed")
		m := f.GetMeasurement()
		want := math.Pi / 6 * math.Pow(n.DiameterMM, 3)
		require.True(t, m.GetReliable(), m.GetDoubt())
		require.InEpsilon(t, want, m.GetVolumeMm3(), .15)
		require.Equal(t, nafasv1.NoduleKind_NODULE_KIND_SOLID, m.GetKind())
		require.Equal(t, "measured", f.GetShownDiameterBy())
		require.Equal(t, m.GetMeanDiameterMm(), f.GetShownDiameterMm())
		require.Equal(t, sideOf(n, pose), f.GetSide())
		sides[f.GetSide()] = true
	}
	require.Len(t, sides, 2, "the test needs a nodule in each lung")
}
