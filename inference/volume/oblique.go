package volume

import "math"

// obliqueStep is the spacing, as a part of the target's, that an oblique
// source is first reduced to along its own axes, so that sampling it at single
// points does not alias and does not blur much more.
const obliqueStep = 0.75

// resampleOblique handles any pair of orthogonal grids: it reduces the source
// along its own axes where it is finer than the target, then interpolates
// trilinearly at every target voxel.
func (v *Volume) resampleOblique(to []int16, dst Grid, fill int16) {
	src, bound := v.reduceForSampling(dst), v.Grid
	origin := src.ToIndex(dst.OriginLPSMM)
	outer := bound.ToIndex(dst.OriginLPSMM)
	var step, outerStep [3]Vec3 // change of source index per target axis
	for n := range 3 {
		p := dst.OriginLPSMM.Add(dst.Axes[n].Scale(dst.SpacingMM[n]))
		step[n] = src.ToIndex(p).Sub(origin)
		outerStep[n] = bound.ToIndex(p).Sub(outer)
	}
	o := 0
	for k := range dst.Size[2] {
		for j := range dst.Size[1] {
			at := origin.Add(step[1].Scale(float64(j))).Add(step[2].Scale(float64(k)))
			edge := outer.Add(outerStep[1].Scale(float64(j))).Add(outerStep[2].Scale(float64(k)))
			for i := range dst.Size[0] {
				if bound.covers(edge.Add(outerStep[0].Scale(float64(i)))) {
					to[o] = src.trilinear(at.Add(step[0].Scale(float64(i))))
				} else {
					to[o] = fill
				}
				o++
			}
		}
	}
}

// covers reports whether the continuous index lies within half a voxel of the
// grid.
func (g Grid) covers(ijk Vec3) bool {
	for n := range 3 {
		if ijk[n] < -0.5-1e-9 || ijk[n] > float64(g.Size[n])-0.5+1e-9 {
			return false
		}
	}
	return true
}

// reduceForSampling returns v, averaged along its own axes to a spacing that
// fits dst where v is finer.
func (v *Volume) reduceForSampling(dst Grid) *Volume {
	fine := min(dst.SpacingMM[0], dst.SpacingMM[1], dst.SpacingMM[2]) * obliqueStep
	g, change := v.Grid, false
	for n := range 3 {
		if v.SpacingMM[n] >= fine {
			continue
		}
		change = true
		extent := float64(v.Size[n]-1) * v.SpacingMM[n]
		g.Size[n] = int(math.Ceil(extent/fine)) + 1
		g.SpacingMM[n] = fine
	}
	if !change {
		return v
	}
	// The last voxel may lie beyond the source by less than a step: continue
	// the border there by resampling with a clamped position.
	for n := range 3 {
		for float64(g.Size[n]-1)*g.SpacingMM[n] > (float64(v.Size[n])-0.5)*v.SpacingMM[n] {
			g.Size[n]--
		}
	}
	return v.Resample(g, AirHU)
}

// trilinear interpolates at a continuous index; beyond the border the border
// value is continued.
func (v *Volume) trilinear(ijk Vec3) int16 {
	var lo, up [3]int
	var f [3]int64
	const one = 1 << 10
	for n := range 3 {
		x := min(max(ijk[n], 0), float64(v.Size[n]-1))
		lo[n] = int(x)
		up[n] = min(lo[n]+1, v.Size[n]-1)
		f[n] = int64(math.Round((x - float64(lo[n])) * one))
	}
	sx, sxy := v.Size[0], v.Size[0]*v.Size[1]
	line := func(j, k int) int64 {
		r := v.HU[k*sxy+j*sx:]
		return int64(r[lo[0]])*(one-f[0]) + int64(r[up[0]])*f[0]
	}
	a := line(lo[1], lo[2])*(one-f[1]) + line(up[1], lo[2])*f[1]
	b := line(lo[1], up[2])*(one-f[1]) + line(up[1], up[2])*f[1]
	return int16((a*(one-f[2]) + b*f[2] + 1<<29) >> 30)
}
