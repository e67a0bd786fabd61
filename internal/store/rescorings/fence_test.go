package rescorings_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/internal/rescore"
	"nafas/internal/triage"
)

func TestOnlyTheAttemptThatHasAStudyWrites(t *testing.T) {
	onEach(t, func(t *testing.T, b *book) {
		id := b.planned(recipe, part("1", "1.1", "CT"))
		b.feed(id, 1)
		first, _ := b.claim(id, "1", "w1")
		second := b.fetch(first.JobID, "w2")
		require.Equal(t, first.Attempt+1, second.Attempt)
		_, err := b.Claim(t.Context(), second, id, "1", "w2")
		require.NoError(t, err)

		late := []func() error{
			func() error {
				return b.Finish(t.Context(), first, id, recipe, outcome("1", scored("1", "1.1", recipe)))
			},
			func() error { return b.Return(t.Context(), first, id, "1") },
			func() error {
				_, err := b.Trouble(t.Context(), first, id, "1", triage.TroubleError)
				return err
			},
			// With a recipe that is wrong besides.
			func() error { return b.Finish(t.Context(), first, id, other, outcome("1")) },
		}
		for i, f := range late {
			before := b.get(id)
			require.ErrorIs(t, f(), triage.ErrFenced)
			before.Totals.Late++
			require.Equal(t, before, b.get(id), "step %d", i)
			require.Equal(t, "running", b.studyState(id, "1"))
		}
		for _, token := range []triage.Token{first, second, {JobID: first.JobID + 1, Attempt: 9}} {
			_, err := b.Claim(t.Context(), token, id, "1", "w3")
			require.ErrorIs(t, err, triage.ErrFenced)
		}
		_, err = b.Claim(t.Context(), second, id, "no such study", "w3")
		require.ErrorIs(t, err, triage.ErrFenced)
		_, err = b.Claim(t.Context(), second, 99, "1", "w3")
		require.ErrorIs(t, err, rescore.ErrNotFound)

		require.NoError(t, b.Finish(t.Context(), second, id, recipe, outcome("1", scored("1", "1.1", recipe))))
		require.Equal(t, "completed", b.jobState(second.JobID))
		require.ErrorIs(t, b.Return(t.Context(), second, id, "1"), triage.ErrFenced)
		_, err = b.Claim(t.Context(), triage.Token{JobID: second.JobID, Attempt: 7}, id, "1", "w3")
		require.ErrorIs(t, err, triage.ErrFenced, "it is done")
	})
}

func TestAnAnswerThatWasNotHeardMayBeAskedForAgain(t *testing.T) {
	onEach(t, func(t *testing.T, b *book) {
		id := b.planned(recipe, part("1", "1.1", "CT"), part("2", "2.1", "CT"))
		b.feed(id, 2)
		token, _ := b.claim(id, "1", "w1")
		for range 3 {
			require.NoError(t, b.Finish(t.Context(), token, id, recipe, outcome("1", scored("1", "1.1", recipe))))
		}
		require.Equal(t, rescore.Totals{Studies: 2, StudiesDone: 1, Inputs: 2, Scored: 1, Waiting: 1, Files: 4, Reasons: map[string]int64{}}, b.get(id).Totals)
	})
}

func TestAResultOfAnotherRecipeIsRefused(t *testing.T) {
	onEach(t, func(t *testing.T, b *book) {
		id := b.planned(recipe, part("1", "1.1", "CT"))
		b.feed(id, 1)
		token, _ := b.claim(id, "1", "w1")
		before := b.get(id)
		require.ErrorIs(t, b.Finish(t.Context(), token, id, other, outcome("1", scored("1", "1.1", other))), rescore.ErrOtherRecipe)
		require.Equal(t, before, b.get(id))
		require.Zero(t, b.number(`SELECT count(*) FROM result`))
		require.NoError(t, b.Finish(t.Context(), token, id, recipe, outcome("1", scored("1", "1.1", recipe))))
	})
}

