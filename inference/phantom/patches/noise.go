package patches

import (
	"math"
	"math/rand/v2"
)

// noiseSide is the side of a noise tile; tiles wrap around, and a patch reads
// one from a random offset, so that few tiles make many noises.
const noiseSide = 80

// noiseTile is noise of unit standard deviation with some correlation.
type noiseTile []float32

// noiseColours are the correlation lengths of the tiles in voxels: in plane,
// along z, and the weight of a wider blur taken off, as a sharp kernel does.
var noiseColours = []struct{ plane, through, sharp float64 }{
	{.45, .25, 0}, {.7, .4, 0}, {1, .6, 0}, {.6, .4, .6}, {.8, 1.1, .4},
}

func noiseTiles(seed uint64) []noiseTile {
	out := make([]noiseTile, len(noiseColours))
	for i, c := range noiseColours {
		rng := rand.New(rand.NewPCG(seed, 0x6e6f6973+uint64(i)))
		t := make(noiseTile, noiseSide*noiseSide*noiseSide)
		for j := range t {
			t[j] = float32(rng.NormFloat64())
		}
		t = t.smooth(c.plane, c.through)
		if c.sharp > 0 {
			wide := t.smooth(2*c.plane, c.through)
			for j := range t {
				t[j] -= float32(c.sharp) * wide[j]
			}
		}
		t.normalise()
		out[i] = t
	}
	return out
}

// smooth is a wrapping Gaussian blur.
func (t noiseTile) smooth(plane, through float64) noiseTile {
	src, stride := t, 1
	for a := range 3 {
		sigma := plane
		if a == 2 {
			sigma = through
		}
		dst := make(noiseTile, len(t))
		r := int(math.Ceil(3 * sigma))
		for d := -r; d <= r; d++ {
			x := float64(d) / sigma
			dst.addShifted(src, stride, (d+noiseSide)%noiseSide, float32(math.Exp(-x*x/2)))
		}
		src = dst
		stride *= noiseSide
	}
	return src
}

// addShifted adds w times src, moved by d cells along the axis of a stride;
// what leaves one end enters at the other.
func (t noiseTile) addShifted(src noiseTile, stride, d int, w float32) {
	span := stride * noiseSide
	cut := d * stride
	for base := 0; base < len(t); base += span {
		to, from := t[base:base+span], src[base:base+span]
		for i, v := range from[cut:] {
			to[i] += w * v
		}
		for i, v := range from[:cut] {
			to[span-cut+i] += w * v
		}
	}
}

func (t noiseTile) normalise() {
	var sum, squares float64
	for _, v := range t {
		sum += float64(v)
		squares += float64(v) * float64(v)
	}
	n := float64(len(t))
	mean := sum / n
	scale := float32(1 / math.Sqrt(squares/n-mean*mean))
	for i := range t {
		t[i] = (t[i] - float32(mean)) * scale
	}
}

// addTo adds noise of the given standard deviation to an n^3 patch from a
// random offset. Padding stays clean: it was never measured.
func (t noiseTile) addTo(rng *rand.Rand, patch []float32, n int, sd float32) {
	off := [3]int{rng.IntN(noiseSide), rng.IntN(noiseSide), rng.IntN(noiseSide)}
	for z := range n {
		for y := range n {
			row := patch[(z*n+y)*n:][:n]
			from := t[((z+off[2])%noiseSide*noiseSide+(y+off[1])%noiseSide)*noiseSide:][:noiseSide]
			x := off[0]
			for i, v := range row {
				if v > measuredHU {
					row[i] = v + sd*from[x]
				}
				if x++; x == noiseSide {
					x = 0
				}
			}
		}
	}
}

// measuredHU is below all that a scanner measures and above padHU.
const measuredHU = -1120
