package noise_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/inference/phantom/noise"
)

func TestTilesAreNormalAndCorrelated(t *testing.T) {
	corr := func(tile noise.Tile, di, dk int) float64 {
		var c float64
		const n = 20
		for k := range n {
			for j := range n {
				for i := range n {
					c += float64(tile.At(i, j, k)) * float64(tile.At(i+di, j, k+dk))
				}
			}
		}
		return c / (n * n * n)
	}
	soft := noise.New(1, noise.Colour{Plane: 1, Through: .3})
	var sum, squares float64
	for _, v := range soft {
		sum += float64(v)
		squares += float64(v) * float64(v)
	}
	n := float64(len(soft))
	require.InDelta(t, 0, sum/n, 1e-3)
	require.InDelta(t, 1, squares/n, 1e-3)
	require.Greater(t, corr(soft, 1, 0), .6)
	require.Less(t, corr(soft, 0, 1), .3)
	sharp := noise.New(1, noise.Colour{Plane: .6, Through: .3, Sharp: .9})
	require.Less(t, corr(sharp, 2, 0), 0., "a band-pass swings back")
	require.Equal(t, soft, noise.New(1, noise.Colour{Plane: 1, Through: .3}))
	require.Equal(t, soft.At(3, 4, 5), soft.At(3+noise.Side, 4, 5+noise.Side))
}

func TestStrengthOfWhiteNoiseInLung(t *testing.T) {
	tile := noise.New(2, noise.Colour{})
	hu := make([]int16, len(tile))
	for i, v := range tile {
		hu[i] = int16(math.Round(-860 + 25*float64(v)))
		if i%11 == 0 {
			hu[i] = 40 // vessels
		}
	}
	require.InDelta(t, 25, noise.Strength(hu, noise.Side), 2)
	require.Zero(t, noise.Strength(make([]int16, 1000), 10))
}
