package phantom

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"nafas/inference/phantom/nodule"
)

// Population says what nodules to draw. The zero value is nodule.DefaultMix.
type Population struct {
	// DiametersMM, where not zero, bounds diameters that are drawn evenly
	// between them, instead of the mix's log-normal ones.
	DiametersMM [2]float64
	// StrataMM are ranges of diameters, lower end included and upper one not.
	// The nodules take them in turn, so that each range gets the same number;
	// within a range the logarithm of the diameter is drawn evenly. What is
	// seen of a nodule (Truth.DiameterMM) lies in its range, also where the
	// chest wall cuts it.
	StrataMM [][2]float64
	// Kinds and Placements are those to draw, in the proportions of the mix;
	// nil means all.
	Kinds      []nodule.Kind
	Placements []nodule.Placement
}

// EvaluationStrata are the sizes by which detectors are judged: 4 to 6 mm
// (follow-up at most), 6 to 8 mm, and 8 mm and more.
var EvaluationStrata = [][2]float64{{4, 6}, {6, 8}, {8, 30}}

// drawTries bounds the search for a nodule of the wanted kind; the rarest is
// one in about 50.
const drawTries = 20000

// Draw draws a number of nodules, the same ones for the same seed. It fails
// for diameters that no nodule has, and for a kind that does not occur at the
// wanted size (calcified ones are smaller than 15 mm).
func (p Population) Draw(seed uint64, count int) ([]Nodule, error) {
	if p.StrataMM == nil && p.DiametersMM == ([2]float64{}) && p.Kinds == nil && p.Placements == nil {
		return DrawNodules(seed, count, nodule.DefaultMix()), nil
	}
	for _, r := range append(slices.Clone(p.StrataMM), p.DiametersMM) {
		if r != ([2]float64{}) && (!(r[0] >= leastDiameterMM) || !(r[1] >= r[0]) || r[1] > maxDiameterMM) {
			return nil, fmt.Errorf("phantom: diameters of %g to %g mm; they lie between %g and %g", r[0], r[1], leastDiameterMM, float64(maxDiameterMM))
		}
	}
	rng := rand.New(rand.NewPCG(seed, 13))
	out := make([]Nodule, count)
	for i := range out {
		n, ok := p.one(rng, i)
		if !ok {
			return nil, fmt.Errorf("phantom: no nodule of the wanted kind and placement is of the wanted size")
		}
		n.ID = i + 1
		out[i] = n
	}
	return out, nil
}

// leastDiameterMM: nothing smaller is seen in a CT of the chest.
const leastDiameterMM = 2.

func (p Population) one(rng *rand.Rand, i int) (Nodule, bool) {
	for range drawTries {
		var n Nodule
		m := nodule.DefaultMix()
		if len(p.StrataMM) > 0 {
			n.VisibleMM = p.StrataMM[i%len(p.StrataMM)]
			lo, hi := math.Log(n.VisibleMM[0]), math.Log(n.VisibleMM[1])
			m.MinMM = math.Exp(lo + (hi-lo)*rng.Float64())
			m.MaxMM = m.MinMM
		} else if p.DiametersMM != ([2]float64{}) {
			m.MinMM = p.DiametersMM[0] + (p.DiametersMM[1]-p.DiametersMM[0])*rng.Float64()
			m.MaxMM = m.MinMM
		}
		n.Spec = nodule.Draw(rng, m)
		if (p.Kinds == nil || slices.Contains(p.Kinds, n.Kind)) &&
			(p.Placements == nil || slices.Contains(p.Placements, n.Placement)) {
			return n, true
		}
	}
	return Nodule{}, false
}

// seen tells whether a nodule of which so much is seen is what was asked for.
func (n *Nodule) seen(diameterMM float64) bool {
	return n.VisibleMM == ([2]float64{}) || diameterMM >= n.VisibleMM[0] && diameterMM < n.VisibleMM[1]
}
