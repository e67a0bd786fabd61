package rescorings_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/internal/rescore"
	"nafas/internal/triage"
)

func TestWorkersThatWereSeen(t *testing.T) {
	onEach(t, func(t *testing.T, b *book) {
		now := time.Now().UTC().Truncate(time.Microsecond)
		want := rescore.Sign{Name: "w1", Host: "h", Program: "nafas 1", Recipes: []triage.Recipe{recipe, other}, Slots: 4, SeenAt: now}
		require.NoError(t, b.Alive(t.Context(), rescore.Sign{Name: "w1", Host: "old", SeenAt: now.Add(-time.Second)}))
		require.NoError(t, b.Alive(t.Context(), want))
		require.NoError(t, b.Alive(t.Context(), rescore.Sign{Name: "w2", SeenAt: now}))
		b.do(`UPDATE worker SET seen_at = seen_at - 90000000 WHERE name = 'w2'`)
		got, err := b.Workers(t.Context(), now.Add(-time.Minute))
		require.NoError(t, err)
		require.Len(t, got, 1)
		require.WithinDuration(t, now, got[0].SeenAt, 30*time.Second)
		got[0].SeenAt = now
		require.Equal(t, want, got[0])
		got, err = b.Workers(t.Context(), now.Add(-time.Hour))
		require.NoError(t, err)
		require.Len(t, got, 2)
	})
}

// Of machines whose clocks are wrong, PostgreSQL's own counts.
func TestAWorkerWithAWrongClockIsNotTakenForDead(t *testing.T) {
	b := onPostgres(t)
	id := b.planned(recipe, part("1", "1.1", "CT"))
	b.feed(id, 1)
	require.NoError(t, b.Alive(t.Context(), rescore.Sign{Name: "w1", SeenAt: time.Now().Add(-24 * time.Hour)}))
	b.claim(id, "1", "w1")
	require.Zero(t, b.takeOver(time.Now().Add(-time.Minute)))
	require.Equal(t, 1, b.takeOver(time.Now().Add(time.Hour)))
}

// A worker claims before it gave a sign of life, and is no dead one.
func TestAClaimIsASignOfLife(t *testing.T) {
	onEach(t, func(t *testing.T, b *book) {
		id := b.planned(recipe, part("1", "1.1", "CT"))
		b.feed(id, 1)
		b.claim(id, "1", "w1")
		require.Zero(t, b.takeOver(time.Now().Add(-time.Minute)))
	})
}

func TestTheTimeInWhichSomebodyWasAtIt(t *testing.T) {
	b := onSQLite(t) // where times are the caller's
	p := part("1", "1.1", "CT")
	id, idle, foreign := b.planned(recipe, p), b.planned(recipe, p), b.planned(other, p)
	b.feed(id, 1)
	b.feed(foreign, 1)
	now := at
	sign := func(worker string, after time.Duration) {
		now = now.Add(after)
		require.NoError(t, b.Alive(t.Context(), rescore.Sign{Name: worker, Recipes: []triage.Recipe{recipe}, SeenAt: now}))
	}
	sign("w1", 0)
	require.Zero(t, b.get(id).WorkedFor)
	sign("w1", 5*time.Second)
	sign("w2", 2*time.Second)
	sign("w1", 3*time.Second)
	require.Equal(t, 10*time.Second, b.get(id).WorkedFor, "of both workers together")
	sign("w1", 2*time.Minute)
	require.Equal(t, 10*time.Second, b.get(id).WorkedFor, "nobody was there")
	sign("w1", time.Minute)
	require.Equal(t, 70*time.Second, b.get(id).WorkedFor)
	sign("w1", -10*time.Second) // a clock that is set back
	require.Equal(t, 70*time.Second, b.get(id).WorkedFor)
	b.control(id, rescore.StatePaused)
	sign("w1", 20*time.Second)
	b.control(id, rescore.StateRunning)
	b.feed(id, 1)
	sign("w1", 20*time.Second)
	require.Equal(t, 70*time.Second, b.get(id).WorkedFor, "a pause is no work")
	sign("w1", 20*time.Second)
	require.Equal(t, 90*time.Second, b.get(id).WorkedFor)
	require.Zero(t, b.get(idle).WorkedFor, "nothing of it was in the queue: it is not its time of day")
	require.Zero(t, b.get(foreign).WorkedFor, "nobody can read with its recipe")
}
