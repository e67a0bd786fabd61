package rescorings_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/internal/rescore"
	"nafas/internal/triage"
)

func (b *book) control(id int64, to rescore.State) rescore.Rescoring {
	b.t.Helper()
	r, err := b.Control(b.t.Context(), id, to, "asked for", at)
	require.NoError(b.t, err)
	require.Equal(b.t, b.get(id), r)
	return r
}

func TestWhichStateComesAfterWhich(t *testing.T) {
	onEach(t, func(t *testing.T, b *book) {
		is := map[rescore.State]func() int64{
			rescore.StatePlanning: func() int64 { return b.create(recipe) },
			rescore.StateRunning:  func() int64 { return b.planned(recipe, part("1", "1.1", "CT")) },
			rescore.StatePaused: func() int64 {
				id := b.planned(recipe, part("1", "1.1", "CT"))
				b.control(id, rescore.StatePaused)
				return id
			},
			"paused while planned": func() int64 {
				id := b.create(recipe)
				b.control(id, rescore.StatePaused)
				return id
			},
			rescore.StateDone: func() int64 { return b.planned(recipe) },
			rescore.StateCancelled: func() int64 {
				id := b.create(recipe)
				b.control(id, rescore.StateCancelled)
				return id
			},
		}
		for _, c := range []struct {
			from, to, want rescore.State // want "" for ErrState
		}{
			{rescore.StatePlanning, rescore.StatePaused, rescore.StatePaused},
			{rescore.StatePlanning, rescore.StateRunning, rescore.StatePlanning},
			{rescore.StatePlanning, rescore.StateCancelled, rescore.StateCancelled},
			{rescore.StateRunning, rescore.StatePaused, rescore.StatePaused},
			{rescore.StateRunning, rescore.StateRunning, rescore.StateRunning},
			{rescore.StateRunning, rescore.StateCancelled, rescore.StateCancelled},
			{rescore.StateRunning, rescore.StatePlanning, ""},
			{rescore.StateRunning, rescore.StateDone, ""},
			{rescore.StatePaused, rescore.StatePaused, rescore.StatePaused},
			{rescore.StatePaused, rescore.StateRunning, rescore.StateRunning},
			{rescore.StatePaused, rescore.StateCancelled, rescore.StateCancelled},
			{"paused while planned", rescore.StateRunning, rescore.StatePlanning},
			{rescore.StateDone, rescore.StatePaused, ""},
			{rescore.StateDone, rescore.StateRunning, ""},
			{rescore.StateDone, rescore.StateCancelled, ""},
			{rescore.StateCancelled, rescore.StatePaused, ""},
			{rescore.StateCancelled, rescore.StateRunning, ""},
			{rescore.StateCancelled, rescore.StateCancelled, rescore.StateCancelled},
		} {
			id := is[c.from]()
			before := b.get(id)
			got, err := b.Control(t.Context(), id, c.to, "again", at.Add(time.Hour))
			if c.want == "" {
				require.ErrorIs(t, err, rescore.ErrState, "%s to %s", c.from, c.to)
				require.Equal(t, before, b.get(id))
				continue
			}
			require.NoError(t, err, "%s to %s", c.from, c.to)
			require.Equal(t, c.want, got.State, "%s to %s", c.from, c.to)
			if c.want == before.State {
				require.Equal(t, before, got, "the same again")
				continue
			}
			why, ended := "", time.Time{}
			if c.want == rescore.StatePaused || c.want == rescore.StateCancelled {
				why = "again"
			}
			if c.want == rescore.StateCancelled {
				ended = at.Add(time.Hour)
			}
			require.Equal(t, why, got.Why, "%s to %s", c.from, c.to)
			require.Equal(t, ended, got.EndedAt)
		}
		_, err := b.Control(t.Context(), 99, rescore.StatePaused, "", at)
		require.ErrorIs(t, err, rescore.ErrNotFound)
	})
}

