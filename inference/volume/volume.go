// Package volume holds the regular grid that the rest of the pipeline reads:
// Hounsfield units on a lattice whose place in the patient is known.
//
// Conventions, everywhere in Nafas: positions are patient coordinates in
// millimetres, LPS (+x to the patient's Left, +y Posterior, +z Superior;
// DICOM PS3.3 C.7.6.2.1.1). A voxel index names the voxel's centre. Data are
// stored with i (columns) fastest, then j (rows), then k (slices).
package volume

import "math"

// Vec3 is a position or a direction in patient LPS millimetres, or a
// continuous voxel index (i, j, k), as the name of the variable says.
type Vec3 [3]float64

// Add returns v + w.
func (v Vec3) Add(w Vec3) Vec3 { return Vec3{v[0] + w[0], v[1] + w[1], v[2] + w[2]} }

// Sub returns v - w.
func (v Vec3) Sub(w Vec3) Vec3 { return Vec3{v[0] - w[0], v[1] - w[1], v[2] - w[2]} }

// Scale returns v * s.
func (v Vec3) Scale(s float64) Vec3 { return Vec3{v[0] * s, v[1] * s, v[2] * s} }

// Dot returns the inner product.
func (v Vec3) Dot(w Vec3) float64 { return v[0]*w[0] + v[1]*w[1] + v[2]*w[2] }

// Cross returns the right-handed cross product.
func (v Vec3) Cross(w Vec3) Vec3 {
	return Vec3{v[1]*w[2] - v[2]*w[1], v[2]*w[0] - v[0]*w[2], v[0]*w[1] - v[1]*w[0]}
}

// Norm returns the Euclidean length.
func (v Vec3) Norm() float64 { return math.Sqrt(v.Dot(v)) }

// Unit returns v scaled to length 1; the zero vector stays zero.
func (v Vec3) Unit() Vec3 {
	if n := v.Norm(); n > 0 {
		return v.Scale(1 / n)
	}
	return v
}

// Grid is a regular lattice in patient space.
type Grid struct {
	// Size is the number of voxels along i, j, k.
	Size [3]int
	// OriginLPSMM is the centre of voxel (0,0,0).
	OriginLPSMM Vec3
	// Axes are the unit directions, in LPS, of growing i, j and k. They are
	// orthogonal, and may be left-handed (a flipped series).
	Axes [3]Vec3
	// SpacingMM is the distance between voxel centres along i, j, k.
	SpacingMM [3]float64
}

// Len is the number of voxels.
func (g Grid) Len() int { return g.Size[0] * g.Size[1] * g.Size[2] }

// Index is the offset of voxel (i, j, k) in a slice of length Len.
func (g Grid) Index(i, j, k int) int { return (k*g.Size[1]+j)*g.Size[0] + i }

// ToLPS maps a continuous voxel index to patient LPS mm.
func (g Grid) ToLPS(ijk Vec3) Vec3 {
	p := g.OriginLPSMM
	for a := range 3 {
		p = p.Add(g.Axes[a].Scale(ijk[a] * g.SpacingMM[a]))
	}
	return p
}

// ToIndex maps patient LPS mm to a continuous voxel index: the inverse of
// ToLPS for orthogonal axes.
func (g Grid) ToIndex(lpsMM Vec3) Vec3 {
	d := lpsMM.Sub(g.OriginLPSMM)
	return Vec3{
		d.Dot(g.Axes[0]) / g.SpacingMM[0],
		d.Dot(g.Axes[1]) / g.SpacingMM[1],
		d.Dot(g.Axes[2]) / g.SpacingMM[2],
	}
}

// Volume is a CT series as Hounsfield units on a grid.
type Volume struct {
	Grid
	// HU has Grid.Len values, i fastest. Values are clipped to the int16
	// range; padding and everything outside the field of view is AirHU.
	HU []int16
}

// AirHU fills what was not measured (padding, outside the reconstruction
// circle).
const AirHU = -1000

// At returns the HU of voxel (i, j, k); the caller keeps the index in range.
func (v *Volume) At(i, j, k int) int16 { return v.HU[v.Index(i, j, k)] }

// Bounds returns the corners, in LPS mm, of the smallest LPS-aligned box that
// holds the centres of all voxels.
func (g Grid) Bounds() (lo, hi Vec3) {
	lo = Vec3{math.Inf(1), math.Inf(1), math.Inf(1)}
	hi = lo.Scale(-1)
	for c := range 8 {
		p := g.ToLPS(Vec3{
			float64(c & 1 * (g.Size[0] - 1)),
			float64(c >> 1 & 1 * (g.Size[1] - 1)),
			float64(c >> 2 & 1 * (g.Size[2] - 1)),
		})
		for n := range 3 {
			lo[n], hi[n] = min(lo[n], p[n]), max(hi[n], p[n])
		}
	}
	return lo, hi
}
