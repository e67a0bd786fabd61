// Package noise makes tiles of correlated noise such as CT has: few tiles, read
// from random offsets and around their ends, stand for many fields.
package noise

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Side is the edge of a tile in voxels.
const Side = 80

// Tile is noise of mean 0 and standard deviation 1, Side^3 voxels, i fastest,
// that wraps around at its ends.
type Tile []float32

// Colour is the correlation of a tile.
type Colour struct {
	// Plane and Through are the Gaussian blur of white noise along i and j,
	// and along k, in voxels.
	Plane, Through float64
	// Sharp is the share of a blur twice as wide that is taken off: a sharp
	// kernel leaves little noise at low frequencies.
	Sharp float64
}

// New makes the tile of a seed.
func New(seed uint64, c Colour) Tile {
	rng := rand.New(rand.NewPCG(seed, 0x6e6f697365))
	t := make(Tile, Side*Side*Side)
	for j := range t {
		t[j] = float32(rng.NormFloat64())
	}
	t = t.smooth(c.Plane, c.Through)
	if c.Sharp > 0 {
		wide := t.smooth(2*c.Plane, c.Through)
		for j := range t {
			t[j] -= float32(c.Sharp) * wide[j]
		}
	}
	t.normalise()
	return t
}

// At is the value of voxel (i, j, k); any non-negative index is allowed.
func (t Tile) At(i, j, k int) float32 {
	return t[(k%Side*Side+j%Side)*Side+i%Side]
}

// Row is the Side values of row (j, k).
func (t Tile) Row(j, k int) []float32 { return t[(k%Side*Side+j%Side)*Side:][:Side] }

// smooth is a wrapping Gaussian blur.
func (t Tile) smooth(plane, through float64) Tile {
	src, stride := t, 1
	for a := range 3 {
		sigma := plane
		if a == 2 {
			sigma = through
		}
		if sigma < .1 {
			src = slices.Clone(src)
			stride *= Side
			continue
		}
		dst := make(Tile, len(t))
		r := int(math.Ceil(3 * sigma))
		weight := func(d int) float64 { x := float64(d) / sigma; return math.Exp(-x * x / 2) }
		var sum float64
		for d := -r; d <= r; d++ {
			sum += weight(d)
		}
		for d := -r; d <= r; d++ {
			dst.addShifted(src, stride, (d+Side)%Side, float32(weight(d)/sum))
		}
		src = dst
		stride *= Side
	}
	return src
}

// addShifted adds w times src, moved by d cells along the axis of a stride;
// what leaves one end enters at the other.
func (t Tile) addShifted(src Tile, stride, d int, w float32) {
	span := stride * Side
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

func (t Tile) normalise() {
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

// Strength estimates the standard deviation of the noise in rows of voxels: of
// the second differences along i where all of three voxels are lung, by their
// median, so that vessels do not count.
func Strength(hu []int16, columns int) float64 {
	const lungHU = -700
	var all []int
	for at := 1; at+1 < len(hu); at += 7 {
		if i := at % columns; i == 0 || i == columns-1 {
			continue
		}
		a, b, c := hu[at-1], hu[at], hu[at+1]
		if max(a, b, c) < lungHU && min(a, b, c) > -1020 {
			d := 2*int(b) - int(a) - int(c)
			all = append(all, max(d, -d))
		}
	}
	if len(all) < 100 {
		return 0
	}
	slices.Sort(all)
	// 1.4826 makes a median of absolute values a standard deviation; the
	// difference 2b-a-c has sqrt(6) times that of white noise.
	return 1.4826 * float64(all[len(all)/2]) / math.Sqrt(6)
}
