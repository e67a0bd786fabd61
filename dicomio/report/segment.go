package report

import (
	"errors"
	"fmt"
	"math"
)

// Segment is the voxels of a finding.
type Segment struct {
	Finding Finding
	Mask    Mask
	// Making says how the mask was made, and the object repeats it.
	Making Making
}

// Making is how a mask was made. One that is not listed here cannot be
// written: nobody could say what the segment is.
type Making string

// MeasuredBody is what lies within the measured border: of a finding that has
// Measured alone.
const MeasuredBody Making = "measured border"

// DetectorSphere is the sphere that the detector gave, and no segmentation.
const DetectorSphere Making = "sphere of the detector's centre and mean diameter; no segmentation"

// Mask is a box of voxels of a grid.
type Mask struct {
	// First is the box's first column, row and slice, Size how many of each.
	First, Size [3]int
	// In says of each voxel whether it belongs to the finding: column
	// fastest, then row, then slice.
	In []bool
}

// maxMaskVoxels bounds one mask: a ball of 12 cm at 0.5 mm has as many.
const maxMaskVoxels = 1 << 24

// check says why a mask is none of a grid.
func (m Mask) check(g Grid) error {
	voxels := 1
	for axis, n := range []int{g.Columns, g.Rows, len(g.Slices)} {
		if m.First[axis] < 0 || m.Size[axis] < 0 || m.Size[axis] > n || m.First[axis] > n-m.Size[axis] {
			return errors.New("a mask that is not within the grid")
		}
		voxels *= m.Size[axis] // below 2^16 * 2^16 * the slices in memory
	}
	if voxels != len(m.In) {
		return fmt.Errorf("a mask of %d voxels in a box of %d", len(m.In), voxels)
	}
	return nil
}

// slice is the part of a mask in its k-th slice.
func (m Mask) slice(k int) []bool {
	area := m.Size[0] * m.Size[1]
	return m.In[k*area : (k+1)*area]
}

// Sphere is the finding as the detector has it: the voxels whose centre lies
// in the sphere of its centre and mean diameter. Where there is none, as
// between thick slices, it is the voxel that holds the centre, so that no
// finding is missing. It is an error where the centre is outside the grid, and
// where the sphere has more than 2^24 voxels.
func (g Grid) Sphere(f Finding) (Segment, error) {
	out := Segment{Finding: f, Making: DetectorSphere}
	if !positive(f.MeanDiameterMM) {
		return out, fmt.Errorf("finding %d has no diameter: it has no sphere", f.Rank)
	}
	column, row, slice, ok := g.nearest(f)
	if !ok {
		return out, fmt.Errorf("the centre of finding %d is not in the grid: give the grid that the finding was found in", f.Rank)
	}
	first, last, any := g.box(f)
	if any {
		voxels := 1
		for axis := range 3 {
			out.Mask.First[axis], out.Mask.Size[axis] = first[axis], last[axis]-first[axis]+1
			voxels *= out.Mask.Size[axis]
		}
		if voxels > maxMaskVoxels {
			return out, fmt.Errorf("the sphere of finding %d has %d voxels; at most %d can be written", f.Rank, voxels, maxMaskVoxels)
		}
		if g.fill(&out.Mask, f) {
			return out, nil
		}
	}
	out.Mask = Mask{First: [3]int{column, row, slice}, Size: [3]int{1, 1, 1}, In: []bool{true}}
	return out, nil
}

// nearest is the voxel that holds the centre of a finding.
func (g Grid) nearest(f Finding) (column, row, slice int, ok bool) {
	best := math.Inf(1)
	for k := range g.Slices {
		c, r, d := g.project(f.CenterLPSMM, k)
		if math.Abs(d) < best {
			best, slice = math.Abs(d), k
			column, row = int(math.Round(c)), int(math.Round(r))
		}
	}
	// Centres are rounded to 0.01 mm.
	reach := max(g.SliceSpacingMM, g.SliceThicknessMM)/2 + 0.01
	return column, row, slice, best <= reach && column >= 0 && row >= 0 && column < g.Columns && row < g.Rows
}

// box is the part of the grid that a sphere can have voxels in: its first and
// last column, row and slice.
func (g Grid) box(f Finding) (first, last [3]int, any bool) {
	radius := f.MeanDiameterMM / 2
	first, last = [3]int{g.Columns, g.Rows, len(g.Slices)}, [3]int{-1, -1, -1}
	for k := range g.Slices {
		column, row, distance := g.project(f.CenterLPSMM, k)
		if math.Abs(distance) > radius {
			continue
		}
		half := [2]float64{radius / g.PixelSpacingMM[1], radius / g.PixelSpacingMM[0]}
		// One voxel more to each side, for what rounding loses.
		lo := [3]int{clamp(column-half[0]-1, g.Columns), clamp(row-half[1]-1, g.Rows), k}
		hi := [3]int{clamp(column+half[0]+1, g.Columns), clamp(row+half[1]+1, g.Rows), k}
		for axis := range 3 {
			first[axis], last[axis] = min(first[axis], lo[axis]), max(last[axis], hi[axis])
		}
		any = true
	}
	return first, last, any
}

// clamp is the index nearest to v, of n.
func clamp(v float64, n int) int { return int(min(max(v, 0), float64(n-1))) }

// fill marks the voxels of a mask's box whose centre lies in the sphere, and
// says whether there is any.
func (g Grid) fill(m *Mask, f Finding) (any bool) {
	m.In = make([]bool, m.Size[0]*m.Size[1]*m.Size[2])
	radius := f.MeanDiameterMM / 2
	at := 0
	for k := range m.Size[2] {
		for j := range m.Size[1] {
			for i := range m.Size[0] {
				m.In[at] = g.toLPS(m.First[0]+i, m.First[1]+j, m.First[2]+k).Sub(f.CenterLPSMM).Norm() <= radius
				any = any || m.In[at]
				at++
			}
		}
	}
	return any
}
