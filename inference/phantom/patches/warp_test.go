package patches

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/inference/volume"
)

// TestViewLeadsBackThroughItsWarp: a target must lie where its nodule lies in
// the bent patch, or the network learns to point beside it.
func TestViewLeadsBackThroughItsWarp(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	bent := 0
	for range 40 {
		v := newView(rng, 48, volume.Vec3{90, 80, 70})
		if v.warp != (warp{}) {
			bent++
		}
		for range 50 {
			p := volume.Vec3{rng.Float64() * 47, rng.Float64() * 47, rng.Float64() * 47}
			require.Less(t, v.toPatch(v.toScan(p)).Sub(p).Norm(), 1e-3)
		}
	}
	require.InDelta(t, 40*warped, bent, 10)
}

// TestWarpKeepsVolumes: the truth's diameters stay true in a bent patch.
func TestWarpKeepsVolumes(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 100 {
		w := drawWarp(rng)
		p := volume.Vec3{rng.Float64() * 47, rng.Float64() * 47, rng.Float64() * 47}
		var j [3]volume.Vec3
		for b := range 3 {
			const h = 1e-3
			var d volume.Vec3
			d[b] = h
			j[b] = p.Add(d).Add(w.at(p.Add(d))).Sub(p.Sub(d)).Sub(w.at(p.Sub(d))).Scale(1 / (2 * h))
		}
		det := j[0].Dot(volume.Vec3{
			j[1][1]*j[2][2] - j[1][2]*j[2][1], j[1][2]*j[2][0] - j[1][0]*j[2][2], j[1][0]*j[2][1] - j[1][1]*j[2][0],
		})
		require.InDelta(t, 1, math.Cbrt(det), .08)
	}
}
