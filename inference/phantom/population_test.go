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

func TestPopulation(t *testing.T) {
	usual, err := phantom.Population{}.Draw(4, 12)
	require.NoError(t, err)
	require.Equal(t, phantom.DrawNodules(4, 12, nodule.DefaultMix()), usual, "phantoms made before stay what they are")

	p := phantom.Population{
		DiametersMM: [2]float64{5, 9}, Kinds: []nodule.Kind{nodule.Calcified, nodule.GroundGlass}, Placements: []nodule.Placement{nodule.Pleura},
	}
	some, err := p.Draw(1, 200)
	require.NoError(t, err)
	again, err := p.Draw(1, 200)
	require.NoError(t, err)
	require.Equal(t, some, again)
	var sum float64
	for i, n := range some {
		require.Equal(t, i+1, n.ID)
		require.Contains(t, p.Kinds, n.Kind)
		require.Equal(t, nodule.Pleura, n.Placement)
		require.GreaterOrEqual(t, n.DiameterMM, 5.)
		require.LessOrEqual(t, n.DiameterMM, 9.)
		sum += n.DiameterMM
	}
	require.InDelta(t, 7, sum/200, .25, "the mean of even draws has a standard error of 0.08 mm")

	strata, err := phantom.Population{StrataMM: phantom.EvaluationStrata}.Draw(2, 300)
	require.NoError(t, err)
	count := map[[2]float64]int{}
	for _, n := range strata {
		require.GreaterOrEqual(t, n.DiameterMM, n.VisibleMM[0])
		require.LessOrEqual(t, n.DiameterMM, n.VisibleMM[1])
		count[n.VisibleMM]++
	}
	for _, s := range phantom.EvaluationStrata {
		require.Equal(t, 100, count[s])
	}
}

func TestPopulationsThatDoNotExist(t *testing.T) {
	for name, p := range map[string]phantom.Population{
		"upside down":             {DiametersMM: [2]float64{9, 5}},
		"too small to be seen":    {DiametersMM: [2]float64{.5, 5}},
		"larger than a lung":      {StrataMM: [][2]float64{{8, 300}}},
		"large calcified nodules": {DiametersMM: [2]float64{20, 30}, Kinds: []nodule.Kind{nodule.Calcified}},
	} {
		_, err := p.Draw(1, 3)
		require.Error(t, err, name)
	}
}

// TestStrataHoldForWhatIsSeen: at the pleura the wall cuts nodules, and the
// truth is the part in the lung.
func TestStrataHoldForWhatIsSeen(t *testing.T) {
	p := phantom.Population{StrataMM: phantom.EvaluationStrata, Placements: []nodule.Placement{nodule.Pleura}}
	nodules, err := p.Draw(5, 9)
	require.NoError(t, err)
	within := func(list []phantom.Truth) {
		require.Len(t, list, 9)
		for i, n := range list {
			s := phantom.EvaluationStrata[i%3]
			require.GreaterOrEqual(t, n.DiameterMM, s[0])
			require.Less(t, n.DiameterMM, s[1])
		}
	}
	s := small()
	s.NoiseHU = 12
	host := examine(t, s)
	s.Nodules = nodules
	within(examine(t, s).Nodules)

	f, err := lung.Find(context.Background(), host.Volume)
	require.NoError(t, err)
	known := phantom.Truth{CenterLPSMM: host.Spec.Pose.ToLPS(volume.Vec3{80, 0, 0}), DiameterMM: 60}
	truth, err := phantom.Implant(context.Background(), &volume.Volume{Grid: host.Volume.Grid, HU: slices.Clone(host.Volume.HU)}, phantom.ImplantOptions{
		Seed: 8, Nodules: nodules, Allowed: f.Allows, Known: []phantom.Truth{known},
	})
	require.NoError(t, err)
	within(truth)
	for _, n := range truth {
		require.Greater(t, n.CenterLPSMM.Sub(known.CenterLPSMM).Norm(), n.DiameterMM/2+30, "known places are kept clear")
	}
}
