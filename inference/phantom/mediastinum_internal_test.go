package phantom

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestTheMediastinumKeepsItsOwn: a round node of 5 mm in the lung is a
// nodule, and the truth does not name it. Detectors that learnt from such
// phantoms learnt to pass over nodules beside the mediastinum.
func TestTheMediastinumKeepsItsOwn(t *testing.T) {
	for seed := range uint64(12) {
		atlas := NewPatient(seed).atlas
		nodes := atlas.a.lymphNodes(atlas, rand.New(rand.NewPCG(seed, 5)))
		require.NotEmpty(t, nodes)
		for _, n := range nodes {
			require.False(t, atlas.inLung(n.from), "seed %d: %+v", seed, n)
			require.False(t, atlas.inLung(n.to), "seed %d: %+v", seed, n)
		}
		for _, v := range greatVeins {
			for i, p := range v.points {
				depth, _ := atlas.lungDepth(atlas.a.real(p))
				require.Less(t, depth, -v.radii[i]/2, "seed %d: a vein at %v", seed, p)
			}
		}
	}
}
