package triage_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"nafas/internal/triage"
	"nafas/internal/triage/quality"
	"nafas/internal/triage/review"
)

var amal = review.Reader{Name: "amal", Display: "Dr Amal"}

// said answers the finding of oneFinding in a study.
func (b *bench) said(uid string, v review.Verdict) review.Action {
	b.t.Helper()
	a := review.Action{ID: uuid.NewString(), Kind: review.KindAnswer, Answer: &review.Answer{Verdict: v}}
	if v == review.Disagree {
		a.Answer.Cause = review.CauseMucus
	}
	for _, s := range b.study(uid).Series {
		if s.Result != nil {
			a.Finding = &review.Ref{SeriesUID: s.UID, ResultKey: s.Result.Key, Rank: 1}
		}
	}
	return a
}

func (b *bench) acts(uid string, a review.Action) review.State {
	b.t.Helper()
	was, err := b.Review(b.t.Context(), uid)
	require.NoError(b.t, err)
	is, err := b.Act(b.t.Context(), uid, amal, was.Version, a)
	require.NoError(b.t, err)
	return is
}

func (b *bench) signs(uid string) {
	b.t.Helper()
	a := review.Action{ID: uuid.NewString(), Kind: review.KindSign}
	for _, s := range b.study(uid).Series {
		if s.Result != nil {
			a.ResultKeys = append(a.ResultKeys, s.Result.Key)
		}
	}
	b.acts(uid, a)
}

func TestWatchersHearOfReaders(t *testing.T) {
	b := newBench(t)
	b.send(complete, a1)
	require.NoError(t, b.readNow())
	events, err := b.Watch(t.Context(), "")
	require.NoError(t, err)
	b.acts("1.2", b.said("1.2", review.Agree))
	require.Equal(t, "1.2", next(t, events).Study.UID)

	// Who is refused is shown what is so, and nobody hears of it.
	is, err := b.Act(t.Context(), "1.2", review.Reader{Name: "badr"}, 0, b.said("1.2", review.Disagree))
	require.ErrorIs(t, err, review.ErrConflict)
	require.Len(t, is.Answers, 1)
	require.EqualValues(t, 1, is.Version)
	_, err = b.Act(t.Context(), "9.9", amal, 0, b.said("1.2", review.Agree))
	require.ErrorIs(t, err, triage.ErrNotFound)
}

// listed makes studies 1.0 to 1.n-1, a minute apart, each read into one flagged
// finding of a scanner of its own parity.
func listed(t *testing.T, n int) *bench {
	b := newBench(t)
	b.read = func(ctx context.Context, job triage.ReadingJob, progress func(triage.Progress)) (triage.StudyReading, error) {
		r, err := oneFinding(ctx, job, progress)
		s := &r.Series[0]
		s.UID = job.StudyUID + ".7"
		s.Result.SeriesUID, s.Result.Key = s.UID, "key of "+job.StudyUID
		s.Result.Findings[0].CenterLPSMM = [3]float64{-40, 5, 6}
		s.Result.Scan = triage.Scan{Manufacturer: map[byte]string{0: "EVEN", 1: "ODD"}[(job.StudyUID[len(job.StudyUID)-1]-'0')%2], SliceThicknessMM: 1, Kernel: "B70"}
		s.Result.Model = triage.Model{Name: "m", Version: "2"}
		return r, err
	}
	for i := range n {
		b.clock.advance(time.Minute)
		uid := fmt.Sprintf("1.%d", i)
		b.send(complete, file{study: uid, series: uid + ".7", sop: uid + ".7.1", patient: "P" + uid, pixels: "x"})
		require.NoError(t, b.readNow())
	}
	return b
}

