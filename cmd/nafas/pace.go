package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/term"

	"nafas/internal/rescore"
)

// pace shows how far a rescoring is: on a terminal one line that changes,
// elsewhere a line now and then.
type pace struct {
	w        io.Writer
	terminal bool
	now      func() time.Time
	began    time.Time
	// first is the rescoring as it was at first, against which the rate is taken.
	first *rescore.Rescoring
	told  time.Time
	width int
}

// tellEvery is how often a line is written where there is no terminal.
const tellEvery = 30 * time.Second

func newPace(s *streams) *pace {
	f, ok := s.err.(*os.File)
	return &pace{w: s.err, terminal: ok && term.IsTerminal(int(f.Fd())), now: time.Now, began: time.Now()}
}

func (p *pace) set(r rescore.Rescoring) {
	// The listing takes its share of the machine, so that the pace is another one
	// after it.
	if p.first == nil || r.Planned && !p.first.Planned {
		p.first, p.began = &r, p.now()
	}
	line := p.line(r)
	switch {
	case p.terminal:
		fmt.Fprintf(p.w, "\r%-*s", p.width, line)
		p.width = len(line)
	case p.now().Sub(p.told) >= tellEvery:
		fmt.Fprintln(p.w, line)
		p.told = p.now()
	}
}

func (p *pace) finish() {
	if p.terminal && p.width > 0 {
		fmt.Fprintln(p.w)
	}
}

// line says state, counts, rate and the time that is left.
func (p *pace) line(r rescore.Rescoring) string {
	t, hours := r.Totals, ""
	if waitsForHours(r, p.now()) {
		hours = "; waits for its hours, " + r.Limits.Window
	}
	if !r.Planned && t.StudiesDone == 0 {
		return fmt.Sprintf("rescoring %d, %s: %d studies, %d files so far", r.ID, r.State, t.Studies, t.Files) + hours
	}
	line := fmt.Sprintf("rescoring %d, %s: %d of %d studies (%.0f%%)", r.ID, r.State, t.StudiesDone, t.Studies, percent(t.StudiesDone, t.Studies))
	line += fmt.Sprintf("; %d scored, %d unchanged, %d skipped, %d failed", t.Scored, t.Unchanged, t.Skipped, t.Failed)
	if hours != "" {
		return line + hours
	}
	rate, known := p.rate(r)
	if !known {
		return line
	}
	line += fmt.Sprintf("; %s", perTime(rate))
	if left := t.Studies - t.StudiesDone; left > 0 && r.Planned {
		line += fmt.Sprintf(", about %s left", spoken(p.left(r, rate, left)))
	}
	return line
}

// rate is the studies a second that workers ended since it is shown here.
func (p *pace) rate(r rescore.Rescoring) (float64, bool) {
	done, took := r.Totals.StudiesRead()-p.first.Totals.StudiesRead(), p.now().Sub(p.began)
	if done <= 0 || took <= 0 {
		return 0, false
	}
	return float64(done) / took.Seconds(), true
}

// left spreads the work over the hours of the day in which it goes on.
func (p *pace) left(r rescore.Rescoring, rate float64, studies int64) time.Duration {
	hours := 24.0
	if w, err := rescore.ParseWindow(r.Limits.Window); err == nil {
		hours = w.HoursADay()
	}
	return time.Duration(float64(studies) / rate * 24 / hours * float64(time.Second))
}

func percent(part, whole int64) float64 {
	if whole == 0 {
		return 0
	}
	return 100 * float64(part) / float64(whole)
}

func perTime(perSecond float64) string {
	if perSecond >= 1 {
		return fmt.Sprintf("%.1f studies/s", perSecond)
	}
	return fmt.Sprintf("%.1f studies/min", 60*perSecond)
}

// spoken is a duration as people say it, in its two largest units.
func spoken(d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		return fmt.Sprintf("%d days", int(d.Hours()/24+.5))
	case d >= time.Hour:
		return fmt.Sprintf("%d h %02d min", int(d.Hours()), int(d.Minutes())%60)
	case d >= time.Minute:
		return fmt.Sprintf("%d min", int(d.Minutes()+.5))
	}
	return fmt.Sprintf("%d s", int(d.Seconds()+.5))
}
