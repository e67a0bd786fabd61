package rescore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"nafas/internal/triage"
)

// Models know the detectors of this machine.
type Models interface {
	// Resolve finds a model by its name or folder ("" for the default one) and says
	// what studies are read with under these settings. from is what finds the same
	// model again.
	Resolve(name string, s Settings) (m triage.Model, r triage.Recipe, from string, err error)
}

// Request is what a rescoring is to be.
type Request struct {
	Name, Model, Baseline string
	Source                SourceSpec
	Settings              Settings
	Limits                Limits
}

// ErrRequest is of a request that cannot be; Field says which part of it.
type ErrRequest struct {
	Field string
	Err   error
}

func (e *ErrRequest) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *ErrRequest) Unwrap() error { return e.Err }

// Service starts, steers and shows rescorings.
type Service struct {
	ledger  Ledger
	sources Sources
	models  Models
	host    string
	now     func() time.Time
	// lists is as in ListsHere.
	lists bool
}

// NewService makes a Service. host is this machine's name; now is the clock.
func NewService(l Ledger, s Sources, m Models, host string, now func() time.Time) *Service {
	return &Service{ledger: l, sources: s, models: m, host: host, now: now}
}

// ListsHere says that this process lists the inputs of rescorings, in a ledger that
// several machines share: what it resumes it may take over (TakeHome).
func (s *Service) ListsHere() { s.lists = true }

// Start keeps a new rescoring, to be planned by a worker of this host. Errors:
// *ErrRequest, and the ledger's.
func (s *Service) Start(ctx context.Context, rq Request) (Rescoring, error) {
	r, err := s.draft(ctx, rq)
	if err != nil {
		return Rescoring{}, err
	}
	return s.ledger.Create(ctx, r)
}

// draft is a rescoring that was not kept yet, with everything checked.
func (s *Service) draft(ctx context.Context, rq Request) (Rescoring, error) {
	if err := rq.Limits.Check(); err != nil {
		return Rescoring{}, &ErrRequest{"limits", err}
	}
	if rq.Name == BaselineLive {
		return Rescoring{}, &ErrRequest{"name", fmt.Errorf("as a baseline %q means the service: give it another name", rq.Name)}
	}
	baseline, err := s.Baseline(ctx, rq.Baseline)
	if err != nil {
		return Rescoring{}, err
	}
	model, recipe, from, err := s.models.Resolve(rq.Model, rq.Settings)
	if err != nil {
		return Rescoring{}, &ErrRequest{"model", err}
	}
	r := Rescoring{
		Name: rq.Name, Source: rq.Source, Model: model, ModelFrom: from, Recipe: recipe, Settings: rq.Settings, Limits: rq.Limits,
		Baseline: baseline, State: StatePlanning, Home: s.host, CreatedAt: s.now(),
	}
	if _, err := s.sources.Open(ctx, r); err != nil {
		return Rescoring{}, &ErrRequest{"source", err}
	}
	return r, nil
}

// Baseline turns what somebody calls a baseline into Rescoring.Baseline: "" and
// BaselineLive stay, the number or the name of a rescoring becomes its number.
// *ErrRequest where there is none such, or more than one of the name.
func (s *Service) Baseline(ctx context.Context, called string) (string, error) {
	if called == "" || called == BaselineLive {
		return called, nil
	}
	all, err := s.ledger.Rescorings(ctx)
	if err != nil {
		return "", err
	}
	var named []string
	for _, r := range all {
		number := strconv.FormatInt(r.ID, 10)
		if number == called {
			return number, nil
		}
		if r.Name == called {
			named = append(named, number)
		}
	}
	switch len(named) {
	case 1:
		return named[0], nil
	case 0:
		return "", &ErrRequest{"baseline", fmt.Errorf("there is no rescoring %q to compare with: it is %q, or the number or the name of one", called, BaselineLive)}
	}
	return "", &ErrRequest{"baseline", fmt.Errorf("rescorings %s are called %q: give the number of one", strings.Join(named, ", "), called)}
}

// Check refuses limits that mean nothing.
func (l Limits) Check() error {
	switch _, err := ParseWindow(l.Window); {
	case err != nil:
		return err
	case l.MaxFetches < 0, l.BytesPerSecond < 0:
		return errors.New("limits towards an archive must not be negative")
	}
	return nil
}

