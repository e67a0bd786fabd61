package phantom

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/inference/volume"
)

// TestBonesStayOutOfTheLungs: the tip of a transverse process in the lung is a
// dense nodule that the truth does not name. Such tips were the first false
// marks of a detector on phantoms.
func TestBonesStayOutOfTheLungs(t *testing.T) {
	const deepestMM = 2 // ribs may bulge into the pleura
	pose := Pose{}
	spec, err := Spec{Columns: 180, Rows: 140, Slices: 150, SpacingMM: [3]float64{2, 2, 2}, Pose: &pose}.withDefaults()
	require.NoError(t, err)
	for seed := range uint64(6) {
		atlas := NewPatient(seed).atlas
		c := newCanvas(spec.grid(), pose)
		for i := range c.hu {
			c.hu[i] = volume.AirHU
		}
		atlas.a.skeleton(c, rand.New(rand.NewPCG(seed, 5)))
		painted := 0
		for i, hu := range c.hu {
			if hu < 0 {
				continue
			}
			painted++
			x, y, z := i%c.grid.Size[0], i/c.grid.Size[0]%c.grid.Size[1], i/(c.grid.Size[0]*c.grid.Size[1])
			at := c.fromLPS(c.grid.ToLPS(volume.Vec3{float64(x), float64(y), float64(z)}))
			if depth, _ := atlas.lungDepth(at); depth > deepestMM {
				require.Failf(t, "bone in the lung", "seed %d: %.1f mm deep at %v", seed, depth, at)
			}
		}
		require.Greater(t, painted, 10000)
	}
}
