package volume

import "math"

// taps are the weights that make one line of the target from one of the
// source. Every target voxel has width weights; unused ones are zero.
type taps struct {
	width  int
	start  []int    // first source index per target index; -1: outside
	weight []uint64 // len(start)*width
}

// lineTaps computes taps for a target of n voxels whose voxel i lies at source
// index first + i*step, in a source of m voxels.
func lineTaps(n, m int, first, step float64) taps {
	box := max(0, math.Abs(step)-1) // width of the moving average, in source voxels
	radius := 1 + box/2
	t := taps{width: min(m, int(math.Floor(2*radius))+1), start: make([]int, n)}
	t.weight = make([]uint64, n*t.width)
	raw := make([]float64, t.width)
	for i := range n {
		c := first + float64(i)*step
		if c < -0.5-1e-9 || c > float64(m)-0.5+1e-9 {
			t.start[i] = -1
			continue
		}
		c = min(max(c, 0), float64(m-1))
		s := min(max(int(math.Ceil(c-radius)), 0), m-t.width)
		t.start[i] = s
		sum := 0.0
		for j := range t.width {
			raw[j] = kernel(float64(s+j)-c, box)
			sum += raw[j]
		}
		quantise(t.weight[i*t.width:(i+1)*t.width], raw, sum)
	}
	return t
}

// span is the range of the source that the target needs.
func (t taps) span() (lo, hi int) {
	lo = math.MaxInt
	for _, s := range t.start {
		if s >= 0 {
			lo, hi = min(lo, s), max(hi, s+t.width)
		}
	}
	return min(lo, hi), hi
}

// kernel is the triangle of half-width 1 averaged over [-box/2, box/2].
func kernel(x, box float64) float64 {
	if box < 1e-6 {
		return max(0, 1-math.Abs(x))
	}
	return (triangleIntegral(x+box/2) - triangleIntegral(x-box/2)) / box
}

// triangleIntegral is the integral of the unit triangle from -inf to x.
func triangleIntegral(x float64) float64 {
	switch {
	case x <= -1:
		return 0
	case x < 0:
		return (x + 1) * (x + 1) / 2
	case x < 1:
		return 1 - (1-x)*(1-x)/2
	}
	return 1
}

// quantise turns raw/sum into integers that sum to exactly 1<<weightBits: the
// rest goes to the largest.
func quantise(dst []uint64, raw []float64, sum float64) {
	rest, largest := int64(1<<weightBits), 0
	for j, w := range raw {
		dst[j] = uint64(math.Round(w / sum * (1 << weightBits)))
		rest -= int64(dst[j])
		if dst[j] > dst[largest] {
			largest = j
		}
	}
	dst[largest] += uint64(rest)
}
