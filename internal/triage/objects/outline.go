package objects

import (
	"context"

	"nafas/dicomio/report"
	"nafas/inference/volume"
	"nafas/internal/triage"
)

// Outline is the border of a finding's body on the slices that it crosses.
type Outline struct {
	Rank   int
	Slices []SliceOutline
}

// SliceOutline is the border on one slice: closed polygons whose corners are those
// of pixels, patient LPS mm; the last corner joins the first. Holes are polygons
// too.
type SliceOutline struct {
	SOPInstanceUID string
	// Frame counts from 1 in multi-frame instances; 0 in single-frame ones.
	Frame    int
	Polygons [][]volume.Vec3
}

// Outlines are those of a delivery's findings that were measured; the others have
// no border.
func Outlines(ctx context.Context, one triage.Delivery, read Read) ([]Outline, error) {
	if one.Series.Result == nil {
		return nil, triage.ErrNoResult
	}
	laid, err := layOut(ctx, one, read)
	if err != nil {
		return nil, err
	}
	var out []Outline
	for _, f := range one.Series.Result.Findings {
		m := f.Reliable()
		if m == nil {
			continue
		}
		if mask, ok := laid.mask(m.Body); ok {
			out = append(out, Outline{Rank: f.Rank, Slices: laid.outline(mask)})
		}
	}
	return out, nil
}

func (s *stack) outline(m report.Mask) []SliceOutline {
	var out []SliceOutline
	for k := range m.Size[2] {
		loops := border(m.Size[0], m.Size[1], func(i, j int) bool { return m.In[(k*m.Size[1]+j)*m.Size[0]+i] })
		if len(loops) == 0 {
			continue
		}
		slice := s.grid.Slices[m.First[2]+k]
		one := SliceOutline{SOPInstanceUID: slice.SOPInstanceUID, Frame: slice.Frame}
		for _, loop := range loops {
			polygon := make([]volume.Vec3, len(loop))
			for i, corner := range loop {
				// A pixel's index is its centre: its corners are half a pixel off.
				column, row := float64(m.First[0]+corner[0])-0.5, float64(m.First[1]+corner[1])-0.5
				polygon[i] = slice.PositionLPSMM.
					Add(s.grid.RowDirection.Scale(column * s.grid.PixelSpacingMM[1])).
					Add(s.grid.ColumnDirection.Scale(row * s.grid.PixelSpacingMM[0]))
			}
			one.Polygons = append(one.Polygons, polygon)
		}
		out = append(out, one)
	}
	return out
}

// border walks around what is set of columns x rows pixels, with the set pixels on
// its right, and returns closed loops of pixel corners; (0, 0) is the first
// pixel's first corner. Straight runs have no corners between their ends. Pixels
// that touch at a corner alone are walked around one by one.
func border(columns, rows int, set func(i, j int) bool) [][][2]int {
	in := func(i, j int) bool { return i >= 0 && j >= 0 && i < columns && j < rows && set(i, j) }
	type edge struct{ x, y, dx, dy int }
	var starts []edge
	open := map[edge]bool{}
	add := func(e edge) { open[e], starts = true, append(starts, e) }
	for j := range rows {
		for i := range columns {
			if !in(i, j) {
				continue
			}
			if !in(i, j-1) {
				add(edge{i, j, 1, 0})
			}
			if !in(i+1, j) {
				add(edge{i + 1, j, 0, 1})
			}
			if !in(i, j+1) {
				add(edge{i + 1, j + 1, -1, 0})
			}
			if !in(i-1, j) {
				add(edge{i, j + 1, 0, -1})
			}
		}
	}
	var out [][][2]int
	for _, first := range starts {
		if !open[first] {
			continue
		}
		var loop [][2]int
		for e := first; open[e]; {
			delete(open, e)
			x, y := e.x+e.dx, e.y+e.dy
			// To the right first: towards the pixel that is walked around.
			next := edge{x, y, -e.dy, e.dx}
			if !open[next] && next != first {
				if next = (edge{x, y, e.dx, e.dy}); !open[next] && next != first {
					next = edge{x, y, e.dy, -e.dx}
				}
			}
			if next.dx != e.dx || next.dy != e.dy {
				loop = append(loop, [2]int{x, y})
			}
			e = next
		}
		out = append(out, loop)
	}
	return out
}
