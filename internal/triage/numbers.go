package triage

import (
	"context"
	"time"
)

// Numbers is what an operator watches of a store. It names no study and no
// patient.
type Numbers struct {
	Studies map[State]int
	// WithoutImages counts studies whose images were deleted after their days.
	WithoutImages int
	// Quarantined counts instances in quarantine.
	Quarantined int
	// Oldest is the last arrival of the study that has waited longest for a
	// result, by what the sender asked for; absent where none waits.
	Oldest     map[RequestPriority]time.Time
	Deliveries []DeliveryNumber
	// Jobs counts those that wait or run, by their kind.
	Jobs map[string]int
}

// DeliveryNumber counts deliveries to a destination in one state. Oldest is
// since when the oldest of them waits; zero in other states.
type DeliveryNumber struct {
	Destination string
	State       DeliveryState
	Count       int
	Oldest      time.Time
}

// Counter is the part of the store that counts.
type Counter interface {
	Numbers(ctx context.Context) (Numbers, error)
}

// Numbers counts what is stored.
func (s *Service) Numbers(ctx context.Context) (Numbers, error) { return s.store.Numbers(ctx) }

// Meter hears of what happens. Its methods are called from many goroutines and
// return at once.
type Meter interface {
	// Took hears what became of n instances that were recorded.
	Took(outcome Outcome, n int)
	// Read hears of a reading that came to an end, done or not assessed, and
	// of the time from the last instance that was read to it.
	Read(state State, sinceLastInstance time.Duration)
	// Trouble hears of a reading that ended early.
	Trouble(kind TroubleKind)
}

// noMeter is the Meter of who wants none.
type noMeter struct{}

func (noMeter) Took(Outcome, int)         {}
func (noMeter) Read(State, time.Duration) {}
func (noMeter) Trouble(TroubleKind)       {}

// meter tells of the files of an upload.
func (u *Upload) meter(recorded Recorded) {
	counts := map[Outcome]int{}
	for _, r := range recorded.Files {
		counts[r.Outcome]++
	}
	for outcome, n := range counts {
		u.s.opt.Meter.Took(outcome, n)
	}
}
