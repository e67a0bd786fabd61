package nodule_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/inference/phantom/nodule"
	"nafas/inference/volume"
)

// vesselAndWall is lung with a vessel of 5 mm along z at the origin and the
// chest wall from x = 30 mm on.
type vesselAndWall struct{}

func (vesselAndWall) HUAt(p volume.Vec3) float64 {
	if math.Hypot(p[0], p[1]) < 2.5 || p[0] > 30 {
		return 40
	}
	return -850
}

func (vesselAndWall) Allowed(volume.Vec3) bool { return true }

// TestSettleWantsANoduleThatIsSeen: what a vessel or the wall swallows is
// neither a target to learn nor a nodule to be counted as missed.
func TestSettleWantsANoduleThatIsSeen(t *testing.T) {
	const d = 6.
	for name, c := range map[string]struct {
		where    nodule.Placement
		x        float64
		ok       bool
		diameter float64
	}{
		"free":                    {nodule.Free, 15, true, d},
		"within the vessel":       {nodule.Vessel, 0, false, 0},
		"on the vessel":           {nodule.Vessel, 4, true, d},
		"before the wall":         {nodule.Pleura, 26, true, d},
		"half in the wall":        {nodule.Pleura, 30, true, d * math.Cbrt(.5)},
		"swallowed by the wall":   {nodule.Pleura, 31.5, false, 0},
		"beside the wall, 3.4 mm": {nodule.Pleura, 26, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			spec := nodule.Spec{Placement: c.where, DiameterMM: d, Elongation: 1, HU: 30, Seed: 4}
			if name == "beside the wall, 3.4 mm" {
				spec.DiameterMM = 3.4
			}
			site, ok := nodule.Settle(rand.New(rand.NewPCG(1, 1)), vesselAndWall{}, spec, volume.Vec3{c.x, 0, 0})
			require.Equal(t, c.ok, ok)
			if ok {
				require.InDelta(t, c.diameter, site.DiameterMM, .15)
			}
		})
	}
}
