package rescorings_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/internal/rescore"
	"nafas/internal/triage"
)

func TestARescoringIsKeptAsItWasCreated(t *testing.T) {
	onEach(t, func(t *testing.T, b *book) {
		id := b.create(recipe)
		require.Equal(t, int64(1), id)
		got := b.get(id)
		require.Equal(t, rescore.Rescoring{
			ID: 1, Name: "autumn", Source: rescore.SourceSpec{Kind: rescore.SourceFolder, Root: "/archive"},
			Model: triage.Model{Name: "small", Version: "1", SHA256: "m1"}, ModelFrom: "small", Recipe: recipe, Home: "host",
			Settings: rescore.Settings{Screening: "yes"}, Limits: rescore.Limits{Window: "20:00-06:00"}, Baseline: rescore.BaselineLive,
			State: rescore.StatePlanning, CreatedAt: at, Totals: rescore.Totals{Reasons: map[string]int64{}},
		}, got)
		second := b.create(other)
		all, err := b.Rescorings(t.Context())
		require.NoError(t, err)
		require.Equal(t, []int64{second, id}, []int64{all[0].ID, all[1].ID})
		_, err = b.Rescoring(t.Context(), 99)
		require.ErrorIs(t, err, rescore.ErrNotFound)
	})
}

func TestAStudyGoesThrough(t *testing.T) {
	onEach(t, func(t *testing.T, b *book) {
		id := b.planned(recipe, part("1", "1.1", "CT"), part("1", "1.2", "MR"), part("2", "2.1", "MR"))
		require.Equal(t, rescore.StateRunning, b.get(id).State)
		require.Equal(t, 1, b.feed(id, 10))
		require.Zero(t, b.feed(id, 10))
		c, err := b.Claim(t.Context(), triage.Token{JobID: 1, Attempt: 1}, id, "1", "w1")
		require.NoError(t, err)
		require.Equal(t, []rescore.Part{part("1", "1.1", "CT"), part("1", "1.2", "MR")}, c.Parts)
		require.Equal(t, 1, c.Begun)
		skipped := rescore.SeriesOutcome{SeriesUID: "1.2", Modality: "MR", Instances: 2, State: rescore.Skipped, Reason: "NOT_CT", Found: "MR", Remedy: "none"}
		o := outcome("1", scored("1", "1.1", recipe), skipped)
		o.Verdict = &rescore.Verdict{SeriesUID: "1.1", Priority: triage.PriorityHigh, LungRADS: "4A"}
		require.NoError(t, b.Finish(t.Context(), triage.Token{JobID: 1, Attempt: 1}, id, recipe, o))
		r := b.get(id)
		require.Equal(t, rescore.StateDone, r.State)
		require.Equal(t, at, r.EndedAt)
		require.Equal(t, rescore.Totals{Studies: 2, StudiesDone: 2, PassedOver: 1, Inputs: 3, Scored: 1, Skipped: 2, Files: 6, Reasons: map[string]int64{"NOT_CT": 2}}, r.Totals)
		require.Equal(t, []rescore.Row{
			{Rescoring: id, StudyUID: "1", SeriesUID: "1.1", Modality: "CT", StudyDate: "20260101", Instances: 2, State: rescore.Scored,
				Result: result("1", "1.1", recipe), Verdict: o.Verdict, At: at, Worker: "w1"},
			{Rescoring: id, StudyUID: "1", SeriesUID: "1.2", Modality: "MR", StudyDate: "20260101", Instances: 2, State: rescore.Skipped,
				Reason: "NOT_CT", Found: "MR", Remedy: "none", At: at, Worker: "w1"},
			{Rescoring: id, StudyUID: "2", SeriesUID: "2.1", Modality: "MR", StudyDate: "20260101", Instances: 2, State: rescore.Skipped,
				Reason: "NOT_CT", Found: "the modality is MR", Remedy: "nothing; the detector reads CT alone", At: at},
		}, b.rows(id))
	})
}

func TestARescoringGetsAnotherHome(t *testing.T) {
	onEach(t, func(t *testing.T, b *book) {
		id := b.create(recipe)
		want := b.get(id)
		require.Equal(t, "host", want.Home)
		looksOn := b.Ledger
		if b.postgres {
			looksOn = openPostgres(t, b.dsn)
		}
		_, err := looksOn.Rescoring(t.Context(), id)
		require.NoError(t, err)
		require.NoError(t, b.SetHome(t.Context(), id, "another"))
		want.Home = "another"
		got, err := looksOn.Rescoring(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, want, got, "who had looked at it before sees it too")
		require.ErrorIs(t, b.SetHome(t.Context(), 99, "another"), rescore.ErrNotFound)
		require.Equal(t, b.postgres, b.Shared())
	})
}
