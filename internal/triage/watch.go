package triage

import (
	"context"
	"strconv"
	"strings"
	"sync"
)

// Change is a study and the number of its latest change. Numbers grow with
// every transaction that changes a study, and stay over a restart.
type Change struct {
	Study  Study
	Number int64
}

// Event is a change of a study, without its series, or the progress of one.
type Event struct {
	Study Study
	// Cursor goes on after this event in a later Watch; empty with Progress.
	Cursor string
	// Progress is set where the event is no change of the study's row.
	Progress *Progress
}

// changesPerLook bounds what a watcher holds in memory.
const changesPerLook = 100

// Watch sends what changes after the cursor, or from now on where it is
// empty. A study that changed several times since the last look is sent once,
// as it is now: passing states may be skipped, the last one never is. Progress
// is sent as far as the receiver keeps up. The channel closes when ctx ends or
// the store fails. ErrBadToken where the cursor is not of this installation.
func (s *Service) Watch(ctx context.Context, cursor string) (<-chan Event, error) {
	last, err := s.store.LastChange(ctx)
	if err != nil {
		return nil, err
	}
	after := last
	if cursor != "" {
		if after, err = s.parseCursor(cursor, last); err != nil {
			return nil, err
		}
	}
	w := s.hub.join()
	out := make(chan Event)
	go func() {
		defer close(out)
		defer s.hub.leave(w)
		s.follow(ctx, w, after, out)
	}()
	return out, nil
}

func (s *Service) follow(ctx context.Context, w *watcher, after int64, out chan<- Event) {
	send := func(e Event) bool {
		select {
		case out <- e:
			return true
		case <-ctx.Done():
			return false
		}
	}
	for {
		changes, err := s.store.Changes(ctx, after, changesPerLook)
		if err != nil {
			if ctx.Err() == nil {
				s.log.ErrorContext(ctx, "watch ended", "error", err)
			}
			return
		}
		for _, c := range changes {
			if !send(Event{Study: c.Study, Cursor: s.cursor(c.Number)}) {
				return
			}
			after = c.Number
		}
		if len(changes) > 0 {
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-w.changed:
		case p := <-w.progress:
			if !send(Event{Progress: &p}) {
				return
			}
		}
	}
}

func (s *Service) cursor(number int64) string {
	return s.store.Installation() + "." + strconv.FormatInt(number, 36)
}

func (s *Service) parseCursor(cursor string, last int64) (int64, error) {
	installation, number, ok := strings.Cut(cursor, ".")
	if !ok || installation != s.store.Installation() {
		return 0, ErrBadToken
	}
	n, err := strconv.ParseInt(number, 36, 64)
	if err != nil || n < 0 || n > last {
		return 0, ErrBadToken
	}
	return n, nil
}

// hub tells the watchers of this process that there is something to look for.
type hub struct {
	mu       sync.Mutex
	watchers map[*watcher]struct{}
}

type watcher struct {
	changed  chan struct{}
	progress chan Progress
}

// progressKept is how many progress events wait for a slow receiver; more are
// dropped, since a later one says more.
const progressKept = 64

func newHub() *hub { return &hub{watchers: map[*watcher]struct{}{}} }

func (h *hub) join() *watcher {
	w := &watcher{changed: make(chan struct{}, 1), progress: make(chan Progress, progressKept)}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.watchers[w] = struct{}{}
	return w
}

func (h *hub) leave(w *watcher) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.watchers, w)
}

// changed wakes every watcher; it never blocks.
func (h *hub) changed() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for w := range h.watchers {
		select {
		case w.changed <- struct{}{}:
		default:
		}
	}
}

// progress offers p to every watcher; it never blocks.
func (h *hub) progress(p Progress) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for w := range h.watchers {
		select {
		case w.progress <- p:
		default:
		}
	}
}
