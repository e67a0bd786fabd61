package lung

import (
	"math"

	"nafas/inference/volume"
)

const (
	sheetMM = 1.5
	// Vessels are cut off at a value above a fissure's, so that their edges do
	// not outshine it.
	sheetFloorHU, sheetCeilingHU = -1000, -600
	vesselHU                     = -700  // after smoothing; above, it is no fissure
	sheetStep                    = 2     // voxels from the ridge to its foot
	sheetLeastHU                 = 4.0   // curvature of a ridge, at least
	sheetFullHU                  = 12.0  // and from which on nothing is added
	sheetFlat                    = 0.5   // curvature along it over that across, at most
	sheetShape                   = 0.55  // what hessian.shape of a sheet is below: 0.54 where sheetFlat is just kept
	sheetLeastVox                = 200   // of one connected sheet
	sheetBend                    = 14840 // 0.92 * 127 * 127: between the normals of neighbours in it
	sheetMargin                  = 2     // voxels of the working grid off the border
)

// sheets is how much every place of one lung looks like a thin bright sheet
// between darker lung.
type sheets struct {
	grid volume.Grid // sheetMM, along LPS
	what []kind
	// strength is 0 to 255 and the direction the unit normal's components
	// times 127, of no sign.
	strength []uint8
	normal   [][3]int8
}

// kind is what a voxel of sheets is; those beside notLung lie in the lung
// without its border.
type kind uint8

const (
	notLung kind = iota
	plain
	vessel // too bright to be a fissure
	sheet  // has strength and normal
)

// sheetsOf looks for sheets in the lung that has one label.
func (f *Field) sheetsOf(v *volume.Volume, label uint8) *sheets {
	b := box(f.Grid.Size)
	whole := crop{size: b}.where(b, f.Mask, label)
	inner := whole.erode(sheetMargin)
	lo, hi := inner.bounds()
	if hi[0] < 0 {
		return nil
	}
	s := &sheets{grid: volume.Grid{Axes: f.Grid.Axes, SpacingMM: [3]float64{sheetMM, sheetMM, sheetMM}}}
	const margin = sheetStep + 1
	s.grid.OriginLPSMM = f.Grid.ToLPS(volume.Vec3{float64(lo[0]), float64(lo[1]), float64(lo[2])})
	for n := range 3 {
		s.grid.OriginLPSMM[n] -= margin * sheetMM
		s.grid.Size[n] = int(float64(hi[n]-lo[n])*gridMM/sheetMM) + 1 + 2*margin
	}
	hu := v.Resample(s.grid, outOfVolume).HU
	s.what = s.interior(f.Grid, inner)
	smooth(box(s.grid.Size), hu)
	s.find(hu)
	s.keepLarge()
	return s
}

// interior tells the voxels that lie in a mask of the working grid, which are
// plain as yet.
func (s *sheets) interior(g volume.Grid, inner bitmask) []kind {
	in := make([]kind, s.grid.Len())
	xs, ys, zs := s.nearest(g, 0), s.nearest(g, 1), s.nearest(g, 2)
	o := 0
	for _, k := range zs {
		for _, j := range ys {
			line := in[o : o+len(xs)]
			o += len(xs)
			if j < 0 || k < 0 {
				continue
			}
			row := inner.row(k*g.Size[1] + j)
			for x, i := range xs {
				if i >= 0 && row[i>>6]>>(i&63)&1 != 0 {
					line[x] = plain
				}
			}
		}
	}
	return in
}

// nearest are the indices, along one axis of the working grid, of the voxels
// nearest to those of the sheets; -1 beyond its ends.
func (s *sheets) nearest(g volume.Grid, axis int) []int {
	first := g.ToIndex(s.grid.OriginLPSMM)[axis]
	out := make([]int, s.grid.Size[axis])
	for i := range out {
		out[i] = int(math.Round(first + float64(i)*sheetMM/gridMM))
		if out[i] < 0 || out[i] >= g.Size[axis] {
			out[i] = -1
		}
	}
	return out
}