// River counts an attempt that it puts off back, so that the next one has the same
// number.
func TestAnAttemptThatWasPutOffMayComeAgain(t *testing.T) {
	onEach(t, func(t *testing.T, b *book) {
		id := b.planned(recipe, part("1", "1.1", "CT"))
		b.feed(id, 1)
		token, _ := b.claim(id, "1", "w1")
		n, err := b.Trouble(t.Context(), token, id, "1", triage.TroubleNoWorker)
		require.NoError(t, err)
		require.Equal(t, 1, n)
		c, err := b.Claim(t.Context(), token, id, "1", "w2")
		require.NoError(t, err)
		require.Equal(t, map[triage.TroubleKind]int{triage.TroubleNoWorker: 1}, c.Trouble)
		_, err = b.Claim(t.Context(), token, id, "1", "w3")
		require.ErrorIs(t, err, triage.ErrFenced, "w2 has it")
	})
}

func TestWhatIsCountedAsBegun(t *testing.T) {
	onEach(t, func(t *testing.T, b *book) {
		id := b.planned(recipe, part("1", "1.1", "CT"))
		b.feed(id, 1)
		// Machines that die with the study in hand.
		for begun := 1; begun <= 3; begun++ {
			_, c := b.claim(id, "1", "w1")
			require.Equal(t, begun, c.Begun)
			require.Equal(t, 1, b.takeOver(time.Now().Add(time.Hour)))
		}
		token, c := b.claim(id, "1", "w1")
		require.Equal(t, 4, c.Begun)
		// Given back, and ended by a trouble: neither is one that took the machine
		// with it.
		require.NoError(t, b.Return(t.Context(), token, id, "1"))
		require.Equal(t, "waiting", b.studyState(id, "1"))
		require.Equal(t, 1, b.feed(id, 1))
		for n := 1; n <= 40; n++ {
			token, c = b.claim(id, "1", "w1")
			require.Equal(t, 4, c.Begun)
			count, err := b.Trouble(t.Context(), token, id, "1", triage.TroubleKind("source"))
			require.NoError(t, err)
			require.Equal(t, n, count)
		}
		count, err := b.Trouble(t.Context(), token, id, "1", triage.TroubleCrash)
		require.NoError(t, err)
		require.Equal(t, 1, count, "kinds are counted apart")
		// The attempt decides to set the study aside.
		require.NoError(t, b.Finish(t.Context(), token, id, recipe, outcome("1", failed("1.1", "WORKER_CRASHED"))))
		require.Equal(t, map[string]int64{"WORKER_CRASHED": 1}, b.get(id).Totals.Reasons)
	})
}

// A study that takes its worker down each time ends with a reason, and the others
// are read.
func TestAPoisonousStudyEnds(t *testing.T) {
	onEach(t, func(t *testing.T, b *book) {
		id := b.planned(recipe, part("1", "1.1", "CT"), part("2", "2.1", "CT"))
		b.feed(id, 2)
		for range triage.MaxTrouble {
			token, c := b.claim(id, "1", "w1")
			n, err := b.Trouble(t.Context(), token, id, "1", triage.TroubleCrash)
			require.NoError(t, err)
			require.Equal(t, c.Trouble[triage.TroubleCrash]+1, n)
			if n == triage.MaxTrouble {
				require.NoError(t, b.Finish(t.Context(), token, id, recipe, outcome("1", failed("1.1", "WORKER_CRASHED"))))
			}
		}
		b.finish(id, "2")
		r := b.get(id)
		require.Equal(t, rescore.StateDone, r.State)
		require.Equal(t, rescore.Totals{Studies: 2, StudiesDone: 2, Inputs: 2, Scored: 1, Failed: 1, Files: 4, Reasons: map[string]int64{"WORKER_CRASHED": 1}}, r.Totals)
	})
}

func (b *book) takeOver(deadline time.Time) int {
	b.t.Helper()
	n, err := b.TakeOver(b.t.Context(), deadline)
	require.NoError(b.t, err)
	return n
}

