package dimse

import "time"

// Timing bounds how long a peer may be silent. Zero values mean the defaults.
type Timing struct {
	// ARTIM bounds the opening and the end of an association (PS3.8 section
	// 9.1.5). Default 30 s.
	ARTIM time.Duration
	// Idle is how long nothing may come between two operations. Default 10
	// min.
	Idle time.Duration
	// Transfer bounds one PDU on its way, in either direction. Default 60 s.
	Transfer time.Duration
	// Answer bounds the wait for the next response to a request. Default 5
	// min: an archive may have to fetch from slow storage first.
	Answer time.Duration
}

func (t Timing) withDefaults() Timing {
	def := func(v *time.Duration, d time.Duration) {
		if *v == 0 {
			*v = d
		}
	}
	def(&t.ARTIM, 30*time.Second)
	def(&t.Idle, 10*time.Minute)
	def(&t.Transfer, time.Minute)
	def(&t.Answer, 5*time.Minute)
	return t
}
