package volume

import (
	"slices"
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
	cache := planeCache{planes: make([][]uint64, t[2].width), slice: make([]int, t[2].width)}
	for i := range cache.planes {
		cache.planes[i], cache.slice[i] = make([]uint64, nx*((ny+1)/2)), -1
	}
	reduce := newReducer(v, t[0], t[1])
	parts := make([][]uint64, 0, t[2].width)
	weights := make([]uint64, 0, t[2].width)
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
				reduce.plane(p, s+j)
			}
			parts, weights = append(parts, p), append(weights, w)
		}
		mixPlanes(out, nx, parts, weights)
		fillOutside(out, nx, t[0].start, t[1].start, fill)
	}
}

// planeCache keeps the reduced source slices of the current target slice.
type planeCache struct {
	planes [][]uint64
	slice  []int
}

// get returns the plane for source slice s, and whether it must be computed;
// slices outside [lo, hi) are no longer needed.
func (c *planeCache) get(s, lo, hi int) (plane []uint64, fresh bool) {
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

// fillOutside overwrites the rows and columns without a source.
func fillOutside(out []int16, nx int, startX, startY []int, fill int16) {
	beyond := slices.Contains(startX, -1)
	for j, s := range startY {
		row := out[j*nx : (j+1)*nx]
		if s < 0 {
			fillWith(row, fill)
			continue
		}
		if !beyond {
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
