package report

import (
	"math"
	"strings"

	"nafas/inference/froc"
	"nafas/internal/rescore/compare"
)

// agreement is how the rescoring agrees with readers.
type agreement struct {
	Facts   []fact
	Caveats []string
	// Figures says that there is something to show below.
	Figures bool
	Points  []pointRow
	Curve   *curve
}

// pointRow is an operating point.
type pointRow struct{ Name, Score, Found, Sensitivity, Bootstrap, Wilson, FalseMarks, FalseBand string }

func (s speaker) agreement(a compare.Agreement) *agreement {
	w := s.words.Agreement
	out := &agreement{Facts: []fact{{w.Signed, s.count(a.Signed), false, false}, {w.Studies, s.count(a.Studies), false, false}}}
	if len(a.Seen) > 0 {
		out.Facts = append(out.Facts, fact{w.Seen, clean(strings.Join(a.Seen, ", ")), true, false})
	}
	for _, c := range a.Caveats {
		out.Caveats = append(out.Caveats, word(w.Caveats, string(c)))
	}
	e := a.Evaluation
	if e == nil {
		return out
	}
	out.Figures = true
	out.Facts = append(out.Facts, fact{w.Series, s.count(a.Series), false, false}, fact{w.Nodules, s.count(e.Nodules), false, false})
	for _, t := range e.Thresholds {
		out.Points = append(out.Points, s.point(t))
	}
	out.Curve = s.curve(e)
	return out
}

func (s speaker) point(t froc.ThresholdResult) pointRow {
	rates := s.band(s.number(float64(t.FalseMarksPerScanInterval[0]), 2), s.number(float64(t.FalseMarksPerScanInterval[1]), 2))
	return pointRow{
		Name: word(s.words.Agreement.PointNames, t.Name), Score: s.number(float64(t.Score), 3),
		Found: s.fill(s.words.Of, s.count(t.Detected), s.count(t.Nodules)), Sensitivity: s.percent(float64(t.Sensitivity), 1),
		Bootstrap: s.percentBand(t.Interval), Wilson: s.percentBand(t.Wilson), FalseMarks: s.number(float64(t.FalseMarksPerScan), 2), FalseBand: rates,
	}
}

// curve is the picture of the free-response curve. It is drawn from 1/8 to 8 false
// marks per scan on a logarithmic axis, as LUNA16's (Setio et al., Medical Image
// Analysis 42, 2017), and ends where the findings that are kept end.
type curve struct {
	plane
	XTicks, YTicks []tick
	Band, Line     string
	Points         []place
	Rows           []curveRow
}

type place struct{ X, Y, Label string }

type curveRow struct{ Rate, Sensitivity, Band string }

var rateNames = []string{"1/8", "1/4", "1/2", "1", "2", "4", "8"}

func (s speaker) curve(e *froc.Evaluation) *curve {
	if len(e.Curves) == 0 || e.Nodules == 0 {
		return nil
	}
	main, last := e.Curves[0], 0.0
	for _, p := range main.Points {
		last = max(last, p.FalseMarksPerScan)
	}
	rates := froc.Rates()
	first, end := rates[0], rates[len(rates)-1]
	out := &curve{plane: plane{
		Width: 640, Height: 386, Left: 48, Right: 616, Top: 16, Bottom: 360, Y: linear(1),
		X: func(v float64) float64 { return math.Log2(v/first) / math.Log2(end/first) },
	}}
	for i, rate := range rates {
		out.XTicks = append(out.XTicks, tick{px(out.x(rate)), rateNames[i]})
	}
	for i := range 6 {
		v := float64(i) / 5
		out.YTicks = append(out.YTicks, tick{px(out.y(v)), s.percent(v, 0)})
	}
	if !out.draw(main, last) {
		return nil
	}
	for _, t := range e.Thresholds {
		if rate := float64(t.FalseMarksPerScan); rate >= first && rate <= end && !math.IsNaN(float64(t.Sensitivity)) {
			out.Points = append(out.Points, place{px(out.x(rate)), px(out.y(float64(t.Sensitivity))), pointMarks[t.Name]})
		}
	}
	for i, p := range e.OperatingPoints {
		if i < len(rateNames) && rates[i] <= last {
			out.Rows = append(out.Rows, curveRow{rateNames[i], s.percent(float64(p.Sensitivity), 1), s.percentBand(p.Interval)})
		}
	}
	return out
}

// draw draws line and band as far as there are marks; false where that is nowhere.
func (c *curve) draw(main froc.Curve, last float64) bool {
	var through, upper, lower [][2]float64
	for _, b := range main.Band {
		if rate := float64(b.FalseMarksPerScan); rate <= last && !math.IsNaN(float64(b.Sensitivity)) {
			x := c.x(rate)
			through = append(through, [2]float64{x, c.y(float64(b.Sensitivity))})
			if !math.IsNaN(float64(b.Interval[0])) {
				upper = append(upper, [2]float64{x, c.y(float64(b.Interval[1]))})
				lower = append([][2]float64{{x, c.y(float64(b.Interval[0]))}}, lower...)
			}
		}
	}
	var pen, band path
	pen.along(through)
	c.Line = pen.String()
	if len(upper) > 1 {
		band.along(append(upper, lower...))
		band.WriteString("z")
		c.Band = band.String()
	}
	return len(through) > 1
}
