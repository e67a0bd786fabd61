package report

import (
	"math"

	"nafas/internal/rescore/compare"
)

// strata are a table of parts of the studies.
type strata struct {
	Caption string
	Rows    []stratumRow
}

type stratumRow struct {
	Name, Studies, Before, After, Newly, Dropped, Shift, Quartiles string
	Whisker                                                        whisker
}

// whisker is a median with its quartiles, drawn; 0 is in the middle.
type whisker struct{ Low, Median, High string }

// The picture of a whisker is whiskerWidth wide.
const whiskerWidth, whiskerMargin = 120.0, 4.0

func (s speaker) strata(caption string, list []compare.Stratum) strata {
	out := strata{Caption: caption}
	most := 0.0
	for _, one := range list {
		most = max(most, finite(math.Abs(one.Shift.Low)), finite(math.Abs(one.Shift.Median)), finite(math.Abs(one.Shift.High)))
	}
	end := niceEnd(most)
	x := func(v float64) string {
		half := whiskerWidth/2 - whiskerMargin
		return px(whiskerWidth/2 + half*finite(v)/end)
	}
	for _, one := range list {
		q := one.Shift
		out.Rows = append(out.Rows, stratumRow{
			Name: s.group(one.Name), Studies: s.count(one.Studies), Before: s.count(one.FlaggedBefore), After: s.count(one.FlaggedAfter),
			Newly: s.count(one.NewlyFlagged), Dropped: s.count(one.Dropped), Shift: s.signed(q.Median, 3),
			Quartiles: s.band(s.signed(q.Low, 3), s.signed(q.High, 3)), Whisker: whisker{x(q.Low), x(q.Median), x(q.High)},
		})
	}
	return out
}

// finite is v, or 0 where it is no number.
func finite(v float64) float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return 0
	}
	return v
}
