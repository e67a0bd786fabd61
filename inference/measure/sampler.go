package measure

import (
	"math"

	"nafas/inference/lung"
	"nafas/inference/volume"
)

// sampler interpolates between voxels.
type sampler struct {
	v       *volume.Volume
	toIndex [3]volume.Vec3
	stride  [3]int
}

func newSampler(v *volume.Volume) *sampler {
	return &sampler{v: v, toIndex: perIndex(v.Grid), stride: [3]int{1, v.Size[0], v.Size[0] * v.Size[1]}}
}

// perIndex are the directions whose products with a step in mm are the step in
// voxels.
func perIndex(g volume.Grid) (out [3]volume.Vec3) {
	for a := range 3 {
		out[a] = g.Axes[a].Scale(1 / g.SpacingMM[a])
	}
	return out
}

func inVoxels(to [3]volume.Vec3, stepMM volume.Vec3) volume.Vec3 {
	return volume.Vec3{to[0].Dot(stepMM), to[1].Dot(stepMM), to[2].Dot(stepMM)}
}

// line samples along a row of places.
func (s *sampler) line(out []float32, fromLPSMM, stepMM volume.Vec3) {
	q, d := s.v.ToIndex(fromLPSMM), inVoxels(s.toIndex, stepMM)
	for i := range out {
		out[i] = s.atIndex(q)
		q = q.Add(d)
	}
}

// at is the HU of a place in LPS mm.
func (s *sampler) at(lpsMM volume.Vec3) float64 { return float64(s.atIndex(s.v.ToIndex(lpsMM))) }

// atIndex is the HU at a continuous index, NaN outside of the volume.
func (s *sampler) atIndex(q volume.Vec3) float32 {
	var base int
	var f [3]float32
	for a := range 3 {
		if !(q[a] >= 0 && q[a] <= float64(s.v.Size[a]-1)) || s.v.Size[a] < 2 {
			return float32(math.NaN())
		}
		i := min(int(q[a]), s.v.Size[a]-2)
		f[a] = float32(q[a] - float64(i))
		base += i * s.stride[a]
	}
	hu, x, y, z := s.v.HU, s.stride[0], s.stride[1], s.stride[2]
	row := func(at int) float32 { return float32(hu[at]) + f[0]*(float32(hu[at+x])-float32(hu[at])) }
	plane := func(at int) float32 { a := row(at); return a + f[1]*(row(at+y)-a) }
	a := plane(base)
	return a + f[2]*(plane(base+z)-a)
}

// inside is the lung field's mask, interpolated.
type inside struct {
	volume.Grid
	mask    []uint8
	toIndex [3]volume.Vec3
}

func newInside(f *lung.Field) *inside {
	return &inside{Grid: f.Grid, mask: f.Mask, toIndex: perIndex(f.Grid)}
}

// has tells whether a place lies in the lung.
func (l *inside) has(lpsMM volume.Vec3) bool { return l.share(l.ToIndex(lpsMM)) >= .5 }

// leaves counts how many places of a row lie in the lung before the first that
// does not.
func (l *inside) leaves(fromLPSMM, stepMM volume.Vec3, n int) int {
	q, d := l.ToIndex(fromLPSMM), inVoxels(l.toIndex, stepMM)
	// Half a voxel of the mask at a time, then the places between.
	stride := max(1, int(.5/d.Norm()))
	for i := 0; i < n; i += stride {
		if l.share(q.Add(d.Scale(float64(i)))) >= .5 {
			continue
		}
		for j := max(0, i-stride+1); j < i; j++ {
			if l.share(q.Add(d.Scale(float64(j)))) < .5 {
				return j
			}
		}
		return i
	}
	return n
}

// share is 1 in the lung, 0 outside of it.
func (l *inside) share(q volume.Vec3) float64 {
	var base [3]int
	var f [3]float64
	for a := range 3 {
		i := math.Floor(q[a])
		base[a], f[a] = int(i), q[a]-i
		if base[a] < 0 || base[a] >= l.Size[a]-1 {
			return 0
		}
	}
	at := l.Index(base[0], base[1], base[2])
	row := func(at int) float64 {
		switch a, b := l.mask[at] != 0, l.mask[at+1] != 0; {
		case a && b:
			return 1
		case a:
			return 1 - f[0]
		case b:
			return f[0]
		}
		return 0
	}
	y, z := l.Size[0], l.Size[0]*l.Size[1]
	lo := row(at)*(1-f[1]) + row(at+y)*f[1]
	hi := row(at+z)*(1-f[1]) + row(at+z+y)*f[1]
	return lo*(1-f[2]) + hi*f[2]
}
