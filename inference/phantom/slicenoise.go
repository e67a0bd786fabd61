package phantom

import (
	"math"
	"math/rand/v2"
)

// sliceNoise draws one correlated field per slice from a few wrapping tiles.
type sliceNoise struct {
	rng    *rand.Rand
	nx, ny int
	tiles  [][]float32
	weight []float32 // standard deviation per pixel, without the factor for air
	last   []float32
	mix    float32 // how much of the slice before comes along
}

const (
	noiseSide  = 256
	noiseTiles = 6
)

func newNoise(sc *scanner) *sliceNoise {
	if sc.spec.NoiseHU < 0 {
		return nil
	}
	n := &sliceNoise{
		rng: rand.New(rand.NewPCG(sc.spec.Scan, 6)),
		nx:  sc.grid.Size[0], ny: sc.grid.Size[1],
	}
	// Neighbouring slices share noise where they overlap.
	overlap := (sc.spec.SliceThicknessMM - sc.spec.SpacingMM[2]) / sc.spec.SliceThicknessMM
	n.mix = float32(min(max(.15+overlap, 0), .8))
	for range noiseTiles {
		n.tiles = append(n.tiles, noiseTile(n.rng, sc.shape, sc.grid.SpacingMM[0]))
	}
	n.weight = make([]float32, n.nx*n.ny)
	for j := range n.ny {
		for i := range n.nx {
			x := (float64(i) - float64(n.nx)/2) * sc.grid.SpacingMM[0]
			y := (float64(j) - float64(n.ny)/2) * sc.grid.SpacingMM[1]
			// Rays through the middle are the most weakened.
			n.weight[j*n.nx+i] = float32(sc.spec.NoiseHU * (.7 + .35*math.Exp(-(x*x+y*y)/(2*90*90))))
		}
	}
	n.last = make([]float32, n.nx*n.ny)
	n.draw(n.last, 0, 1)
	return n
}

func noiseTile(rng *rand.Rand, k kernelShape, pixelMM float64) []float32 {
	b := &blurrer{nx: noiseSide, ny: noiseSide, tmp: make([]float32, noiseSide*noiseSide)}
	white := make([]float32, noiseSide*noiseSide)
	for i := range white {
		white[i] = float32(rng.NormFloat64())
	}
	wide := append([]float32(nil), white...)
	h := halfGaussian(k.noiseMM / pixelMM)
	b.separable(white, [2][]float32{h, h})
	h = halfGaussian(2 * k.noiseMM / pixelMM)
	b.separable(wide, [2][]float32{h, h})
	var sum, squares float64
	for i := range white {
		white[i] -= float32(k.noiseLow) * wide[i]
		sum += float64(white[i])
		squares += float64(white[i]) * float64(white[i])
	}
	mean := sum / float64(len(white))
	scale := 1 / math.Sqrt(squares/float64(len(white))-mean*mean)
	for i := range white {
		white[i] = float32((float64(white[i]) - mean) * scale)
	}
	return white
}

// draw sets field = keep*field + add*tile, the tile from a random offset.
func (n *sliceNoise) draw(field []float32, keep, add float32) {
	tile := n.tiles[n.rng.IntN(len(n.tiles))]
	ox, oy := n.rng.IntN(noiseSide), n.rng.IntN(noiseSide)
	if n.rng.IntN(2) == 0 {
		add = -add
	}
	for j := range n.ny {
		row := field[j*n.nx:][:n.nx]
		from := tile[(j+oy)%noiseSide*noiseSide:][:noiseSide]
		for i := 0; i < len(row); {
			at := (i + ox) % noiseSide
			run := min(noiseSide-at, len(row)-i)
			for r, v := range from[at : at+run] {
				row[i+r] = keep*row[i+r] + add*v
			}
			i += run
		}
	}
}

func (n *sliceNoise) add(p []float32) {
	if n == nil {
		return
	}
	n.draw(n.last, n.mix, float32(math.Sqrt(float64(1-n.mix*n.mix))))
	for i, v := range n.last {
		p[i] += v * n.weight[i]
	}
}
