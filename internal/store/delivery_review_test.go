package store_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"nafas/internal/store"
	"nafas/internal/triage"
	"nafas/internal/triage/review"
)

func reopening() review.Action {
	return review.Action{ID: uuid.NewString(), Kind: review.KindReopen}
}

// actsAt is acts at another time than noon.
func actsAt(t *testing.T, s *store.SQLite, at time.Time, study string, who review.Reader, a review.Action) review.State {
	t.Helper()
	before, err := s.Review(t.Context(), study)
	require.NoError(t, err)
	out, err := s.Act(t.Context(), study, at, who, before.Version, a)
	require.NoError(t, err)
	return out
}

// deliver takes what waits for a destination and has it delivered as an object of
// this UID.
func deliver(t *testing.T, s *store.SQLite, uid string) triage.Delivery {
	t.Helper()
	token, d := next(t, s)
	require.NoError(t, s.Delivered(t.Context(), token, d.ID, noon, []triage.InstanceRef{{SOPClassUID: "sr", SOPUID: uid, SeriesUID: "s" + uid}}))
	return d
}

// An archive is told what readers said when one has signed or reopened, and not of
// each answer before: then of all of them.
func TestWhatReadersSaidIsDeliveredWithASignature(t *testing.T) {
	s := withDestinations(t, t.TempDir(), "A")
	finish(t, s, "1.2/1/1/P/x/", reading("1.2"))
	first := deliver(t, s, "1")
	require.Nil(t, first.Review)

	later := noon.Add(time.Hour)
	actsAt(t, s, later, "1.2", amal, answerTo("1.2", review.Disagree))
	actsAt(t, s, later, "1.2", amal, addTo("1"))
	require.Equal(t, []string{"delivered"}, deliveryStates(t, s), "an answer is no reason for a report")
	said, err := s.Said(t.Context(), "1.2")
	require.NoError(t, err)
	require.EqualValues(t, 2, said.Review.Version, "who asks is told at once")
	require.Len(t, said.Review.Marks, 1)

	key := "key of 1.2"
	actsAt(t, s, later.Add(time.Minute), "1.2", amal, signOff(key))
	require.Equal(t, []string{"delivered", "waiting"}, deliveryStates(t, s))
	require.Equal(t, 1, deliverJobs(t, s))
	second := deliver(t, s, "2")
	require.EqualValues(t, 3, second.Review.Version)
	require.Equal(t, amal, second.Review.Signed.By)
	require.False(t, second.Review.Outdated)
	require.Equal(t, review.Disagree, second.Review.Answers[review.Ref{SeriesUID: "1", ResultKey: key, Rank: 1}].Verdict)
	require.Len(t, second.Review.Marks, 1)
	require.True(t, second.At.Equal(first.At), "the other objects stay the same ones, with their times")
	require.Equal(t, []triage.InstanceRef{{SOPClassUID: "sr", SOPUID: "1", SeriesUID: "s1"}}, second.Replaces)

	// The same action again is none.
	state, err := s.Review(t.Context(), "1.2")
	require.NoError(t, err)
	_, err = s.Act(t.Context(), "1.2", later.Add(time.Hour), amal, state.Version, state.Entries[2].Action)
	require.NoError(t, err)
	require.Len(t, deliveryStates(t, s), 2)

	// Reopening takes the signature back, also there; answers are told with the
	// next one.
	actsAt(t, s, later.Add(2*time.Minute), "1.2", badr, reopening())
	third := deliver(t, s, "3")
	require.Nil(t, third.Review.Signed)
	require.Equal(t, []triage.InstanceRef{{SOPClassUID: "sr", SOPUID: "2", SeriesUID: "s2"}}, third.Replaces)
	actsAt(t, s, later.Add(3*time.Minute), "1.2", badr, answerTo("1.2", review.Agree))
	require.Equal(t, []string{"delivered", "delivered", "delivered"}, deliveryStates(t, s))
	actsAt(t, s, later.Add(4*time.Minute), "1.2", badr, signOff(key))
	fourth := deliver(t, s, "4")
	require.Equal(t, badr, fourth.Review.Signed.By)
	require.Equal(t, review.Agree, fourth.Review.Answers[review.Ref{SeriesUID: "1", ResultKey: key, Rank: 1}].Verdict)
	require.True(t, fourth.At.Equal(first.At))
}

