package prior

import (
	"nafas/inference/lung"
	"nafas/inference/volume"
)

// Densities are compared between lung and what vessels have in thick slices:
// what is denser than that, such as the chest wall, shall not count for more.
const lowHU, highHU = -950, -300

// image samples a scan.
type image struct {
	volume.Grid
	hu      []int16
	toIndex [3]volume.Vec3 // a step in mm times these is the step in voxels
	stride  [3]int
}

func newImage(v *volume.Volume) *image {
	im := &image{Grid: v.Grid, hu: v.HU, stride: [3]int{1, v.Size[0], v.Size[0] * v.Size[1]}}
	for a := range 3 {
		im.toIndex[a] = v.Axes[a].Scale(1 / v.SpacingMM[a])
	}
	return im
}

// lungImage is the box around the lungs, averaged to the lung field's 2 mm:
// enough for vessels, little of their noise.
func lungImage(e *Exam) *image {
	f := e.Field
	lo, hi := f.Box(6)
	g := f.Grid
	for a := range 3 {
		first := max(0, int(f.Grid.ToIndex(lo)[a]))
		last := min(f.Grid.Size[a]-1, int(f.Grid.ToIndex(hi)[a])+1)
		g.Size[a] = last - first + 1
		g.OriginLPSMM[a] += float64(first) * g.SpacingMM[a]
	}
	return newImage(e.Volume.Resample(g, volume.AirHU))
}

// voxels is a step in mm as one in voxels.
func (im *image) voxels(stepMM volume.Vec3) volume.Vec3 {
	return volume.Vec3{im.toIndex[0].Dot(stepMM), im.toIndex[1].Dot(stepMM), im.toIndex[2].Dot(stepMM)}
}

// at is the density, bounded, at a continuous index; ok is false outside.
func (im *image) at(q volume.Vec3) (hu float32, ok bool) {
	var base int
	var f [3]float32
	for a := range 3 {
		if !(q[a] >= 0 && q[a] < float64(im.Size[a]-1)) {
			return 0, false
		}
		i := int(q[a])
		f[a] = float32(q[a] - float64(i))
		base += i * im.stride[a]
	}
	y, z := im.stride[1], im.stride[2]
	c, d := im.hu[base:base+y+2], im.hu[base+z:base+z+y+2]
	x0 := float32(c[0]) + f[0]*(float32(c[1])-float32(c[0]))
	x1 := float32(c[y]) + f[0]*(float32(c[y+1])-float32(c[y]))
	x2 := float32(d[0]) + f[0]*(float32(d[1])-float32(d[0]))
	x3 := float32(d[y]) + f[0]*(float32(d[y+1])-float32(d[y]))
	y0, y1 := x0+f[1]*(x1-x0), x2+f[1]*(x3-x2)
	return min(max(y0+f[2]*(y1-y0), lowHU), highHU), true
}

// has tells whether a place lies in the lung.
func has(f *lung.Field, p volume.Vec3) bool { return labelAt(f, p) != 0 }

// labelAt is the lung field's label at a place, 0 outside of its grid.
func labelAt(f *lung.Field, p volume.Vec3) uint8 {
	q := f.Grid.ToIndex(p)
	var at [3]int
	for a := range 3 {
		if !(q[a] >= -.5 && q[a] < float64(f.Grid.Size[a])-.5) {
			return 0
		}
		at[a] = int(q[a] + .5)
	}
	return f.Mask[f.Grid.Index(at[0], at[1], at[2])]
}
