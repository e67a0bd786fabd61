package rescore

import (
	"fmt"
	"strings"
	"time"
)

// Window is a time of day in which a rescoring works. The zero value is always.
type Window struct {
	// from and to are since midnight; from > to goes over midnight.
	from, to time.Duration
}

const clock = "15:04"

// ParseWindow reads "20:00-06:00"; "" is always. Its times are local ones.
func ParseWindow(s string) (Window, error) {
	if s == "" {
		return Window{}, nil
	}
	bad := fmt.Errorf("window %q is not two times of day such as 20:00-06:00", s)
	from, to, ok := strings.Cut(s, "-")
	if !ok {
		return Window{}, bad
	}
	var w Window
	var err, errTo error
	w.from, err = timeOfDay(from)
	w.to, errTo = timeOfDay(to)
	if err != nil || errTo != nil {
		return Window{}, bad
	}
	if w.from == w.to {
		return Window{}, fmt.Errorf("window %q has no length; leave it out to work at all times", s)
	}
	return w, nil
}

func timeOfDay(s string) (time.Duration, error) {
	t, err := time.Parse(clock, strings.TrimSpace(s))
	return sinceMidnight(t), err
}

// Open says whether t lies in the window: its beginning does, its end does not.
func (w Window) Open(t time.Time) bool {
	if w == (Window{}) {
		return true
	}
	at := sinceMidnight(t)
	if w.from < w.to {
		return at >= w.from && at < w.to
	}
	return at >= w.from || at < w.to
}

// HoursADay is how much of a day it is.
func (w Window) HoursADay() float64 {
	length := w.to - w.from
	if length <= 0 {
		length += 24 * time.Hour
	}
	return length.Hours()
}

// sinceMidnight goes by the clock on the wall, also on days of 23 or 25 hours.
func sinceMidnight(t time.Time) time.Duration {
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute + time.Duration(t.Second())*time.Second
}
