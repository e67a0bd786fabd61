package volume

import (
	"math"
)

// Resampling works in integers so that every processor and every build gives
// the same voxels (floating point may be fused on some): weights have
// weightBits fractional bits and sum to exactly 1<<weightBits, intermediate
// values keep fracBits more than a HU. An int16 value with both still fits
// 32 bits.
const (
	weightBits = 13
	fracBits   = 3
)

// alignedToleranceMM is how far, over the whole extent of the source, an axis
// may stray from the target's before the oblique path is taken.
const alignedToleranceMM = 0.1

// Resample returns v on the grid dst.
//
// Between voxel centres it interpolates linearly along each axis. Where dst is
// coarser than v along an axis, the linear kernel is widened by a moving
// average over the difference of the two spacings, so that no voxel is passed
// over (0.7 mm pixels on a 1.25 mm grid would otherwise alias noise and lose
// part of a small nodule); at equal spacing this is plain linear
// interpolation.
//
// Voxels of dst that lie more than half a voxel of v outside the centres of
// v's border voxels become fill; up to there the border value is continued.
// The result depends on the values alone, not on the machine.
func (v *Volume) Resample(dst Grid, fill int16) *Volume {
	out := &Volume{Grid: dst, HU: make([]int16, dst.Len())}
	v.ResampleInto(out.HU, dst, fill)
	return out
}

// ResampleInto is Resample into to, which has dst.Len() values.
func (v *Volume) ResampleInto(to []int16, dst Grid, fill int16) {
	if signs, ok := aligned(v.Grid, dst); ok {
		v.resampleAligned(to, dst, signs, fill)
		return
	}
	v.resampleOblique(to, dst, fill)
}

// aligned reports whether the axes of a and b are the same lines, axis by
// axis, and the sign of each pair.
func aligned(a, b Grid) (signs [3]float64, ok bool) {
	for n := range 3 {
		signs[n] = 1
		if a.Axes[n].Dot(b.Axes[n]) < 0 {
			signs[n] = -1
		}
		stray := a.Axes[n].Sub(b.Axes[n].Scale(signs[n])).Norm()
		if stray*float64(a.Size[n])*a.SpacingMM[n] > alignedToleranceMM {
			return signs, false
		}
	}
	return signs, true
}

// taps are the weights that make one line of the target from one of the
// source. Every target voxel has width weights; unused ones are zero.
type taps struct {
	width  int
	start  []int   // first source index per target index; -1: outside
	weight []int32 // len(start)*width
}

