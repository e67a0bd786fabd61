package rescore_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/internal/rescore"
	"nafas/internal/triage"
)

// shelf knows one model.
type shelf struct{ err error }

func (s shelf) Resolve(name string, _ rescore.Settings) (triage.Model, triage.Recipe, string, error) {
	return triage.Model{Name: name, SHA256: "m"}, recipe, "/models/" + name, s.err
}

func (l *ledger) Create(_ context.Context, r rescore.Rescoring) (rescore.Rescoring, error) {
	r.ID = 8
	l.r = r
	return r, nil
}

func (l *ledger) SetLimits(_ context.Context, _ int64, limits rescore.Limits) error {
	l.r.Limits = limits
	return nil
}

func (b *bench) service(m rescore.Models) *rescore.Service {
	return rescore.NewService(b.ledger, b.archive, m, "here", func() time.Time { return b.now })
}

func TestARescoringBeginsWithEverythingChecked(t *testing.T) {
	b := newBench()
	rq := rescore.Request{
		Name: "n", Model: "m1", Baseline: "7", Source: rescore.SourceSpec{Kind: rescore.SourceFolder, Root: "/a"},
		Settings: rescore.Settings{Screening: "yes"}, Limits: rescore.Limits{Window: "20:00-06:00"},
	}
	r, err := b.service(shelf{}).Start(t.Context(), rq)
	require.NoError(t, err)
	require.Equal(t, rescore.Rescoring{
		ID: 8, Name: "n", Source: rq.Source, Model: triage.Model{Name: "m1", SHA256: "m"}, ModelFrom: "/models/m1", Recipe: recipe,
		Settings: rq.Settings, Limits: rq.Limits, Baseline: "7", State: rescore.StatePlanning, Home: "here", CreatedAt: b.now,
	}, r)
}

func TestWhatABaselineIsCalled(t *testing.T) {
	b := newBench()
	b.ledger.r.Name = "spring"
	for called, want := range map[string]string{"": "", "live": "live", "7": "7", "spring": "7"} {
		got, err := b.service(shelf{}).Baseline(t.Context(), called)
		require.NoError(t, err, called)
		require.Equal(t, want, got)
	}
	b.ledger.more = []rescore.Rescoring{{ID: 9, Name: "spring"}}
	_, err := b.service(shelf{}).Baseline(t.Context(), "spring")
	require.ErrorContains(t, err, "7, 9")
}

func TestWhatCannotBeIsRefusedByItsField(t *testing.T) {
	for field, c := range map[string]struct {
		rq     rescore.Request
		models rescore.Models
		open   error
	}{
		"limits":   {rq: rescore.Request{Limits: rescore.Limits{Window: "night"}}},
		"name":     {rq: rescore.Request{Name: "live"}},
		"baseline": {rq: rescore.Request{Baseline: "yesterday"}},
		"model":    {models: shelf{errors.New("no such model")}},
		"source":   {open: errors.New("no such folder")},
	} {
		b := newBench()
		b.archive.open = c.open
		if c.models == nil {
			c.models = shelf{}
		}
		_, err := b.service(c.models).Start(t.Context(), c.rq)
		var why *rescore.ErrRequest
		require.ErrorAs(t, err, &why)
		require.Equal(t, field, why.Field)
		require.NotEqual(t, int64(8), b.ledger.r.ID, "nothing is kept")
	}
	b := newBench()
	_, err := b.service(shelf{}).Limit(t.Context(), 7, rescore.Limits{BytesPerSecond: -1})
	require.Error(t, err)
	require.Zero(t, b.ledger.r.Limits)
	b.ledger.r.State = rescore.StateCancelled
	_, err = b.service(shelf{}).Limit(t.Context(), 7, rescore.Limits{MaxFetches: 2})
	require.ErrorIs(t, err, rescore.ErrState, "what is over does not work at any hours")
	require.Zero(t, b.ledger.r.Limits)
}

func TestSteering(t *testing.T) {
	b := newBench()
	s := b.service(shelf{})
	for _, c := range []struct {
		do   func(context.Context, int64) (rescore.Rescoring, error)
		want rescore.State
	}{{s.Pause, rescore.StatePaused}, {s.Resume, rescore.StateRunning}, {s.Cancel, rescore.StateCancelled}} {
		r, err := c.do(t.Context(), 7)
		require.NoError(t, err)
		require.Equal(t, c.want, r.State)
	}
}

