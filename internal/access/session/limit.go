package session

import (
	"maps"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// bound is how often somebody may fail, and how long the pause becomes, which
// doubles from one second.
type bound struct {
	free int
	most time.Duration
}

// Names are paused shortly, so that nobody is kept out by who guesses at their
// name; addresses longer. An address can be that of a whole hospital.
var (
	perName    = bound{5, time.Minute}
	perAddress = bound{20, 15 * time.Minute}
)

const (
	// forgetAfter is how long a failure counts.
	forgetAfter = 30 * time.Minute
	// mostRemembered bounds the memory of each kind.
	mostRemembered = 10_000
)

// limits slow down who guesses at passwords.
type limits struct {
	mu               sync.Mutex
	names, addresses map[string]*tries
}

type tries struct {
	failed int
	last   time.Time
	until  time.Time
}

func newLimits() *limits {
	return &limits{names: map[string]*tries{}, addresses: map[string]*tries{}}
}

// take counts a try as failed until succeeded says otherwise, so that tries at
// the same time count. Where a pause is on it counts nothing, and says how long
// that lasts.
func (l *limits) take(now time.Time, name, address string) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	n, a := remembered(l.names, name, now), remembered(l.addresses, network(address), now)
	if wait := max(n.until.Sub(now), a.until.Sub(now)); wait > 0 {
		return wait
	}
	n.fail(now, perName)
	a.fail(now, perAddress)
	return 0
}

// succeeded takes a try back.
func (l *limits) succeeded(name, address string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.names, name)
	l.uncount(l.addresses, network(address))
}

// unused takes a try back that was not made.
func (l *limits) unused(name, address string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.uncount(l.names, name)
	l.uncount(l.addresses, network(address))
}

func (l *limits) uncount(m map[string]*tries, key string) {
	if t := m[key]; t != nil {
		t.failed, t.until = max(0, t.failed-1), time.Time{}
	}
}

func (t *tries) fail(now time.Time, b bound) {
	t.failed++
	t.last = now
	if over := t.failed - b.free; over >= 0 {
		t.until = now.Add(min(b.most, time.Second<<min(over, 20)))
	}
}

// remembered is what is known of a key; the oldest make room for it.
func remembered(m map[string]*tries, key string, now time.Time) *tries {
	if t := m[key]; t != nil {
		if now.Sub(t.last) > forgetAfter {
			*t = tries{}
		}
		return t
	}
	if len(m) >= mostRemembered {
		makeRoom(m, now)
	}
	t := &tries{last: now}
	m[key] = t
	return t
}

// makeRoom forgets what is over, and the older half of the rest where that is
// too little: rarely, so that it costs no try much.
func makeRoom(m map[string]*tries, now time.Time) {
	maps.DeleteFunc(m, func(_ string, t *tries) bool { return now.Sub(t.last) > forgetAfter })
	if len(m) < mostRemembered {
		return
	}
	times := make([]time.Time, 0, len(m))
	for _, t := range m {
		times = append(times, t.last)
	}
	slices.SortFunc(times, time.Time.Compare)
	middle := times[len(times)/2]
	maps.DeleteFunc(m, func(_ string, t *tries) bool { return !t.last.After(middle) })
}

// network is what one sender holds: an IPv4 address, or an IPv6 network of 64 bits.
func network(address string) string {
	at, err := netip.ParseAddr(address)
	if err != nil || at.Is4() {
		return address
	}
	p, err := at.Prefix(64)
	if err != nil {
		return address
	}
	return p.String()
}
