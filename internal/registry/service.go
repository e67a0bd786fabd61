package registry

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"nafas/internal/triage"
	"nafas/models/manifest"
)

// Options of a Service. Zero values mean the defaults.
type Options struct {
	// Shipped are the models that the program holds.
	Shipped []*manifest.Model
	// MinFreeBytes is the watermark: no model is installed while less is free.
	MinFreeBytes int64
	// Needed names what outside of Ledger still reads with a model, such as
	// "rescoring 3"; "" where nothing does. nil: nothing.
	Needed func(ctx context.Context, sha256 string) (string, error)
	// Name is a study's pseudonym, for the log.
	Name func(studyUID string) string
	// Quiet is how long a study in shadow waits, in one go, for live ones to end.
	// Default 30 s.
	Quiet time.Duration
	// Now is the clock. Default time.Now.
	Now func() time.Time
	// Log is by default slog.Default.
	Log *slog.Logger
}

func (o Options) withDefaults() Options {
	if o.Name == nil {
		o.Name = func(string) string { return "unnamed" }
	}
	if o.Needed == nil {
		o.Needed = func(context.Context, string) (string, error) { return "", nil }
	}
	if o.Quiet == 0 {
		o.Quiet = 30 * time.Second
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return o
}

// Service is the models of one service.
type Service struct {
	ledger  Ledger
	shelf   Shelf
	workers Workers
	opt     Options
	log     *slog.Logger
	// turn holds the right to change what is used for what.
	turn chan struct{}
	// closing are readers that were replaced and have something in hand.
	closing sync.WaitGroup
	// stopping ends what is read in shadow.
	stopping context.Context
	stop     context.CancelFunc
	// receiving is held while a model comes in.
	receiving sync.Mutex

	mu     sync.Mutex
	desk   Desk
	live   Reader
	is     Identity
	shadow *shadowed // nil where none is
}

// New makes a Service; Begin has it begin.
func New(l Ledger, s Shelf, w Workers, o Options) *Service {
	o = o.withDefaults()
	out := &Service{ledger: l, shelf: s, workers: w, opt: o, log: o.Log, turn: make(chan struct{}, 1)}
	out.stopping, out.stop = context.WithCancel(context.Background())
	return out
}

// take waits for the right to change something.
func (s *Service) take(ctx context.Context) error {
	select {
	case s.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return refuse(Busy, "Try again in a minute.", "something else is being done to the models").because(ctx.Err())
	}
}

func (s *Service) give() { <-s.turn }

// Identity is what live studies are read with now.
func (s *Service) Identity() Identity {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.is
}

// Serve says who reads live studies: what is activated from now on goes there.
func (s *Service) Serve(d Desk) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.desk = d
}

// Stop breaks off what is read in shadow: it goes back into the queue.
func (s *Service) Stop() { s.stop() }

// Close ends the processes, after what they have in hand.
func (s *Service) Close() {
	s.stop()
	s.stopShadow()
	s.mu.Lock()
	live := s.live
	s.live = nil
	s.mu.Unlock()
	if live != nil {
		live.Close()
	}
	s.closing.Wait()
}

// List returns the models of the data folder, in the order of their installation,
// and then those that are shipped and were never used.
func (s *Service) List(ctx context.Context) ([]Model, error) {
	out, err := s.ledger.Models(ctx)
	if err != nil {
		return nil, err
	}
	for _, m := range s.opt.Shipped {
		i := slices.IndexFunc(out, func(have Model) bool { return have.SHA256 == m.SHA256() })
		if i >= 0 {
			out[i].Shipped = true
			continue
		}
		one, err := described(m)
		if err != nil {
			return nil, err
		}
		one.Shipped = true
		out = append(out, one)
	}
	return out, nil
}

// Events returns what was done to the models, the oldest first.
func (s *Service) Events(ctx context.Context) ([]Event, error) { return s.ledger.Events(ctx) }

// mostCard bounds what is kept of card.md.
const mostCard = 256 << 10

// described is a model as its manifest and its card say.
func described(m *manifest.Model) (Model, error) {
	card, err := readCard(m.Folder())
	return Model{
		Model:   triage.Model{Name: m.Name, Version: m.Version, SHA256: m.SHA256()},
		License: m.License, IntendedUse: m.IntendedUse, Card: card, State: Installed,
	}, err
}

// leastHash is how much of a SHA-256 names a model.
const leastHash = 8

// find finds a model by its name, by NAME:VERSION, or by the beginning of its
// SHA-256.
func (s *Service) find(ctx context.Context, word string) (Model, error) {
	all, err := s.List(ctx)
	if err != nil {
		return Model{}, err
	}
	var found []Model
	for _, m := range all {
		if m.Name == word || m.Name+":"+m.Version == word || len(word) >= leastHash && strings.HasPrefix(m.SHA256, word) {
			found = append(found, m)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return Model{}, refuse(Unknown, "`nafas model installed` lists those that are there; `nafas model install DIR` adds one.",
			"no model is called %.80q here", word)
	}
	var words []string
	for _, m := range found {
		words = append(words, fmt.Sprintf("%s:%s (%s)", m.Name, m.Version, m.State))
	}
	return Model{}, refuse(Ambiguous, "Say which, as NAME:VERSION.", "%.80q is the name of %d models: %s", word, len(found), strings.Join(words, ", "))
}

// named is how a model is called in messages.
func named(m triage.Model) string { return m.Name + " " + m.Version }
