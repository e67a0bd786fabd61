package web

import (
	"time"

	"nafas/internal/access"
)

// SetBodyTime changes how long a body may take; restore takes it back.
func SetBodyTime(d time.Duration) (restore func()) {
	was := bodyTime
	bodyTime = d
	return func() { bodyTime = was }
}

// OpenStreams takes every stream that somebody can have; each returned function
// gives one back.
func OpenStreams(w *Web, who access.Principal) (leave []func()) {
	for {
		one, err := w.place(who)
		if err != nil {
			return leave
		}
		leave = append(leave, one)
	}
}

// Endpoints is how many there are that need a role.
func Endpoints(w *Web) int { return len(w.endpoints()) }

// FillStreams takes the place of every stream, until empty is called.
func FillStreams(w *Web) (empty func()) {
	for range mostStreams {
		w.streams <- struct{}{}
	}
	return func() {
		for range mostStreams {
			<-w.streams
		}
	}
}
