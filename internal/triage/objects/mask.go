package objects

import (
	"math"

	"nafas/dicomio/report"
	"nafas/inference/volume"
	"nafas/internal/triage"
)

// mask is a body in the images as they were sent. Voxels of slices that were
// filled in, and those beyond the images, are in none of them; false where no
// voxel is left.
func (s *stack) mask(b triage.Body) (report.Mask, bool) {
	in := b.In()
	if in == nil {
		return report.Mask{}, false
	}
	planes := s.planes(b)
	lo, hi := [3]int{s.grid.Columns, s.grid.Rows, len(s.grid.Slices)}, [3]int{-1, -1, -1}
	each := func(do func(at [3]int)) {
		area := b.Size[0] * b.Size[1]
		for i, set := range in {
			p := planes[i/area]
			if !set || p.slice < 0 {
				continue
			}
			at := [3]int{p.column + i%b.Size[0], p.row + i%area/b.Size[0], p.slice}
			if min(at[0], at[1]) >= 0 && at[0] < s.grid.Columns && at[1] < s.grid.Rows {
				do(at)
			}
		}
	}
	each(func(at [3]int) {
		for axis := range at {
			lo[axis], hi[axis] = min(lo[axis], at[axis]), max(hi[axis], at[axis])
		}
	})
	if hi[2] < 0 {
		return report.Mask{}, false
	}
	m := report.Mask{First: lo}
	for axis := range m.Size {
		m.Size[axis] = hi[axis] - lo[axis] + 1
	}
	m.In = make([]bool, m.Size[0]*m.Size[1]*m.Size[2])
	each(func(at [3]int) {
		m.In[((at[2]-lo[2])*m.Size[1]+at[1]-lo[1])*m.Size[0]+at[0]-lo[0]] = true
	})
	return m, true
}

// plane is where one layer of a body's box begins: column and row of an image,
// which the volume may have moved by whole pixels, and the slice of the grid; -1
// for none.
type plane struct{ column, row, slice int }

func (s *stack) planes(b triage.Body) []plane {
	known := map[int]int{}
	for n, k := range s.at {
		known[k] = n
	}
	out := make([]plane, b.Size[2])
	for i := range out {
		k := b.First[2] + i
		n, ok := known[k]
		if !ok {
			out[i].slice = -1
			continue
		}
		first := volume.Vec3{float64(b.First[0]), float64(b.First[1]), float64(k)}
		d := s.Grid.ToLPS(first).Sub(s.grid.Slices[n].PositionLPSMM)
		out[i] = plane{
			column: int(math.Round(d.Dot(s.grid.RowDirection) / s.grid.PixelSpacingMM[1])),
			row:    int(math.Round(d.Dot(s.grid.ColumnDirection) / s.grid.PixelSpacingMM[0])),
			slice:  n,
		}
	}
	return out
}