func TestAPauseTakesHoldAtOnce(t *testing.T) {
	onEach(t, func(t *testing.T, b *book) {
		id := b.planned(recipe, part("1", "1.1", "CT"), part("2", "2.1", "CT"), part("3", "3.1", "CT"), part("4", "4.1", "CT"))
		another := b.planned(recipe, part("1", "1.1", "CT"))
		b.feed(another, 1)
		b.feed(id, 3)
		token, _ := b.claim(id, "1", "w1")
		fetched := b.fetch(b.jobOf(id, "2"), "w1") // but not claimed yet
		third := b.jobOf(id, "3")
		b.control(id, rescore.StatePaused)
		require.Equal(t, []string{"running", "waiting", "waiting", "waiting"}, []string{
			b.studyState(id, "1"), b.studyState(id, "2"), b.studyState(id, "3"), b.studyState(id, "4")})
		require.Equal(t, []string{"running", "cancelled", "cancelled"}, []string{b.jobState(token.JobID), b.jobState(fetched.JobID), b.jobState(third)})
		require.Equal(t, "queued", b.studyState(another, "1"))
		_, err := b.Claim(t.Context(), fetched, id, "2", "w1")
		require.ErrorIs(t, err, triage.ErrFenced)
		require.Zero(t, b.feed(id, 5))
		require.NoError(t, b.Finish(t.Context(), token, id, recipe, outcome("1", scored("1", "1.1", recipe))), "what was read counts")
		require.EqualValues(t, 1, b.get(id).Totals.Scored)
		b.control(id, rescore.StateRunning)
		require.Equal(t, 3, b.feed(id, 5))
		b.recount(id)
	})
}

func TestAStudyThatIsClaimedAfterAPauseWaits(t *testing.T) {
	onEach(t, func(t *testing.T, b *book) {
		for _, to := range []rescore.State{rescore.StatePaused, rescore.StateCancelled} {
			id := b.planned(recipe, part("1", "1.1", "CT"))
			b.feed(id, 1)
			first, _ := b.claim(id, "1", "w1")
			b.control(id, to)
			second := b.fetch(first.JobID, "w2") // as after the end of w1
			_, err := b.Claim(t.Context(), second, id, "1", "w2")
			require.ErrorIs(t, err, rescore.ErrNotNow)
			require.Equal(t, "waiting", b.studyState(id, "1"))
			require.Equal(t, "completed", b.jobState(first.JobID))
			require.ErrorIs(t, b.Finish(t.Context(), first, id, recipe, outcome("1", scored("1", "1.1", recipe))), triage.ErrFenced)
		}
	})
}

func TestTheLastStudyEndsARescoring(t *testing.T) {
	onEach(t, func(t *testing.T, b *book) {
		for _, c := range []struct{ meanwhile, want rescore.State }{
			{"", rescore.StateDone}, {rescore.StatePaused, rescore.StateDone}, {rescore.StateCancelled, rescore.StateCancelled},
		} {
			id := b.planned(recipe, part("1", "1.1", "CT"))
			b.feed(id, 1)
			token, _ := b.claim(id, "1", "w1")
			if c.meanwhile != "" {
				b.control(id, c.meanwhile)
			}
			o := outcome("1", scored("1", "1.1", recipe))
			o.At = at.Add(time.Hour)
			require.NoError(t, b.Finish(t.Context(), token, id, recipe, o))
			r := b.get(id)
			require.Equal(t, c.want, r.State)
			require.EqualValues(t, 1, r.Totals.Scored)
			if c.want == rescore.StateDone {
				require.Equal(t, o.At, r.EndedAt)
				require.Empty(t, r.Why)
			}
		}
	})
}

func TestFeedFillsTheQueueAndNoMore(t *testing.T) {
	onEach(t, func(t *testing.T, b *book) {
		var parts []rescore.Part
		for _, uid := range []string{"1", "2", "3", "4", "5", "6", "7"} {
			parts = append(parts, part(uid, uid+".1", "CT"))
		}
		id := b.planned(recipe, parts...)
		require.Equal(t, 3, b.feed(id, 3))
		require.Zero(t, b.feed(id, 3))
		require.Equal(t, []string{"queued", "queued", "queued", "waiting"}, []string{
			b.studyState(id, "1"), b.studyState(id, "2"), b.studyState(id, "3"), b.studyState(id, "4")}, "in the order of the plan")
		b.claim(id, "1", "w1")
		require.Equal(t, 1, b.feed(id, 3), "what is in hand is not in the queue")
		require.Equal(t, 3, b.feed(id, 100))
		require.Zero(t, b.feed(id, 100))
		require.EqualValues(t, 7, b.number(`SELECT count(*) FROM river_job WHERE kind = 'rescore' AND priority = 4 AND queue = '%s'`, rescore.Queue(recipe)))
		_, err := b.Feed(t.Context(), 99, 1, false)
		require.ErrorIs(t, err, rescore.ErrNotFound)
	})
}

func TestLimitsMayChange(t *testing.T) {
	onEach(t, func(t *testing.T, b *book) {
		id := b.create(recipe)
		want := rescore.Limits{Window: "01:00-02:00", MaxFetches: 3, BytesPerSecond: 5}
		require.NoError(t, b.SetLimits(t.Context(), id, want))
		require.Equal(t, want, b.get(id).Limits)
		require.ErrorIs(t, b.SetLimits(t.Context(), 99, want), rescore.ErrNotFound)
	})
}