func TestStudiesOfSilentWorkersAreTakenOver(t *testing.T) {
	onEach(t, func(t *testing.T, b *book) {
		now := time.Now()
		id := b.planned(recipe, part("1", "1.1", "CT"), part("2", "2.1", "CT"), part("3", "3.1", "CT"), part("4", "4.1", "CT"), part("5", "5.1", "CT"))
		b.feed(id, 4)
		require.NoError(t, b.Alive(t.Context(), rescore.Sign{Name: "w1", SeenAt: now}))
		require.NoError(t, b.Alive(t.Context(), rescore.Sign{Name: "w2", SeenAt: now}))
		dead, _ := b.claim(id, "1", "w1")
		alive, _ := b.claim(id, "2", "w2")
		b.fetch(b.jobOf(id, "3"), "w1") // and never claimed
		b.do(`UPDATE river_job SET state = 'cancelled', finalized_at = attempted_at WHERE id = %d`, b.fetch(b.jobOf(id, "4"), "w2").JobID)
		require.Equal(t, 1, b.takeOver(now.Add(-time.Minute)), "the study whose job has ended; both workers were seen")
		require.Equal(t, "waiting", b.studyState(id, "4"))
		require.Zero(t, b.takeOver(now.Add(-time.Minute)))

		b.do(`UPDATE worker SET seen_at = seen_at - 90000000 WHERE name = 'w1'`)
		b.do(`UPDATE river_job SET attempted_at = %s WHERE id = %d`, b.ago(), b.jobOf(id, "3"))
		require.Equal(t, 2, b.takeOver(now.Add(-time.Minute)))
		require.Equal(t, "available", b.jobState(dead.JobID))
		require.Equal(t, "available", b.jobState(b.jobOf(id, "3")))
		require.Equal(t, "running", b.jobState(alive.JobID))
		require.Equal(t, []string{"queued", "running", "queued", "waiting", "waiting"}, []string{
			b.studyState(id, "1"), b.studyState(id, "2"), b.studyState(id, "3"), b.studyState(id, "4"), b.studyState(id, "5")})
		require.ErrorIs(t, b.Finish(t.Context(), dead, id, recipe, outcome("1", scored("1", "1.1", recipe))), triage.ErrFenced)
		require.NoError(t, b.Finish(t.Context(), alive, id, recipe, outcome("2", scored("2", "2.1", recipe))))
		b.finish(id, "1")
		require.Equal(t, 4, b.feed(id, 5)+b.feed(id, 5)+2, "4 and 5 beside 3")
		require.EqualValues(t, 1, b.get(id).Totals.Late)
	})
}

// ago is 90 seconds ago, as River writes a time.
func (b *book) ago() string {
	if b.postgres {
		return `now() - interval '90 seconds'`
	}
	return `strftime('%Y-%m-%d %H:%M:%f', 'now', '-90 seconds')`
}

func TestAStudyInHandWhoseJobIsGone(t *testing.T) {
	onEach(t, func(t *testing.T, b *book) {
		id := b.planned(recipe, part("1", "1.1", "CT"), part("2", "2.1", "CT"))
		b.feed(id, 2)
		gone, _ := b.claim(id, "1", "w1")
		ended, _ := b.claim(id, "2", "w1")
		// An attempt before ended the job of this one.
		b.do(`UPDATE river_job SET state = 'cancelled', finalized_at = attempted_at WHERE id = %d`, ended.JobID)
		b.do(`DELETE FROM river_job WHERE id = %d`, gone.JobID)
		require.Equal(t, 1, b.takeOver(time.Now().Add(-time.Minute)), "its worker lives, and may be at the other one")
		require.Equal(t, "waiting", b.studyState(id, "1"))
		require.Equal(t, "running", b.studyState(id, "2"))
		require.NoError(t, b.Finish(t.Context(), ended, id, recipe, outcome("2", scored("2", "2.1", recipe))))
	})
}
