package lung

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/inference/volume"
)

// Of every place that is flat enough along it to be a sheet the shape says so
// before its curvatures are known.
func TestNoSheetIsGivenUpForItsShape(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 1))
	for range 20_000 {
		across := 4 + 100*r.Float64()
		flat := func() float64 { return sheetFlat * across * (2*r.Float64() - 1) }
		along := [2]float64{flat(), flat()}
		if r.IntN(4) == 0 { // the corner
			along = [2]float64{-sheetFlat * across, sheetFlat * across}
		}
		h := withCurvatures(r, [3]float64{-across, along[0], along[1]})
		mean, spread, shape := h.shape()
		require.LessOrEqual(t, shape, sheetShape)
		least, mid, most := curvatures(mean, spread, shape)
		require.InDelta(t, -across, least, 1e-5*across)
		require.InDelta(t, min(along[0], along[1]), mid, 1e-5*across)
		require.InDelta(t, max(along[0], along[1]), most, 1e-5*across)
	}
}

// withCurvatures is a matrix with the eigenvalues, along random axes.
func withCurvatures(r *rand.Rand, values [3]float64) (h hessian) {
	random := func() volume.Vec3 { return volume.Vec3{r.NormFloat64(), r.NormFloat64(), r.NormFloat64()} }
	a := random().Unit()
	b := a.Cross(random()).Unit()
	for n, axis := range []volume.Vec3{a, b, a.Cross(b)} {
		for at, ij := range [][2]int{{0, 0}, {1, 1}, {2, 2}, {0, 1}, {0, 2}, {1, 2}} {
			h[at] += values[n] * axis[ij[0]] * axis[ij[1]]
		}
	}
	return h
}

func TestAPlaceThatCurvesAlikeEverywhere(t *testing.T) {
	mean, spread, shape := hessian{-6, -6, -6}.shape()
	least, mid, most := curvatures(mean, spread, shape)
	require.Equal(t, []float64{-6, -6, -6}, []float64{least, mid, most})
	require.False(t, math.IsNaN(shape))
}
