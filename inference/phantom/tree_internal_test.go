package phantom

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/inference/volume"
)

// generation is what the branches of one generation have in common.
type generation struct {
	runs             int
	arteryMM, lumens float64 // sums of diameters
}

// TestTreesFollowTheBranchingLaws holds the trees against what is published of
// lungs: the x-th powers of the daughters' radii add up to the parent's with x
// between 2.3 and 3 (lung arteries; Murray), a symmetric split shrinks by
// 2^(-1/x) = 0.743 to 0.794, branches leave at 31 to 43 degrees (Horsfield),
// segmental arteries are 5 to 7 mm wide, and the airways beside them have the
// diameters of Weibel's generations 2 to 6, 8.3 to 2.8 mm, no more than one
// generation off.
func TestTreesFollowTheBranchingLaws(t *testing.T) {
	for _, seed := range []uint64{1, 22} {
		v := NewPatient(seed).vessels
		for name, list := range map[string][]branch{"arteries": v.arteries, "veins": v.veins} {
			starts := map[volume.Vec3][]int{}
			ends := map[volume.Vec3]bool{}
			for i, b := range list {
				starts[b.from] = append(starts[b.from], i)
				ends[b.to] = true
			}
			var angle, shrink float64
			var daughters, even int
			for _, b := range list {
				if !b.fork {
					continue
				}
				var sum float64
				for _, c := range starts[b.to] {
					d := list[c]
					sum += math.Pow(d.r0, branchExponent)
					end := c
					for !list[end].fork && len(starts[list[end].to]) == 1 {
						end = starts[list[end].to][0]
					}
					angle += math.Acos(min(1, list[end].to.Sub(d.from).Unit().Dot(b.dir))) * 180 / math.Pi
					daughters++
					if 2*d.leaves == b.leaves {
						shrink += d.r0 / b.r1
						even++
					}
				}
				require.InDelta(t, 1, sum/math.Pow(b.r1, branchExponent), 1e-9, "%s of patient %d", name, seed)
			}
			require.GreaterOrEqual(t, branchExponent, 2.3)
			require.LessOrEqual(t, branchExponent, 3.)
			require.InDelta(t, .7685, shrink/float64(even), .0255, "%s of patient %d", name, seed)
			require.InDelta(t, 40, angle/float64(daughters), 10, "%s of patient %d", name, seed)

			var gens [12]generation
			var walk func(i, n int)
			walk = func(i, n int) {
				b := list[i]
				if b.fork {
					_, _, lumen, wall := b.airway()
					require.GreaterOrEqual(t, wall/(2*lumen), .1, "a wall is 10 to 20 % of the lumen")
					g := &gens[min(n, len(gens)-1)]
					g.runs, g.arteryMM, g.lumens = g.runs+1, g.arteryMM+2*b.r0, g.lumens+2*lumen
					n++
				}
				for _, c := range starts[b.to] {
					walk(c, n)
				}
			}
			roots := 0
			for i, b := range list {
				if !ends[b.from] {
					roots++
					walk(i, 2) // the trees of lobes: trachea and main bronchi lie before them
				}
			}
			require.Equal(t, 5, roots, "a tree for each lobe")
			weibel := [...]float64{2: 8.3, 5.6, 4.5, 3.5, 2.8, 2.3}
			for n := 3; n <= 6; n++ {
				mean := gens[n].lumens / float64(gens[n].runs)
				require.LessOrEqual(t, mean, 1.15*weibel[n-1], "generation %d", n)
				require.GreaterOrEqual(t, mean, weibel[n+1], "generation %d", n)
			}
			segmental := gens[4].arteryMM / float64(gens[4].runs)
			require.InDelta(t, 6, segmental, 1.6, "20 branches: the segments")
		}
	}
}
