package report

import (
	"fmt"
	"math"

	"nafas/inference/froc"
	"nafas/internal/rescore/compare"
)

// scores is the picture of the best scores before and after.
type scores struct {
	plane
	Drawn          bool
	Sample         string
	XTicks, YTicks []tick
	// Across are the operating points before, upright lines; Up those after.
	Across, Up []line
	Marks      []marks
	NoPoints   bool
	Table      matrix
}

// marks are those of one look.
type marks struct{ Class, Path, Name string }

// The looks of marks: what became of the flag.
const (
	markNewly   = "newly"
	markDropped = "dropped"
	markStill   = "still"
	markNot     = "not"
	markPlain   = "plain"
)

func (s speaker) scores(r Report) scores {
	c := r.Comparison
	out := scores{
		plane: plane{Width: 440, Height: 424, Left: 40, Right: 412, Top: 28, Bottom: 400, X: linear(1), Y: linear(1)},
		Drawn: len(c.Scores) > 0, Sample: s.fill(s.words.Changes.Sample, s.count(len(c.Scores)), s.count(c.Both)),
	}
	for i := range 6 {
		v := float64(i) / 5
		out.XTicks = append(out.XTicks, tick{px(out.x(v)), s.number(v, 1)})
		out.YTicks = append(out.YTicks, tick{px(out.y(v)), s.number(v, 1)})
	}
	out.Across, out.Up = pointLines(r.PointsBefore, out.x), pointLines(r.Points, out.y)
	before, knownBefore := pointScore(r.PointsBefore)
	after, knownAfter := pointScore(r.Points)
	out.NoPoints = !knownBefore || !knownAfter
	out.Marks = s.marks(out.plane, c.Scores, func(p compare.Pair) string {
		if out.NoPoints {
			return markPlain
		}
		return lookOf(p.Before >= before, p.After >= after)
	})
	out.Table = s.bands(c.Scores)
	return out
}

func lookOf(before, after bool) string {
	switch {
	case after && !before:
		return markNewly
	case before && !after:
		return markDropped
	case before:
		return markStill
	}
	return markNot
}

// flagPoint names the operating point at which a study is flagged; pointMarks are
// the short names of all.
const flagPoint = "one"

var pointMarks = map[string]string{"quarter": "1/4", flagPoint: "1", "four": "4"}

func pointScore(points []froc.Threshold) (score float64, known bool) {
	for _, p := range points {
		if p.Name == flagPoint {
			return p.Score, true
		}
	}
	return 0, false
}

func pointLines(points []froc.Threshold, place func(float64) float64) []line {
	var out []line
	for _, p := range points {
		if p.Score < 0 || p.Score > 1 || math.IsNaN(p.Score) {
			continue
		}
		class := "point"
		if p.Name == flagPoint {
			class = "point one"
		}
		out = append(out, line{px(place(p.Score)), class, pointMarks[p.Name]})
	}
	return out
}

// marks draws each look with one pen: dots, and triangles that point to where the
// flag went.
func (s speaker) marks(p plane, pairs []compare.Pair, look func(compare.Pair) string) []marks {
	w := s.words.Changes
	out := []marks{
		{Class: markNot, Name: w.StillNot}, {Class: markStill, Name: w.Still}, {Class: markDropped, Name: w.Dropped}, {Class: markNewly, Name: w.Newly}, {Class: markPlain},
	}
	pens := map[string]*path{}
	for i := range out {
		pens[out[i].Class] = &path{}
	}
	for _, pair := range pairs {
		which := look(pair)
		pens[which].WriteString(glyph(which, p.x(pair.Before), p.y(pair.After)))
	}
	for i := range out {
		out[i].Path = pens[out[i].Class].String()
	}
	return out
}

// glyph is one mark: a dot is a line without length and with round ends.
func glyph(look string, x, y float64) string {
	switch look {
	case markNewly:
		return fmt.Sprintf("M%s %sl3.8 6.6h-7.6z", px(x), px(y-4.2))
	case markDropped:
		return fmt.Sprintf("M%s %sl3.8-6.6h-7.6z", px(x), px(y+4.2))
	}
	return fmt.Sprintf("M%s %sh0", px(x), px(y))
}

// bands counts the pairs by tenths of a score, for who cannot see the picture; 0,
// where nothing was found, is a band of its own.
func (s speaker) bands(pairs []compare.Pair) matrix {
	band := func(v float64) string {
		if !(v > 0) {
			return "0"
		}
		tenth := min(math.Ceil(v*10-1e-9), 10)
		return s.number((tenth-1)/10, 1) + "–" + s.number(tenth/10, 1)
	}
	order := []string{"0"}
	for i := 1; i <= 10; i++ {
		order = append(order, band(float64(i)/10))
	}
	var cells []compare.Cell
	for _, p := range pairs {
		cells = append(cells, compare.Cell{Before: band(p.Before), After: band(p.After), Studies: 1})
	}
	same := func(name string) string { return name }
	return s.matrix(s.words.Changes.ScoresTable, cells, order, same, func(string, string) int { return 0 })
}
