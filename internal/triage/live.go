package triage

import "sync"

// live is what studies are read with: one reader at a time, which others may take
// the place of while it is at work.
type live struct {
	mu  sync.Mutex
	now *engine
}

// engine is a reader with what it reads with, and how many readings use it.
type engine struct {
	reader StudyReader
	recipe Recipe
	used   int
	// idle closes when the last use has ended of one that was replaced.
	idle     chan struct{}
	replaced bool
}

func newLive(r StudyReader, recipe Recipe) *live {
	return &live{now: &engine{reader: r, recipe: recipe, idle: make(chan struct{})}}
}

// take is for one reading; whoever takes gives back.
func (l *live) take() *engine {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.now.used++
	return l.now
}

func (l *live) give(r *engine) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r.used--
	r.end()
}

// recipe is that of the next reading.
func (l *live) recipe() Recipe {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.now.recipe
}

func (l *live) put(r StudyReader, recipe Recipe) (idle <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	old := l.now
	l.now = &engine{reader: r, recipe: recipe, idle: make(chan struct{})}
	old.replaced = true
	old.end()
	return old.idle
}

// end says that nobody uses it any more, where that is so.
func (r *engine) end() {
	if r.replaced && r.used == 0 {
		close(r.idle)
	}
}

// Switch has the next studies read by another reader. Those in hand are read to
// their end by the one before, and are kept as its; idle closes when it has no
// more to do.
func (s *Service) Switch(r StudyReader, recipe Recipe) (idle <-chan struct{}) {
	return s.live.put(r, recipe)
}
