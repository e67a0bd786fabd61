package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/ctwriter"
	"nafas/inference/phantom"
	"nafas/inference/volume"
)

// TestSameSideInEveryOrientation reads one patient, lying the same way, from
// images that were written turned, mirrored and feet first: what is found, and
// on which side of the patient, does not depend on how the images are stored.
func TestSameSideInEveryOrientation(t *testing.T) {
	if testing.Short() {
		t.Skip("reads a small chest five times")
	}
	x, y, z := volume.Vec3{1, 0, 0}, volume.Vec3{0, 1, 0}, volume.Vec3{0, 0, 1}
	minus := func(v volume.Vec3) volume.Vec3 { return v.Scale(-1) }
	pose := phantom.Pose{ShiftMM: volume.Vec3{4, -170, -150}}
	read := func(axes [3]volume.Vec3) {
		made, err := phantom.Generate(t.Context(), phantom.Spec{
			Seed: 11, Columns: 128, Rows: 128, Slices: 110, SpacingMM: squareField(128, 2.5), Axes: axes, Pose: &pose, NoiseHU: -1,
			Nodules: []phantom.Nodule{demoNodule(1, solidFree, 14), demoNodule(2, solidFree, 20), demoNodule(3, solidFree, 16)},
		})
		require.NoError(t, err)
		dir := t.TempDir()
		_, err = ctwriter.Write(dir, made.Volume, ctwriter.Options{})
		require.NoError(t, err)
		results, _ := triageJSON(t, dir)
		require.Len(t, results, 1)
		findings := results[0].GetFindings()
		sides := map[string]bool{}
		for _, n := range made.Nodules {
			f, d := nearest(findings, n.CenterLPSMM)
			require.Less(t, d, n.DiameterMM/2, "a planted nodule was missed: %v", axes)
			require.Equal(t, sideOf(n, pose), f.GetSide(), "%v", axes)
			sides[f.GetSide()] = true
		}
		require.Len(t, sides, 2, "the test needs a nodule in each lung")
	}
	read([3]volume.Vec3{x, y, z})
	for name, axes := range map[string][3]volume.Vec3{
		"turned by 180 degrees":    {minus(x), minus(y), z},
		"mirrored":                 {minus(x), y, minus(z)},
		"feet first":               {x, minus(y), minus(z)},
		"stored from head to foot": {x, y, minus(z)},
	} {
		t.Run(name, func(t *testing.T) { read(axes) })
	}
}

// sideOf: the chest is symmetric about its shift along x, and +x is Left.
func sideOf(n phantom.Truth, pose phantom.Pose) string {
	if n.CenterLPSMM[0] > pose.ShiftMM[0] {
		return "left"
	}
	return "right"
}