// Get returns a rescoring, or ErrNotFound.
func (s *Service) Get(ctx context.Context, id int64) (Rescoring, error) {
	return s.ledger.Rescoring(ctx, id)
}

// List returns all, the newest first.
func (s *Service) List(ctx context.Context) ([]Rescoring, error) { return s.ledger.Rescorings(ctx) }

// Pause has a rescoring wait; ErrState after its end.
func (s *Service) Pause(ctx context.Context, id int64) (Rescoring, error) {
	return s.ledger.Control(ctx, id, StatePaused, "asked for", s.now())
}

// Resume goes on with it, and takes it over where its host is gone (TakeHome);
// ErrState after its end.
func (s *Service) Resume(ctx context.Context, id int64) (Rescoring, error) {
	r, err := s.ledger.Control(ctx, id, StateRunning, "", s.now())
	if err != nil {
		return r, err
	}
	return s.takeHome(ctx, r)
}

// TakeHome makes this host the Home of a rescoring whose own is gone, where this
// process lists inputs and has the source: a host that was renamed, or is off for
// good, would never list the rest. taken says that it did.
func (s *Service) TakeHome(ctx context.Context, id int64) (taken bool, err error) {
	before, err := s.ledger.Rescoring(ctx, id)
	if err != nil {
		return false, err
	}
	after, err := s.takeHome(ctx, before)
	return after.Home != before.Home, err
}

func (s *Service) takeHome(ctx context.Context, r Rescoring) (Rescoring, error) {
	// Later it matters only where a PACS sends to.
	needed := !r.Planned || r.Source.Kind == SourceDIMSE
	if !s.lists || r.State.Final() || r.Home == s.host || !needed {
		return r, nil
	}
	at, err := s.ledger.Workers(ctx, s.now().Add(-SeenLately))
	if err != nil || slices.ContainsFunc(at, func(w Sign) bool { return w.Host == r.Home }) {
		return r, err
	}
	here := r
	here.Home = s.host
	source, err := s.sources.Open(ctx, here)
	if err != nil || source.Probe(ctx) != nil {
		return r, nil // it is for who has the source
	}
	return here, s.ledger.SetHome(ctx, r.ID, s.host)
}

// Cancel ends it; what was read is kept. ErrState where it is done.
func (s *Service) Cancel(ctx context.Context, id int64) (Rescoring, error) {
	return s.ledger.Control(ctx, id, StateCancelled, "asked for", s.now())
}

// Limit changes its limits; *ErrRequest, or ErrState after its end.
func (s *Service) Limit(ctx context.Context, id int64, l Limits) (Rescoring, error) {
	if err := l.Check(); err != nil {
		return Rescoring{}, &ErrRequest{"limits", err}
	}
	if r, err := s.ledger.Rescoring(ctx, id); err != nil {
		return Rescoring{}, err
	} else if r.State.Final() {
		return Rescoring{}, ErrState
	}
	if err := s.ledger.SetLimits(ctx, id, l); err != nil {
		return Rescoring{}, err
	}
	return s.ledger.Rescoring(ctx, id)
}

// SeenLately is how long ago a worker that is at work was seen at most; its signs of
// life come more often than that (TendOptions.Alive).
const SeenLately = time.Minute

// Workers are those that can read a rescoring and were seen lately.
func (s *Service) Workers(ctx context.Context, r Rescoring) ([]Sign, error) {
	all, err := s.ledger.Workers(ctx, s.now().Add(-SeenLately))
	return slices.DeleteFunc(all, func(w Sign) bool { return !slices.Contains(w.Recipes, r.Recipe) }), err
}

// Rows hands on every input with its end.
func (s *Service) Rows(ctx context.Context, id int64, each func(Row) error) error {
	return s.ledger.Rows(ctx, id, each)
}

// Remaining is how long the rest will take by the pace so far; false where that
// is not known yet. Studies that the listing ended took no time and say nothing of
// the pace.
func Remaining(r Rescoring) (time.Duration, bool) {
	read, left := r.Totals.StudiesRead(), r.Totals.Studies-r.Totals.StudiesDone
	if read <= 0 || r.WorkedFor <= 0 || !r.Planned {
		return 0, false
	}
	window, err := ParseWindow(r.Limits.Window)
	if err != nil {
		return 0, false
	}
	work := time.Duration(float64(r.WorkedFor) / float64(read) * float64(left))
	return time.Duration(float64(work) * 24 / window.HoursADay()), true
}
