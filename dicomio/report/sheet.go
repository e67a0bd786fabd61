package report

import (
	"fmt"
	"image"

	"nafas/dicomio/render"
	"nafas/inference/measure"
)

// sheets are the pages as they are to be drawn. Text is English: the font has
// no other letters, and nothing of it names the patient.
func (r Result) sheets(g Grid, pages []Page) ([]render.Sheet, error) {
	shown := map[int][]Finding{}
	for _, f := range r.Findings {
		at := g.sliceOf(f)
		if at < 0 {
			return nil, fmt.Errorf("the image of finding %d is no slice of the grid", f.Rank)
		}
		shown[at] = append(shown[at], f)
	}
	var out []render.Sheet
	for i, p := range pages {
		if p.Picture == nil || p.Picture.Rect.Size() != (image.Point{g.Columns, g.Rows}) {
			return nil, fmt.Errorf("the picture of page %d is not of the grid's %d columns and %d rows", i+1, g.Columns, g.Rows)
		}
		findings, ok := shown[p.Slice]
		if !ok {
			return nil, fmt.Errorf("page %d shows no finding, or shows its slice a second time", i+1)
		}
		delete(shown, p.Slice)
		out = append(out, r.sheet(g, p, findings))
	}
	for _, left := range shown {
		return nil, fmt.Errorf("%d slices with findings have no page, one of them with finding %d", len(shown), left[0].Rank)
	}
	return out, nil
}

func (r Result) sheet(g Grid, p Page, findings []Finding) render.Sheet {
	s := render.Sheet{
		Picture: p.Picture,
		Above:   []string{notForDiagnosis, r.Algorithm.Name + " " + r.Algorithm.Version},
		Below:   []string{fmt.Sprintf("slice %d", p.Number)},
		Edges: render.Edges{
			Left: letters(g.RowDirection.Scale(-1)), Right: letters(g.RowDirection),
			Top: letters(g.ColumnDirection.Scale(-1)), Bottom: letters(g.ColumnDirection),
		},
	}
	for _, f := range findings {
		s.Below = append(s.Below, caption(f))
		column, row, radiusMM := f.PixelColumn, f.PixelRow, f.MeanDiameterMM/2
		if m := f.Measured; m != nil {
			column, row, _ = g.project(m.CenterLPSMM, p.Slice)
			radiusMM = m.LongAxisMM / 2
		}
		s.Marks = append(s.Marks, render.Mark{
			Column: column, Row: row, Label: fmt.Sprint(f.Rank),
			RadiusColumns: radiusMM / g.PixelSpacingMM[1], RadiusRows: radiusMM / g.PixelSpacingMM[0],
		})
	}
	return s
}

// caption is what is known of a finding, with the patient's side, and who gave
// its size.
func caption(f Finding) string {
	side := ""
	if f.Side != "" {
		side = string(f.Side) + " lung, "
	}
	size := fmt.Sprintf("%.1f mm (detector)", f.MeanDiameterMM)
	if m := f.Measured; m != nil {
		size = fmt.Sprintf("%.1f mm (measured), %.0f mm3", m.MeanDiameterMM, m.VolumeMM3)
		if m.Kind != measure.KindUnknown {
			size = string(m.Kind) + ", " + size
		}
	}
	return fmt.Sprintf("%d: %s%s, detector score %.4f", f.Rank, side, size, f.Score)
}