// find measures the curvature at every place inside: a sheet is curved across
// and flat along.
func (s *sheets) find(hu []int16) {
	nx, ny := s.grid.Size[0], s.grid.Size[1]
	s.strength, s.normal = make([]uint8, len(hu)), make([][3]int8, len(hu))
	dx, dy, dz := sheetStep, sheetStep*nx, sheetStep*nx*ny
	at := func(o int) int { return int(hu[o]) }
	for o, what := range s.what {
		if what == notLung {
			continue
		}
		if hu[o] > vesselHU {
			s.what[o] = vessel
			continue
		}
		c := 2 * at(o)
		xx, yy, zz := at(o-dx)+at(o+dx)-c, at(o-dy)+at(o+dy)-c, at(o-dz)+at(o+dz)-c
		if float64(xx+yy+zz) > -sheetLeastHU {
			continue
		}
		xy := at(o+dx+dy) + at(o-dx-dy) - at(o+dx-dy) - at(o-dx+dy)
		xz := at(o+dx+dz) + at(o-dx-dz) - at(o+dx-dz) - at(o-dx+dz)
		yz := at(o+dy+dz) + at(o-dy-dz) - at(o+dy-dz) - at(o-dy+dz)
		h := hessian{float64(xx), float64(yy), float64(zz), float64(xy) / 4, float64(xz) / 4, float64(yz) / 4}
		mean, spread, shape := h.shape()
		if shape > sheetShape {
			continue
		}
		least, mid, most := curvatures(mean, spread, shape)
		strength := -least - math.Abs(mid) - max(0, most)/2
		if strength < sheetLeastHU || max(math.Abs(mid), math.Abs(most)) > -sheetFlat*least {
			continue
		}
		n := h.direction(least)
		s.what[o], s.strength[o] = sheet, uint8(255*min(strength/sheetFullHU, 1))
		for a := range 3 {
			s.normal[o][a] = int8(127 * n[a])
		}
	}
}

// keepLarge drops the sheets whose connected voxels, of like direction, are
// few: the walls of vessels and bronchi, and noise.
func (s *sheets) keepLarge() {
	nx, plane := s.grid.Size[0], s.grid.Size[0]*s.grid.Size[1]
	// number counts the voxels of sheets from 1.
	number := make([]int32, len(s.what))
	var voxels, parent []int32
	for o, what := range s.what {
		if what != sheet {
			continue
		}
		own := int32(len(voxels))
		voxels, parent = append(voxels, int32(o)), append(parent, own)
		number[o] = own + 1
		for _, back := range [...]int{1, nx - 1, nx, nx + 1, plane - nx, plane - 1, plane, plane + 1, plane + nx} {
			if other := number[o-back]; other > 0 && s.like(o, o-back) {
				unite(parent, own, other-1)
			}
		}
	}
	size := make([]int32, len(voxels))
	for n := range voxels {
		size[find(parent, int32(n))]++
	}
	for n, o := range voxels {
		if size[find(parent, int32(n))] < sheetLeastVox {
			s.what[o] = plain
		}
	}
}

// like tells whether the sheets at two voxels lie in nearly one direction.
func (s *sheets) like(a, b int) bool {
	m, n := s.normal[a], s.normal[b]
	c := int(m[0])*int(n[0]) + int(m[1])*int(n[1]) + int(m[2])*int(n[2])
	return max(c, -c) >= sheetBend
}

// hessian is the symmetric matrix xx, yy, zz, xy, xz, yz.
type hessian [6]float64

// shape is what the eigenvalues are made of: their mean, their spread, and their
// shape from -1, where the two largest are equal, to 1, where the two least are.
func (h hessian) shape() (mean, spread, shape float64) {
	mean = (h[0] + h[1] + h[2]) / 3
	a, b, c := h[0]-mean, h[1]-mean, h[2]-mean
	p := math.Sqrt((a*a + b*b + c*c + 2*(h[3]*h[3]+h[4]*h[4]+h[5]*h[5])) / 6)
	if p == 0 {
		return mean, 0, 0
	}
	det := a*(b*c-h[5]*h[5]) - h[3]*(h[3]*c-h[5]*h[4]) + h[4]*(h[3]*h[5]-b*h[4])
	return mean, p, min(max(det/(2*p*p*p), -1), 1)
}

// curvatures are the eigenvalues of a shape, ascending.
func curvatures(mean, spread, shape float64) (least, mid, most float64) {
	if spread == 0 {
		return mean, mean, mean
	}
	turn := math.Acos(shape) / 3
	most = mean + 2*spread*math.Cos(turn)
	least = mean + 2*spread*math.Cos(turn+2*math.Pi/3)
	return least, 3*mean - most - least, most
}

// direction is the unit eigenvector of an eigenvalue that occurs once.
func (h hessian) direction(value float64) volume.Vec3 {
	rows := [3]volume.Vec3{{h[0] - value, h[3], h[4]}, {h[3], h[1] - value, h[5]}, {h[4], h[5], h[2] - value}}
	var best volume.Vec3
	for n := range 3 {
		if c := rows[n].Cross(rows[(n+1)%3]); c.Dot(c) > best.Dot(best) {
			best = c
		}
	}
	return best.Unit()
}
