package objects

import (
	"context"
	"fmt"

	"nafas/dicomio"
	"nafas/dicomio/report"
	"nafas/dicomio/source"
	"nafas/internal/triage"
)

// stack is the series of a delivery as it was laid out for the detector.
type stack struct {
	*dicomio.Stack
	grid report.Grid
	// at is the index in Stack of each slice of grid, which has no missing
	// ones.
	at []int
}

// layOut reads the headers of a delivery's series again.
func layOut(ctx context.Context, one triage.Delivery, read Read) (*stack, error) {
	items := make([]source.Item, len(one.Paths))
	for i, path := range one.Paths {
		items[i] = source.Item{Name: fmt.Sprintf("instance %d", i+1), Open: func() ([]byte, error) { return read(path) }}
	}
	inv, err := dicomio.Load(ctx, items, dicomio.LoadOptions{})
	if err != nil {
		return nil, err
	}
	if len(inv.Refused) > 0 {
		return nil, fmt.Errorf("%d stored instances of the series cannot be read again, the first: %w", len(inv.Refused), inv.Refused[0].Err)
	}
	for _, series := range dicomio.Group(inv.Instances) {
		if series.StudyUID == one.Study.UID && series.UID == one.Series.UID {
			laid, err := dicomio.Lay(series)
			if err != nil {
				return nil, err
			}
			return newStack(laid), nil
		}
	}
	return nil, fmt.Errorf("none of the %d stored files is of the series", len(one.Paths))
}

func newStack(laid *dicomio.Stack) *stack {
	g := laid.Grid
	out := &stack{Stack: laid, grid: report.Grid{
		Rows: g.Size[1], Columns: g.Size[0], RowDirection: g.Axes[0], ColumnDirection: g.Axes[1],
		PixelSpacingMM:   [2]float64{g.SpacingMM[1], g.SpacingMM[0]},
		SliceThicknessMM: laid.ThicknessMM, SliceSpacingMM: g.SpacingMM[2],
	}}
	for k, s := range laid.Slices {
		if s.Interpolated {
			continue
		}
		out.at = append(out.at, k)
		out.grid.Slices = append(out.grid.Slices, report.Slice{
			Reference: report.Reference{SOPClassUID: laid.Instances[k].SOPClassUID, SOPInstanceUID: s.SOPInstanceUID},
			Frame:     s.Frame, PositionLPSMM: s.OriginLPSMM,
		})
	}
	if out.grid.SliceThicknessMM == 0 { // not said in the header
		out.grid.SliceThicknessMM = g.SpacingMM[2]
	}
	return out
}

// segments are the findings as they were measured; where they were not, as the
// detector has them.
func (s *stack) segments(one triage.Delivery, r report.Result) ([]report.Segment, error) {
	out := make([]report.Segment, len(r.Findings))
	for i, f := range r.Findings {
		if m := one.Series.Result.Findings[i].Reliable(); m != nil {
			if mask, ok := s.mask(m.Body); ok {
				out[i] = report.Segment{Finding: f, Mask: mask, Making: report.MeasuredBody}
				continue
			}
		}
		var err error
		if out[i], err = s.grid.Sphere(f); err != nil {
			return nil, err
		}
	}
	return out, nil
}