func TestWhatIsLeft(t *testing.T) {
	r := rescore.Rescoring{Planned: true, WorkedFor: 10 * time.Minute, Totals: rescore.Totals{Studies: 300, StudiesDone: 100}}
	left, known := rescore.Remaining(r)
	require.True(t, known)
	require.Equal(t, 20*time.Minute, left)
	mixed := r
	mixed.Totals = rescore.Totals{Studies: 10_300, StudiesDone: 10_100, PassedOver: 10_000}
	left, known = rescore.Remaining(mixed)
	require.True(t, known)
	require.Equal(t, 20*time.Minute, left, "studies without CT end with the listing, in no time")
	r.Limits.Window = "20:00-08:00"
	left, _ = rescore.Remaining(r)
	require.Equal(t, 40*time.Minute, left, "it works for half of the day")
	for _, unknown := range []rescore.Rescoring{
		{WorkedFor: time.Minute, Totals: rescore.Totals{Studies: 3, StudiesDone: 1}},
		{Planned: true, WorkedFor: time.Minute, Totals: rescore.Totals{Studies: 3}},
		{Planned: true, Totals: rescore.Totals{Studies: 3, StudiesDone: 1}},
		{Planned: true, WorkedFor: time.Minute, Totals: rescore.Totals{Studies: 3, StudiesDone: 1, PassedOver: 1}},
	} {
		_, known := rescore.Remaining(unknown)
		require.False(t, known)
	}
}

func (l *ledger) Workers(_ context.Context, since time.Time) ([]rescore.Sign, error) {
	l.deadline = since
	return slices.Clone(l.signs), nil
}

func TestWhoIsAtIt(t *testing.T) {
	b := newBench()
	b.ledger.signs = []rescore.Sign{{Name: "a", Recipes: []triage.Recipe{{ModelSHA256: "other"}}}, {Name: "b", Recipes: []triage.Recipe{recipe}}, {Name: "c"}}
	at, err := b.service(shelf{}).Workers(t.Context(), b.ledger.r)
	require.NoError(t, err)
	require.Len(t, at, 1)
	require.Equal(t, "b", at[0].Name)
	require.Equal(t, b.now.Add(-time.Minute), b.ledger.deadline)
}

// A host that was renamed must not leave a rescoring that is never listed.
func TestWhoTakesARescoringOver(t *testing.T) {
	for name, c := range map[string]struct {
		set  func(b *bench)
		home string
	}{
		"its host is gone":            {func(*bench) {}, "here"},
		"its host is at work":         {func(b *bench) { b.ledger.signs = []rescore.Sign{{Host: "old"}} }, "old"},
		"another host is at work":     {func(b *bench) { b.ledger.signs = []rescore.Sign{{Host: "third"}} }, "here"},
		"the source is not here":      {func(b *bench) { b.archive.probe = errors.New("no such folder") }, "old"},
		"the source cannot be opened": {func(b *bench) { b.archive.open = errors.New("no token") }, "old"},
		"all is listed":               {func(b *bench) { b.ledger.r.Planned = true }, "old"},
		"all is listed, and a PACS sends": {func(b *bench) {
			b.ledger.r.Planned, b.ledger.r.Source.Kind = true, rescore.SourceDIMSE
		}, "here"},
	} {
		t.Run(name, func(t *testing.T) {
			b := planning("a")
			b.ledger.r.Home = "old"
			c.set(b)
			s := b.service(shelf{})
			r, err := s.Resume(t.Context(), 7)
			require.NoError(t, err)
			require.Equal(t, "old", r.Home, "who only steers takes nothing over")
			s.ListsHere()
			taken, err := s.TakeHome(t.Context(), 7)
			require.NoError(t, err)
			require.Equal(t, c.home == "here", taken)
			require.Equal(t, c.home, b.ledger.r.Home)
			b.ledger.r.Home = "old"
			r, err = s.Resume(t.Context(), 7)
			require.NoError(t, err)
			require.Equal(t, c.home, r.Home)
			require.Equal(t, c.home, b.ledger.r.Home)
		})
	}
}