func TestQualityCountsWhatIsSignedAndHolds(t *testing.T) {
	b := listed(t, 6)
	for i, v := range []review.Verdict{review.Agree, review.Disagree, review.Unsure, review.Agree, review.Agree} {
		b.acts(fmt.Sprintf("1.%d", i), b.said(fmt.Sprintf("1.%d", i), v))
	}
	b.acts("1.1", review.Action{ID: uuid.NewString(), Kind: review.KindAdd, Mark: &review.Mark{
		SeriesUID: "1.1.7", SOPInstanceUID: "1.1.7.1", CenterLPSMM: [3]float64{44, 0, 0}, DiameterMM: 5,
	}})
	for _, uid := range []string{"1.0", "1.1", "1.2", "1.4"} { // 1.3 is answered, and not signed
		b.signs(uid)
	}
	// 1.4 is read again: what was said is of the result before.
	old := b.read
	b.read = func(ctx context.Context, job triage.ReadingJob, progress func(triage.Progress)) (triage.StudyReading, error) {
		r, err := old(ctx, job, progress)
		r.Series[0].Result.Key = "another key"
		return r, err
	}
	b.send(complete, file{study: "1.4", series: "1.4.7", sop: "1.4.7.2", patient: "P1.4", pixels: "y"})
	require.NoError(t, b.readNow())

	q, err := b.Quality(t.Context(), triage.Period{})
	require.NoError(t, err)
	require.Equal(t, []int{3, 6}, []int{q.Signed, q.Done})
	require.Equal(t, []int{3, 1, 1, 1, 0, 1}, []int{q.All.Scans, q.All.Accepted, q.All.Rejected, q.All.Unsure, q.All.Unanswered, q.All.Added})
	require.Equal(t, "EVEN", q.Scanners[0].Name)
	require.Equal(t, 2, q.Scanners[0].Scans)
	require.Equal(t, "m 2", q.Models[0].Name)
	require.Equal(t, []quality.CauseCount{{Cause: review.CauseMucus, Count: 1}}, q.Causes)

	// 1.0 came a minute after the start, 1.1 two.
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	q, err = b.Quality(t.Context(), triage.Period{After: start.Add(2 * time.Minute), Before: start.Add(3 * time.Minute)})
	require.NoError(t, err)
	require.Equal(t, []int{1, 1, 1}, []int{q.Signed, q.Done, q.All.Rejected})

	studies, err := b.ExportReviews(t.Context(), triage.Period{})
	require.NoError(t, err)
	require.Len(t, studies, 3)
	places := studies[1].Series[0].Places
	require.Len(t, places, 2)
	require.Equal(t, quality.Place{
		Standing: quality.Rejected, Cause: review.CauseMucus, CenterLPSMM: [3]float64{-40, 5, 6}, DiameterMM: 8, Rank: 1, Score: 0.9, Flagged: true,
	}, places[0])
	require.Equal(t, quality.Added, places[1].Standing)
	require.Equal(t, 44.0, places[1].CenterLPSMM[0])
}

func TestReviewsAreListed(t *testing.T) {
	b := listed(t, 5)
	for i := range 4 {
		b.acts(fmt.Sprintf("1.%d", i), b.said(fmt.Sprintf("1.%d", i), review.Agree))
	}
	b.signs("1.2")
	all := func(q triage.ReviewQuery) (out []string) {
		for {
			list, next, err := b.Reviews(t.Context(), q)
			require.NoError(t, err)
			for _, one := range list {
				out = append(out, one.UID+" "+string(one.Review.State))
			}
			if q.Token = next; next == "" {
				return out
			}
		}
	}
	begun := []string{"1.0 begun", "1.1 begun", "1.2 signed", "1.3 begun"}
	for _, size := range []int{0, 1, 2, 3} {
		require.Equal(t, begun, all(triage.ReviewQuery{Size: size}))
	}
	require.Equal(t, []string{"1.4 none"}, all(triage.ReviewQuery{States: []triage.ReviewState{triage.ReviewNone}}))
	require.Equal(t, []string{"1.2 signed"}, all(triage.ReviewQuery{States: []triage.ReviewState{triage.ReviewSigned, triage.ReviewOutdated}}))
	_, next, err := b.Reviews(t.Context(), triage.ReviewQuery{Size: 1})
	require.NoError(t, err)
	for _, q := range []triage.ReviewQuery{{Token: "x"}, {Token: next, States: []triage.ReviewState{triage.ReviewSigned}}} {
		_, _, err := b.Reviews(t.Context(), q)
		require.ErrorIs(t, err, triage.ErrBadToken)
	}
}