// What is on its way says what was told when it was queued, however often it is
// tried: else an archive could end up with two reports.
func TestADeliverySaysWhatItWasQueuedWith(t *testing.T) {
	s := withDestinations(t, t.TempDir(), "A")
	finish(t, s, "1.2/1/1/P/x/", reading("1.2"))
	acts(t, s, "1.2", amal, answerTo("1.2", review.Unsure))
	_, d := next(t, s)
	require.Nil(t, d.Review, "nobody has signed")
	acts(t, s, "1.2", amal, signOff("key of 1.2"))
	require.Equal(t, []string{"replaced", "waiting"}, deliveryStates(t, s))
	acts(t, s, "1.2", amal, reopening())
	acts(t, s, "1.2", amal, answerTo("1.2", review.Agree))
	require.Equal(t, []string{"replaced", "replaced", "waiting"}, deliveryStates(t, s))
	_, d = next(t, s)
	require.EqualValues(t, 3, d.Review.Version)
	require.Equal(t, review.Unsure, d.Review.Answers[review.Ref{SeriesUID: "1", ResultKey: "key of 1.2", Rank: 1}].Verdict)
}

// A result that comes after a signature goes out with it, and it is outdated.
func TestAResultAfterASignature(t *testing.T) {
	s := withDestinations(t, t.TempDir(), "A")
	finish(t, s, "1.2/1/1/P/x/", reading("1.2"))
	deliver(t, s, "1")
	acts(t, s, "1.2", amal, answerTo("1.2", review.Agree))
	acts(t, s, "1.2", amal, signOff("key of 1.2"))
	require.False(t, deliver(t, s, "2").Review.Outdated)
	finish(t, s, "1.2/1/2/P/y/", resultOf("1.2", "k2"))
	d := deliver(t, s, "3")
	require.Equal(t, "k2", d.Key)
	require.True(t, d.Review.Outdated)
	require.NotNil(t, d.Review.Signed)
}

// A reopening while a study is read again is told with the new result.
func TestReopenedWhileItIsRead(t *testing.T) {
	s := withDestinations(t, t.TempDir(), "A")
	finish(t, s, "1.2/1/1/P/x/", reading("1.2"))
	acts(t, s, "1.2", amal, signOff("key of 1.2"))
	deliver(t, s, "1")
	record(t, s, true, "1.2/1/2/P/y/")
	token := begin(t, s, "read")
	job, err := s.StartReading(t.Context(), token, "1.2", noon, recipe)
	require.NoError(t, err)
	acts(t, s, "1.2", amal, reopening())
	require.Equal(t, []string{"replaced", "delivered"}, deliveryStates(t, s))
	r := reading("1.2")
	r.Key, r.Recipe = job.Key, recipe
	require.NoError(t, s.FinishReading(t.Context(), token, noon, r))
	d := deliver(t, s, "2")
	require.EqualValues(t, 2, d.Review.Version)
	require.Nil(t, d.Review.Signed)
}

// Images stay until every destination has what a reader signed: the report cannot
// be written without them.
func TestImagesStayUntilASignatureIsDelivered(t *testing.T) {
	s := withDestinations(t, t.TempDir(), "A")
	finish(t, s, "1.2/1/1/P/x/", reading("1.2"))
	deliver(t, s, "1")
	acts(t, s, "1.2", amal, signOff("key of 1.2"))
	forget := func() triage.Kept {
		kept, err := s.Forget(t.Context(), "1.2", time.Now().Add(48*time.Hour), triage.KeepRule{Done: 24 * time.Hour})
		require.NoError(t, err)
		return kept
	}
	require.Equal(t, triage.KeptUndelivered, forget())
	deliver(t, s, "2")
	require.Empty(t, forget())
}

// A dead delivery that is tried again says what is told by then.
func TestADeadDeliveryIsTriedAgainWithTheReview(t *testing.T) {
	dir := t.TempDir()
	s := openFor(t, dir, "A")
	finish(t, s, "1.2/1/1/P/x/", reading("1.2"))
	token, d := next(t, s)
	require.NoError(t, s.DeliveryFailed(t.Context(), token, d.ID, noon, triage.DeliveryFailure{Reason: "refused", Dead: true}))
	require.NoError(t, s.Close())
	s = withDestinations(t, dir) // out of the settings, while a reader signs
	acts(t, s, "1.2", amal, signOff("key of 1.2"))
	require.Equal(t, []string{"dead"}, deliveryStates(t, s))
	n, err := s.RetryDeliveries(t.Context(), "1.2", "", noon)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	_, d = next(t, s)
	require.NotNil(t, d.Review)
	require.NotNil(t, d.Review.Signed)
}