// lineTaps computes taps for a target of n voxels whose voxel i lies at source
// index first + i*step, in a source of m voxels.
func lineTaps(n, m int, first, step float64) taps {
	box := max(0, math.Abs(step)-1) // width of the moving average, in source voxels
	radius := 1 + box/2
	t := taps{width: min(m, int(math.Floor(2*radius))+1), start: make([]int, n)}
	t.weight = make([]int32, n*t.width)
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
func quantise(dst []int32, raw []float64, sum float64) {
	rest, largest := int32(1<<weightBits), 0
	for j, w := range raw {
		dst[j] = int32(math.Round(w / sum * (1 << weightBits)))
		rest -= dst[j]
		if dst[j] > dst[largest] {
			largest = j
		}
	}
	dst[largest] += rest
}

// resampleAligned handles grids whose axes are parallel: rows, then columns,
// then slices, one axis at a time. Source slices are reduced in the plane once
// and kept only as long as a target slice needs them.
func (v *Volume) resampleAligned(to []int16, dst Grid, signs [3]float64, fill int16) {
	at := v.ToIndex(dst.OriginLPSMM)
	var t [3]taps
	for n := range 3 {
		t[n] = lineTaps(dst.Size[n], v.Size[n], at[n], signs[n]*dst.SpacingMM[n]/v.SpacingMM[n])
	}
	nx, ny := dst.Size[0], dst.Size[1]
	plane := nx * ny
	cache := planeCache{planes: make([][]int32, t[2].width), slice: make([]int, t[2].width)}
	for i := range cache.planes {
		cache.planes[i], cache.slice[i] = make([]int32, plane), -1
	}
	row := make([]int32, v.Size[0])
	parts := make([][]int32, 0, t[2].width)
	weights := make([]int32, 0, t[2].width)
	for k := range dst.Size[2] {
		out := to[k*plane : (k+1)*plane]
		s := t[2].start[k]
		if s < 0 {
			fillWith(out, fill)
			continue
		}
		parts, weights = parts[:0], weights[:0]
		for j := range t[2].width {
			w := t[2].weight[k*t[2].width+j]
			if w == 0 {
				continue
			}
			p, fresh := cache.get(s+j, s, s+t[2].width)
			if fresh {
				v.reducePlane(p, row, s+j, nx, ny, t[0], t[1])
			}
			parts, weights = append(parts, p), append(weights, w)
		}
		mixPlanes(out, parts, weights)
		fillOutside(out, nx, t[0].start, t[1].start, fill)
	}
}

// planeCache keeps the reduced source slices of the current target slice.
type planeCache struct {
	planes [][]int32
	slice  []int
}

// get returns the plane for source slice s, and whether it must be computed;
// slices outside [lo, hi) are no longer needed.
func (c *planeCache) get(s, lo, hi int) (plane []int32, fresh bool) {
	free := -1
	for i, have := range c.slice {
		if have == s {
			return c.planes[i], false
		}
		if have < lo || have >= hi {
			free = i
		}
	}
	c.slice[free] = s
	return c.planes[free], true
}

// reducePlane resamples source slice k in its plane, with fracBits.
func (v *Volume) reducePlane(dst, row []int32, k, nx, ny int, tx, ty taps) {
	sx := v.Size[0]
	lo, hi := tx.span()
	src := v.HU[k*sx*v.Size[1]:]
	for j := range ny {
		s := ty.start[j]
		if s < 0 {
			continue // filled later
		}
		mixRows(row[lo:hi], src[s*sx+lo:], sx, ty.weight[j*ty.width:(j+1)*ty.width])
		shrinkRow(dst[j*nx:(j+1)*nx], row, tx)
	}
}

// mixRows sets row to the weighted sum of consecutive source rows, with
// fracBits.
func mixRows(row []int32, src []int16, stride int, w []int32) {
	const shift, half = weightBits - fracBits, 1 << (weightBits - fracBits - 1)
	for len(w) > 1 && w[0] == 0 {
		src, w = src[stride:], w[1:]
	}
	for len(w) > 1 && w[len(w)-1] == 0 {
		w = w[:len(w)-1]
	}
	n := len(row)
	switch len(w) {
	case 1:
		for i, a := range src[:n] {
			row[i] = int32(a) << fracBits
		}
	case 2:
		a, b := src[:n], src[stride:][:n]
		w0, w1 := w[0], w[1]
		for i := range row {
			row[i] = (w0*int32(a[i]) + w1*int32(b[i]) + half) >> shift
		}
	case 3:
		a, b, c := src[:n], src[stride:][:n], src[2*stride:][:n]
		w0, w1, w2 := w[0], w[1], w[2]
		for i := range row {
			row[i] = (w0*int32(a[i]) + w1*int32(b[i]) + w2*int32(c[i]) + half) >> shift
		}
	case 4:
		a, b, c, d := src[:n], src[stride:][:n], src[2*stride:][:n], src[3*stride:][:n]
		w0, w1, w2, w3 := w[0], w[1], w[2], w[3]
		for i := range row {
			row[i] = (w0*int32(a[i]) + w1*int32(b[i]) + w2*int32(c[i]) + w3*int32(d[i]) + half) >> shift
		}
	default:
		mixManyRows(row, src, stride, w)
		for i, sum := range row {
			row[i] = (sum + half) >> shift
		}
	}
}

// mixManyRows sets row to the weighted sum of five or more rows, four at a
// time: each pass over row costs as much as a source.
func mixManyRows(row []int32, src []int16, stride int, w []int32) {
	n := len(row)
	clear(row)
	for ; len(w) >= 4; src, w = src[min(4*stride, len(src)):], w[4:] {
		a, b, c, d := src[:n], src[stride:][:n], src[2*stride:][:n], src[3*stride:][:n]
		w0, w1, w2, w3 := w[0], w[1], w[2], w[3]
		for i := range row {
			row[i] += w0*int32(a[i]) + w1*int32(b[i]) + w2*int32(c[i]) + w3*int32(d[i])
		}
	}
	for j, wj := range w {
		for i, a := range src[j*stride:][:n] {
			row[i] += wj * int32(a)
		}
	}
}

// shrinkRow resamples one row along x; fracBits in, fracBits out.
func shrinkRow(dst, row []int32, t taps) {
	const half = 1 << (weightBits - 1)
	switch t.width {
	case 3:
		for i, s := range t.start {
			if s < 0 {
				continue
			}
			w, r := t.weight[3*i:3*i+3:3*i+3], row[s:s+3:s+3]
			dst[i] = (w[0]*r[0] + w[1]*r[1] + w[2]*r[2] + half) >> weightBits
		}
	case 4:
		for i, s := range t.start {
			if s < 0 {
				continue
			}
			w, r := t.weight[4*i:4*i+4:4*i+4], row[s:s+4:s+4]
			dst[i] = (w[0]*r[0] + w[1]*r[1] + w[2]*r[2] + w[3]*r[3] + half) >> weightBits
		}
	case 5:
		for i, s := range t.start {
			if s < 0 {
				continue
			}
			w, r := t.weight[5*i:5*i+5:5*i+5], row[s:s+5:s+5]
			dst[i] = (w[0]*r[0] + w[1]*r[1] + w[2]*r[2] + w[3]*r[3] + w[4]*r[4] + half) >> weightBits
		}
	default:
		for i, s := range t.start {
			if s < 0 {
				continue
			}
			w := t.weight[i*t.width : (i+1)*t.width]
			acc := int32(half)
			for j, x := range row[s : s+t.width] {
				acc += w[j] * x
			}
			dst[i] = acc >> weightBits
		}
	}
}

// mixPlanes writes the weighted sum of planes as HU.
func mixPlanes(out []int16, planes [][]int32, w []int32) {
	const shift, half = weightBits + fracBits, 1 << (weightBits + fracBits - 1)
	switch len(planes) {
	case 1:
		for i, a := range planes[0] {
			out[i] = int16((a + 1<<(fracBits-1)) >> fracBits)
		}
	case 2:
		a, b, w0, w1 := planes[0], planes[1], int64(w[0]), int64(w[1])
		b = b[:len(a)]
		for i := range out {
			out[i] = int16((w0*int64(a[i]) + w1*int64(b[i]) + half) >> shift)
		}
	case 3:
		a, b, c := planes[0], planes[1], planes[2]
		b, c = b[:len(a)], c[:len(a)]
		w0, w1, w2 := int64(w[0]), int64(w[1]), int64(w[2])
		for i := range out {
			out[i] = int16((w0*int64(a[i]) + w1*int64(b[i]) + w2*int64(c[i]) + half) >> shift)
		}
	default:
		for i := range out {
			acc := int64(half)
			for j, p := range planes {
				acc += int64(w[j]) * int64(p[i])
			}
			out[i] = int16(acc >> shift)
		}
	}
}

// fillOutside overwrites the rows and columns without a source.
func fillOutside(out []int16, nx int, startX, startY []int, fill int16) {
	for j, s := range startY {
		row := out[j*nx : (j+1)*nx]
		if s < 0 {
			fillWith(row, fill)
			continue
		}
		for i, s := range startX {
			if s < 0 {
				row[i] = fill
			}
		}
	}
}

func fillWith(s []int16, v int16) {
	for i := range s {
		s[i] = v
	}
}
