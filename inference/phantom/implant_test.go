package phantom_test

import (
	"context"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/inference/lung"
	"nafas/inference/phantom"
	"nafas/inference/phantom/nodule"
	"nafas/inference/volume"
)

// TestImplantIntoASeries sets nodules into a chest that knows nothing of them,
// as into a real series.
func TestImplantIntoASeries(t *testing.T) {
	s := small()
	s.NoiseHU = 12
	host := examine(t, s)
	f, err := lung.Find(context.Background(), host.Volume)
	require.NoError(t, err)
	opt := phantom.ImplantOptions{
		Seed: 3, Nodules: solids(), Allowed: func(p volume.Vec3) bool { return f.SideAt(p) != "" },
		Known: []phantom.Truth{{CenterLPSMM: host.Spec.Pose.ShiftMM, DiameterMM: 30}},
	}
	before := &volume.Volume{Grid: host.Volume.Grid, HU: slices.Clone(host.Volume.HU)}
	truth, err := phantom.Implant(context.Background(), host.Volume, opt)
	require.NoError(t, err)
	require.Len(t, truth, 4)
	for _, n := range truth {
		center, _ := difference(host.Volume, before, n)
		require.Less(t, center.Sub(n.CenterLPSMM).Norm(), 1.8, "%+v", n)
		require.NotEmpty(t, f.SideAt(n.CenterLPSMM))
	}

	again := &volume.Volume{Grid: before.Grid, HU: slices.Clone(before.HU)}
	second, err := phantom.Implant(context.Background(), again, opt)
	require.NoError(t, err)
	require.Equal(t, truth, second)
	require.True(t, equal(host.Volume.HU, again.HU))

	// A prior of the same place: pinned, smaller.
	opt.Nodules = []phantom.Nodule{{Spec: nodule.Spec{DiameterMM: 7, HU: 40}, Pinned: true, ChestMM: truth[0].CenterLPSMM}}
	copied := &volume.Volume{Grid: before.Grid, HU: slices.Clone(before.HU)}
	pinned, err := phantom.Implant(context.Background(), copied, opt)
	require.NoError(t, err)
	require.Equal(t, truth[0].CenterLPSMM, pinned[0].CenterLPSMM)
}

func TestImplantWithoutAPlaceChangesNothing(t *testing.T) {
	v := &volume.Volume{Grid: volume.Grid{
		Size: [3]int{40, 40, 40}, SpacingMM: [3]float64{1, 1, 1}, Axes: [3]volume.Vec3{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
	}}
	v.HU = make([]int16, v.Len())
	clean := slices.Clone(v.HU)
	opt := phantom.ImplantOptions{Nodules: solids(), Allowed: func(volume.Vec3) bool { return true }}
	_, err := phantom.Implant(context.Background(), v, opt)
	require.ErrorContains(t, err, "no place")
	require.True(t, equal(clean, v.HU))
	opt.Nodules = []phantom.Nodule{{}}
	_, err = phantom.Implant(context.Background(), v, opt)
	require.ErrorContains(t, err, "diameter")
}

// TestANoduleCutByTheWallIsDrawnLarger: the wall cuts every nodule at it, and
// of one drawn at the lower end of a range no place shows enough.
func TestANoduleCutByTheWallIsDrawnLarger(t *testing.T) {
	host := examine(t, small())
	f, err := lung.Find(context.Background(), host.Volume)
	require.NoError(t, err)
	truth, err := phantom.Implant(context.Background(), host.Volume, phantom.ImplantOptions{
		Seed: 3, Allowed: func(p volume.Vec3) bool { return f.SideAt(p) != "" },
		Nodules: []phantom.Nodule{{
			Spec: nodule.Spec{Placement: nodule.Pleura, DiameterMM: 6, Elongation: 1, HU: 30}, VisibleMM: [2]float64{6, 8},
		}},
	})
	require.NoError(t, err)
	require.GreaterOrEqual(t, truth[0].DiameterMM, 6.)
	require.Less(t, truth[0].DiameterMM, 8.)
}
