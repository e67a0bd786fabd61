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

// planted is a chest with three nodules that stand free, fine enough to measure
// them.
func planted(t *testing.T) *phantom.Phantom {
	t.Helper()
	made, err := phantom.Generate(t.Context(), phantom.Spec{
		Seed: 11, Columns: 288, Rows: 288, Slices: 200, SpacingMM: squareField(288, 1.5), Pose: &phantom.Pose{ShiftMM: volume.Vec3{4, -170, -150}},
		Nodules: []phantom.Nodule{demoNodule(1, solidFree, 10), demoNodule(2, solidFree, 14), demoNodule(3, solidFree, 12)},
	})
	require.NoError(t, err)
	return made
}

// Solid nodules of 10 to 14 mm, free in the lung, come out of the whole way with
// their volume, their kind and their side of the patient.
func TestPlantedNodulesAreMeasured(t *testing.T) {
	if testing.Short() {
		t.Skip("reads a chest")
	}
	made := planted(t)
	pose := *made.Spec.Pose
	dir := t.TempDir()
	_, err := ctwriter.Write(dir, made.Volume, ctwriter.Options{})
	require.NoError(t, err)
	results, _ := triageJSON(t, dir)
	require.Len(t, results, 1)
	patient := phantom.NewPatient(11)
	sides, lobes := map[string]bool{}, 0
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
		lobe, pleuraMM, _ := patient.Where(pose.ToChest(n.CenterLPSMM))
		place := f.GetPlace()
		require.NotEmpty(t, place.GetZone())
		require.Contains(t, []string{"", string(lobe)}, place.GetLobe())
		require.InDelta(t, max(pleuraMM-n.DiameterMM/2, 0), place.GetPleuraMm(), 3)
		if place.GetLobe() != "" {
			lobes++
		}
	}
	require.Positive(t, lobes, "the phantom's fissures are seen")
	require.Len(t, sides, 2, "the test needs a nodule in each lung")
}
