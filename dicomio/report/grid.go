package report

import (
	"fmt"
	"math"

	"nafas/inference/volume"
)

// Grid is the stack of slices that was read.
type Grid struct {
	Rows, Columns int
	// RowDirection points along a row, to higher columns; ColumnDirection
	// down a column, to higher rows. Unit vectors in patient LPS (0020,0037).
	RowDirection, ColumnDirection volume.Vec3
	// PixelSpacingMM is the distance of rows, then of columns (0028,0030).
	PixelSpacingMM [2]float64
	// SliceThicknessMM is (0018,0050), SliceSpacingMM the distance between
	// the planes of two slices; 0 where there is only one.
	SliceThicknessMM, SliceSpacingMM float64
	// Slices in their order along the normal.
	Slices []Slice
}

// Slice is an image, or a frame of one.
type Slice struct {
	Reference
	// Frame counts from 1 in multi-frame instances; 0 in others.
	Frame int
	// PositionLPSMM is the centre of the first pixel, patient LPS mm
	// (0020,0032).
	PositionLPSMM volume.Vec3
}

// directionTolerance is how much direction cosines may miss 1 and 0.
const directionTolerance = 1e-3

// check says why an object cannot be written on a grid.
func (g Grid) check(s Source) error {
	switch {
	case g.Rows < 1 || g.Columns < 1 || g.Rows > math.MaxUint16 || g.Columns > math.MaxUint16:
		return fmt.Errorf("a grid of %d rows and %d columns: both must be 1 to %d", g.Rows, g.Columns, math.MaxUint16)
	case !g.oriented():
		return fmt.Errorf("a grid whose directions are no unit vectors at a right angle: give those of the images")
	case !positive(g.PixelSpacingMM[0]) || !positive(g.PixelSpacingMM[1]) || !positive(g.SliceThicknessMM):
		return fmt.Errorf("a grid whose pixel spacing or slice thickness is not above 0 mm: give those of the images")
	case g.SliceSpacingMM != 0 && !positive(g.SliceSpacingMM):
		return fmt.Errorf("a grid whose slice spacing is below 0 mm: give the distance between slices, or 0")
	case len(g.Slices) == 0:
		return fmt.Errorf("a grid without slices")
	}
	known := map[Reference]bool{}
	for _, i := range s.Instances {
		known[i] = true
	}
	seen := map[Slice]bool{}
	for i, slice := range g.Slices {
		if !known[slice.Reference] || slice.Frame < 0 {
			return fmt.Errorf("slice %d of the grid is no image of its series", i)
		}
		if n := slice.PositionLPSMM.Norm(); math.IsNaN(n) || math.IsInf(n, 0) {
			return fmt.Errorf("slice %d of the grid has no position", i)
		}
		slice.PositionLPSMM = volume.Vec3{}
		if seen[slice] {
			return fmt.Errorf("slice %d of the grid is there twice", i)
		}
		seen[slice] = true
	}
	return nil
}

func positive(mm float64) bool { return mm > 0 && !math.IsInf(mm, 0) }

func (g Grid) oriented() bool {
	row, column := g.RowDirection, g.ColumnDirection
	for _, off := range []float64{row.Norm() - 1, column.Norm() - 1, row.Dot(column)} {
		if !(math.Abs(off) <= directionTolerance) { // or NaN
			return false
		}
	}
	return true
}

// toLPS is the centre of a voxel.
func (g Grid) toLPS(column, row, slice int) volume.Vec3 {
	return g.Slices[slice].PositionLPSMM.
		Add(g.RowDirection.Scale(float64(column) * g.PixelSpacingMM[1])).
		Add(g.ColumnDirection.Scale(float64(row) * g.PixelSpacingMM[0]))
}

// project gives a place as continuous column and row of a slice, and its
// distance from the slice's plane in mm.
func (g Grid) project(lpsMM volume.Vec3, slice int) (column, row, distanceMM float64) {
	d := lpsMM.Sub(g.Slices[slice].PositionLPSMM)
	return d.Dot(g.RowDirection) / g.PixelSpacingMM[1], d.Dot(g.ColumnDirection) / g.PixelSpacingMM[0],
		d.Dot(g.RowDirection.Cross(g.ColumnDirection))
}

// sliceOf is the one that shows a finding, as its index; -1 for none.
func (g Grid) sliceOf(f Finding) int {
	for i, s := range g.Slices {
		if s.SOPInstanceUID == f.SOPInstanceUID && s.Frame == f.Frame {
			return i
		}
	}
	return -1
}
