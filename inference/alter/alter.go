// Package alter changes a CT volume as another scanner, another protocol or
// another way of lying would have: moved by a part of a voxel, stored the other
// way round, in thicker slices, noisier, sharper, cut, with the arms down,
// with metal. A detector that is any good finds the same places in them.
//
// Every function returns a new volume and leaves its input alone. Where the
// patient lies does not change: a place keeps its LPS position, so that
// findings before and after are compared as they are. The same arguments give
// the same voxels.
package alter

import (
	"fmt"
	"math"

	"nafas/inference/volume"
)

// leastHU and mostHU are the range of a CT of 12 bits with an offset of 1024.
const (
	leastHU = -1024
	mostHU  = 3071
)

func clip(hu float64) int16 { return int16(math.Round(min(max(hu, leastHU), mostHU))) }

// Flip stores an axis (0 columns, 1 rows, 2 slices) the other way round. The
// voxels are the same, and so are their places.
func Flip(v *volume.Volume, axis int) *volume.Volume {
	out := &volume.Volume{Grid: v.Grid, HU: make([]int16, len(v.HU))}
	var last volume.Vec3
	last[axis] = float64(v.Size[axis] - 1)
	out.OriginLPSMM = v.ToLPS(last)
	out.Axes[axis] = v.Axes[axis].Scale(-1)
	at := 0
	for k := range v.Size[2] {
		for j := range v.Size[1] {
			from := [3]int{0, j, k}
			step := 1
			if axis == 0 {
				step = -1
			}
			from[axis] = v.Size[axis] - 1 - from[axis]
			src := v.Index(from[0], from[1], from[2])
			for range v.Size[0] {
				out.HU[at] = v.HU[src]
				at++
				src += step
			}
		}
	}
	return out
}

// Permute stores the axes in another order: axis n of the result is axis
// order[n] of v. The voxels are the same, and so are their places.
func Permute(v *volume.Volume, order [3]int) *volume.Volume {
	if order[0]+order[1]+order[2] != 3 || order[0]*order[1]*order[2] != 0 || min(order[0], order[1], order[2]) < 0 {
		panic(fmt.Sprintf("alter: %v is no order of three axes", order))
	}
	out := &volume.Volume{Grid: v.Grid, HU: make([]int16, len(v.HU))}
	stride := [3]int{1, v.Size[0], v.Size[0] * v.Size[1]}
	for n, from := range order {
		out.Size[n], out.Axes[n], out.SpacingMM[n] = v.Size[from], v.Axes[from], v.SpacingMM[from]
	}
	at := 0
	for k := range out.Size[2] {
		for j := range out.Size[1] {
			src := k*stride[order[2]] + j*stride[order[1]]
			for range out.Size[0] {
				out.HU[at] = v.HU[src]
				at++
				src += stride[order[0]]
			}
		}
	}
	return out
}

// Shift samples the volume on its own grid moved by parts of a voxel along i,
// j, k, at most half of one: as if the scan had begun a little later. It
// interpolates linearly, so that half a voxel blurs most.
func Shift(v *volume.Volume, voxels volume.Vec3) *volume.Volume {
	g := v.Grid
	g.OriginLPSMM = v.ToLPS(voxels)
	return v.Resample(g, volume.AirHU)
}

// Turn samples the volume on its own grid turned by degrees about the middle of
// the slices, so that nothing in the image lies along its rows as before. What
// the volume does not cover is air.
func Turn(v *volume.Volume, degrees float64) *volume.Volume {
	g := v.Grid
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	g.Axes[0] = v.Axes[0].Scale(cos).Add(v.Axes[1].Scale(sin))
	g.Axes[1] = v.Axes[1].Scale(cos).Sub(v.Axes[0].Scale(sin))
	mid := volume.Vec3{float64(v.Size[0]-1) / 2, float64(v.Size[1]-1) / 2, 0}
	g.OriginLPSMM = g.OriginLPSMM.Add(v.ToLPS(mid).Sub(g.ToLPS(mid)))
	return v.Resample(g, volume.AirHU)
}

// Reslice makes slices of another thickness, as far apart as they are thick,
// around the middle of the stack. Thicker ones average what they cover;
// thinner ones are interpolated, which adds no detail.
func Reslice(v *volume.Volume, thicknessMM float64) *volume.Volume {
	g := v.Grid
	length := float64(v.Size[2]-1) * v.SpacingMM[2]
	g.Size[2] = int(math.Floor(length/thicknessMM+1e-9)) + 1
	g.SpacingMM[2] = thicknessMM
	slack := length - float64(g.Size[2]-1)*thicknessMM
	g.OriginLPSMM = g.OriginLPSMM.Add(g.Axes[2].Scale(slack / 2))
	return v.Resample(g, volume.AirHU)
}

// Crop keeps the voxels whose centres lie in a box, corners in LPS mm. A box
// that holds no voxel centre is a mistake of the caller's, and panics.
func Crop(v *volume.Volume, loLPSMM, hiLPSMM volume.Vec3) *volume.Volume {
	lo, hi := [3]int{}, [3]int{}
	inf := math.Inf(1)
	from, to := volume.Vec3{inf, inf, inf}, volume.Vec3{-inf, -inf, -inf}
	for c := range 8 {
		p := loLPSMM
		for a := range 3 {
			if c>>a&1 == 1 {
				p[a] = hiLPSMM[a]
			}
		}
		q := v.ToIndex(p)
		for a := range 3 {
			from[a], to[a] = min(from[a], q[a]), max(to[a], q[a])
		}
	}
	out := &volume.Volume{Grid: v.Grid}
	for a := range 3 {
		lo[a] = int(math.Ceil(max(from[a], 0) - 1e-9))
		hi[a] = int(math.Floor(min(to[a], float64(v.Size[a]-1)) + 1e-9))
		if out.Size[a] = hi[a] - lo[a] + 1; out.Size[a] < 1 {
			panic("alter: the box holds no voxel")
		}
	}
	out.OriginLPSMM = v.ToLPS(volume.Vec3{float64(lo[0]), float64(lo[1]), float64(lo[2])})
	out.HU = make([]int16, 0, out.Len())
	for k := lo[2]; k <= hi[2]; k++ {
		for j := lo[1]; j <= hi[1]; j++ {
			at := v.Index(lo[0], j, k)
			out.HU = append(out.HU, v.HU[at:at+out.Size[0]]...)
		}
	}
	return out
}

// Circle puts air outside a circle about the middle of each slice, as a
// scanner does that reconstructs a smaller field of view.
func Circle(v *volume.Volume, radiusMM float64) *volume.Volume {
	out := &volume.Volume{Grid: v.Grid, HU: make([]int16, len(v.HU))}
	copy(out.HU, v.HU)
	for j := range v.Size[1] {
		y := (float64(j) - float64(v.Size[1]-1)/2) * v.SpacingMM[1]
		for i := range v.Size[0] {
			x := (float64(i) - float64(v.Size[0]-1)/2) * v.SpacingMM[0]
			if x*x+y*y <= radiusMM*radiusMM {
				continue
			}
			for k := range v.Size[2] {
				out.HU[v.Index(i, j, k)] = volume.AirHU
			}
		}
	}
	return out
}
