package report

import (
	"cmp"
	"math"
)

// times is the picture of studies over time: two panels over one axis.
type times struct {
	Caption       string
	Compared      bool
	Width, Height string
	Left, Right   string
	Upper, Lower  panel
	XTicks        []tick
	XLabel        string // where the names of periods stand
	Rows          []timeRow
}

// panel is one of them.
type panel struct {
	Top, Bottom string
	YTicks      []tick
	// Bars are paths: of what was read; or of what was flagged before and after.
	Read, Before, After string
}

type timeRow struct{ Name, Studies, ReadBefore, FlaggedBefore, Read, Flagged, Share string }

const (
	timesWidth, timesHeight = 760.0, 322.0
	timesLeft, timesRight   = 56.0, 752.0
)

func (s speaker) times(r Report) *times {
	w := s.words.Time
	periods, years := shown(r.Periods)
	out := &times{
		Caption: w.ByMonth, Compared: r.Comparison != nil, Width: px(timesWidth), Height: px(timesHeight), Left: px(timesLeft), Right: px(timesRight),
	}
	if years {
		out.Caption = w.ByYear
	}
	step := (timesRight - timesLeft) / float64(len(periods))
	mostRead, mostFlagged := 0, 0
	for _, p := range periods {
		mostRead, mostFlagged = max(mostRead, p.Read), max(mostFlagged, p.Flagged, p.FlaggedBefore)
		out.Rows = append(out.Rows, s.timeRow(p))
	}
	upper, lower := newPanel(12, 132, mostRead), newPanel(158, 298, mostFlagged)
	var read, before, after path
	for i, p := range periods {
		left := timesLeft + float64(i)*step
		upper.bar(&read, left+0.12*step, 0.76*step, p.Read)
		if out.Compared {
			lower.bar(&before, left+0.12*step, 0.36*step, p.FlaggedBefore)
			lower.bar(&after, left+0.52*step, 0.36*step, p.Flagged)
		} else {
			lower.bar(&after, left+0.12*step, 0.76*step, p.Flagged)
		}
	}
	out.Upper = panel{Top: px(upper.Top), Bottom: px(upper.Bottom), YTicks: s.countTicks(upper, mostRead), Read: read.String()}
	out.Lower = panel{Top: px(lower.Top), Bottom: px(lower.Bottom), YTicks: s.countTicks(lower, mostFlagged), Before: before.String(), After: after.String()}
	out.XTicks, out.XLabel = periodTicks(periods, step), px(lower.Bottom+18)
	return out
}

func newPanel(top, bottom float64, most int) plane {
	return plane{Left: timesLeft, Right: timesRight, Top: top, Bottom: bottom, Y: linear(countEnd(most))}
}

// bar draws one from the ground up.
func (p plane) bar(pen *path, left, width float64, n int) {
	if n == 0 {
		return
	}
	pen.move(left, p.Bottom)
	pen.line(left, p.y(float64(n)))
	pen.line(left+width, p.y(float64(n)))
	pen.line(left+width, p.Bottom)
	pen.WriteString("z")
}

// countEnd is the end of a scale of counts, and countStep one part of it: four or
// five of them hold the most.
func countEnd(most int) float64 {
	step := countStep(most)
	return step * math.Ceil(float64(max(most, 1))/step)
}

func countStep(most int) float64 { return max(niceEnd(float64(most)/4), 1) }

func (s speaker) countTicks(p plane, most int) []tick {
	var out []tick
	for v := 0.0; v <= countEnd(most); v += countStep(most) {
		out = append(out, tick{px(p.y(v)), s.count(int(v))})
	}
	return out
}

// figureWidth is about that of a figure of a number in a picture.
const figureWidth = 6.5

// periodTicks names as many periods as have room; one without a date is a question
// mark.
func periodTicks(periods []Period, step float64) []tick {
	room := 0.0
	for _, p := range periods {
		room = max(room, figureWidth*float64(len(p.Month))+8)
	}
	every := max(int(math.Ceil(room/step)), 1)
	var out []tick
	for i, p := range periods {
		if i%every == 0 || p.Month == "" {
			out = append(out, tick{px(timesLeft + (float64(i)+0.5)*step), cmp.Or(p.Month, "?")})
		}
	}
	return out
}

func (s speaker) timeRow(p Period) timeRow {
	return timeRow{
		Name: cmp.Or(p.Month, s.words.Time.NoDate), Studies: s.count(p.Studies), ReadBefore: s.count(p.ReadBefore), FlaggedBefore: s.count(p.FlaggedBefore),
		Read: s.count(p.Read), Flagged: s.count(p.Flagged), Share: s.share(p.Flagged, p.Read),
	}
}
