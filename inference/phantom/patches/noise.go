package patches

import (
	"math/rand/v2"

	"nafas/inference/phantom/noise"
)

// noiseColours are the correlations, in voxels of the patch, of the noise that
// patches get.
var noiseColours = []noise.Colour{
	{Plane: .45, Through: .25}, {Plane: .7, Through: .4}, {Plane: 1, Through: .6},
	{Plane: .6, Through: .4, Sharp: .6}, {Plane: .8, Through: 1.1, Sharp: .4},
}

func noiseTiles(seed uint64) []noise.Tile {
	out := make([]noise.Tile, len(noiseColours))
	for i, c := range noiseColours {
		out[i] = noise.New(seed+uint64(i), c)
	}
	return out
}

// addNoise adds noise of the given standard deviation to an n^3 patch from a
// random offset of a tile. Padding stays clean: it was never measured.
func addNoise(rng *rand.Rand, t noise.Tile, patch []float32, n int, sd float32) {
	off := [3]int{rng.IntN(noise.Side), rng.IntN(noise.Side), rng.IntN(noise.Side)}
	for z := range n {
		for y := range n {
			row := patch[(z*n+y)*n:][:n]
			from := t.Row(y+off[1], z+off[2])
			x := off[0]
			for i, v := range row {
				if v > measuredHU {
					row[i] = v + sd*from[x]
				}
				if x++; x == noise.Side {
					x = 0
				}
			}
		}
	}
}

// measuredHU is below all that a scanner measures and above padHU.
const measuredHU = -1120
