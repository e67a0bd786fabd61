package triage_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/internal/triage"
)

// many makes studies 1.0 to 1.n-1, a minute apart, the priority of each as
// rank says.
func many(t *testing.T, n int, rank func(i int) triage.Priority) *bench {
	b := newBench(t)
	for i := range n {
		f := file{study: fmt.Sprintf("1.%d", i), series: "1", sop: fmt.Sprintf("1.%d.1", i), patient: "P", pixels: "x"}
		b.clock.advance(time.Minute)
		b.send(complete, f)
		p := rank(i)
		if p == triage.PriorityNone {
			continue
		}
		b.read = func(context.Context, triage.ReadingJob, func(triage.Progress)) (triage.StudyReading, error) {
			return triage.StudyReading{State: triage.Done, Priority: p, PriorityReasons: []triage.PriorityReason{{Text: "test"}}}, nil
		}
		require.NoError(t, b.readNow())
	}
	return b
}

// pages walks through a list and returns the UIDs.
func (b *bench) pages(q triage.Query) []string {
	b.t.Helper()
	var out []string
	for {
		p, err := b.Studies(b.t.Context(), q)
		require.NoError(b.t, err)
		require.LessOrEqual(b.t, len(p.Studies), q.Size)
		for _, s := range p.Studies {
			out = append(out, s.UID)
			require.Empty(b.t, s.Series)
		}
		if p.Next == "" {
			return out
		}
		q.Token = p.Next
	}
}

func TestPages(t *testing.T) {
	b := many(t, 7, func(i int) triage.Priority {
		return []triage.Priority{
			triage.PriorityRoutine, triage.PriorityUrgent, triage.PriorityHigh, triage.PriorityNotAssessed,
			triage.PriorityHigh, triage.PriorityRoutine, triage.PriorityNone,
		}[i]
	})
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		q    triage.Query
		want []string
	}{
		"worklist": {triage.Query{}, []string{"1.1", "1.2", "1.4", "1.3", "1.0", "1.5", "1.6"}},
		"newest":   {triage.Query{Order: triage.OrderReceivedDesc}, []string{"1.6", "1.5", "1.4", "1.3", "1.2", "1.1", "1.0"}},
		"oldest":   {triage.Query{Order: triage.OrderReceivedAsc}, []string{"1.0", "1.1", "1.2", "1.3", "1.4", "1.5", "1.6"}},
		"priority": {triage.Query{Priorities: []triage.Priority{triage.PriorityHigh, triage.PriorityUrgent}}, []string{"1.1", "1.2", "1.4"}},
		"state":    {triage.Query{States: []triage.State{triage.Waiting, triage.Running}}, []string{"1.6"}},
		"time": {
			triage.Query{Order: triage.OrderReceivedAsc, After: start.Add(3 * time.Minute), Before: start.Add(5 * time.Minute)},
			[]string{"1.2", "1.3"},
		},
		"nothing": {triage.Query{States: []triage.State{triage.Failed}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			for _, size := range []int{1, 2, 3, 100} {
				c.q.Size = size
				require.Equal(t, c.want, b.pages(c.q), "in pages of %d", size)
			}
		})
	}
}

func TestPagesStayInPlaceWhileStudiesArrive(t *testing.T) {
	b := many(t, 4, func(int) triage.Priority { return triage.PriorityRoutine })
	p, err := b.Studies(t.Context(), triage.Query{Order: triage.OrderReceivedDesc, Size: 2})
	require.NoError(t, err)
	b.send(complete, file{study: "1.9", series: "1", sop: "1.9.1", patient: "P", pixels: "x"})
	p, err = b.Studies(t.Context(), triage.Query{Order: triage.OrderReceivedDesc, Size: 2, Token: p.Next})
	require.NoError(t, err)
	require.Equal(t, "1.1", p.Studies[0].UID)
	require.Equal(t, "1.0", p.Studies[1].UID)
	require.Empty(t, p.Next)
}

func TestTokenBelongsToItsQuery(t *testing.T) {
	b := many(t, 3, func(int) triage.Priority { return triage.PriorityRoutine })
	p, err := b.Studies(t.Context(), triage.Query{Size: 1})
	require.NoError(t, err)
	for name, q := range map[string]triage.Query{
		"another order":  {Size: 1, Token: p.Next, Order: triage.OrderReceivedAsc},
		"another filter": {Size: 1, Token: p.Next, States: []triage.State{triage.Done}},
		"no base64":      {Size: 1, Token: "?"},
		"no token":       {Size: 1, Token: "e30"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := b.Studies(t.Context(), q)
			require.ErrorIs(t, err, triage.ErrBadToken)
		})
	}
	_, err = b.Studies(t.Context(), triage.Query{Size: 2, Token: p.Next})
	require.NoError(t, err, "the size may change")
}

// next receives an event that is no progress.
func next(t *testing.T, events <-chan triage.Event) triage.Event {
	t.Helper()
	for {
		select {
		case e, ok := <-events:
			require.True(t, ok, "the watch ended")
			if e.Progress == nil {
				return e
			}
		case <-time.After(10 * time.Second):
			require.Fail(t, "no event")
		}
	}
}

func TestWatchFromNowAndFromACursor(t *testing.T) {
	b := newBench(t)
	b.send(complete, a1)
	ctx, cancel := context.WithCancel(t.Context())
	events, err := b.Watch(ctx, "")
	require.NoError(t, err)
	other := file{study: "1.3", series: "1", sop: "1.3.1", patient: "P", pixels: "x"}
	b.send(complete, other)
	e := next(t, events)
	require.Equal(t, "1.3", e.Study.UID, "what was before does not come")
	require.Equal(t, triage.Waiting, e.Study.State)
	cancel()
	for range events {
	}

	require.NoError(t, b.readNow())
	require.NoError(t, b.readNow())
	events, err = b.Watch(t.Context(), e.Cursor)
	require.NoError(t, err)
	require.Equal(t, "1.2", next(t, events).Study.UID)
	e = next(t, events)
	require.Equal(t, "1.3", e.Study.UID)
	require.Equal(t, triage.Done, e.Study.State, "the last state is never skipped")
	require.Equal(t, triage.PriorityHigh, e.Study.Priority)
}

func TestWatchTellsProgress(t *testing.T) {
	b := newBench(t)
	events, err := b.Watch(t.Context(), "")
	require.NoError(t, err)
	b.send(complete, a1)
	require.NoError(t, b.readNow())
	for {
		select {
		case e := <-events:
			if e.Progress != nil {
				require.Equal(t, &triage.Progress{StudyUID: "1.2", Stage: "onnx", Done: 1, Total: 2}, e.Progress)
				return
			}
		case <-time.After(10 * time.Second):
			require.Fail(t, "no progress")
		}
	}
}

func TestCursorBelongsToItsInstallation(t *testing.T) {
	b, other := newBench(t), newBench(t)
	b.send(complete, a1)
	events, err := b.Watch(t.Context(), "")
	require.NoError(t, err)
	require.NoError(t, b.readNow())
	cursor := next(t, events).Cursor
	_, err = other.Watch(t.Context(), cursor)
	require.ErrorIs(t, err, triage.ErrBadToken)
	for _, bad := range []string{"x", b.store.Installation() + ".zzzz", b.store.Installation() + ".-1", b.store.Installation()} {
		_, err = b.Watch(t.Context(), bad)
		require.ErrorIs(t, err, triage.ErrBadToken, bad)
	}
}
