package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"nafas/dicomio/refusal"
	"nafas/internal/store"
	"nafas/internal/triage"
	"nafas/internal/triage/review"
)

var (
	amal = review.Reader{Name: "amal", Display: "Dr Amal"}
	badr = review.Reader{Name: "badr", Display: "Dr Badr"}
)

// answerTo says something of the finding of a study that reading made.
func answerTo(study string, v review.Verdict) review.Action {
	a := review.Action{
		ID: uuid.NewString(), Kind: review.KindAnswer, Answer: &review.Answer{Verdict: v},
		Finding: &review.Ref{SeriesUID: "1", ResultKey: "key of " + study, Rank: 1},
	}
	if v == review.Disagree {
		a.Answer.Cause, a.Answer.Comment = review.CauseScar, "old"
	}
	return a
}

func addTo(sop string) review.Action {
	return review.Action{ID: uuid.NewString(), Kind: review.KindAdd, Mark: &review.Mark{
		SeriesUID: "1", SOPInstanceUID: sop, CenterLPSMM: [3]float64{-41.25, 0.1, 1e-3}, DiameterMM: 5.5, PixelColumn: 1.5, PixelRow: 2, Frame: 3,
		Kind: "solid", Category: "4A", Comment: "seen",
	}}
}

func signOff(keys ...string) review.Action {
	return review.Action{ID: uuid.NewString(), Kind: review.KindSign, ResultKeys: keys}
}

func acts(t *testing.T, s triage.Store, study string, who review.Reader, a review.Action) review.State {
	t.Helper()
	before, err := s.Review(t.Context(), study)
	require.NoError(t, err)
	out, err := s.Act(t.Context(), study, noon, who, before.Version, a)
	require.NoError(t, err)
	require.Equal(t, before.Version+1, out.Version)
	return out
}

// reviewed is a study 1.2 with a result and, of one reader each, an answer and a
// mark.
func reviewed(t *testing.T, s *store.SQLite) review.State {
	t.Helper()
	_, err := upload(t, tinyService(s), "1.2/1/1/P/x/")
	require.NoError(t, err)
	readNow(t, s, "1.2")
	acts(t, s, "1.2", amal, answerTo("1.2", review.Disagree))
	return acts(t, s, "1.2", badr, addTo("1"))
}

func summary(t *testing.T, s triage.Store, study string) triage.ReviewSummary {
	t.Helper()
	out, err := s.ReviewSummaries(t.Context(), []string{study, "1.2.3.4"})
	require.NoError(t, err)
	require.Len(t, out, 1, "what is not stored is absent")
	return out[study]
}

func TestAReviewIsKeptWhole(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, store.OS{})
	_, err := s.Review(t.Context(), "1.2")
	require.ErrorIs(t, err, triage.ErrNotFound)
	_, err = s.Act(t.Context(), "1.2", noon, amal, 0, answerTo("1.2", review.Agree))
	require.ErrorIs(t, err, triage.ErrNotFound)
	reviewed(t, s)
	change := addTo("1")
	first, err := s.Review(t.Context(), "1.2")
	require.NoError(t, err)
	change.Kind, change.MarkID = review.KindChange, first.Marks[0].ID
	acts(t, s, "1.2", amal, change)
	acts(t, s, "1.2", badr, answerTo("1.2", review.Agree))
	acts(t, s, "1.2", amal, signOff("key of 1.2"))
	acts(t, s, "1.2", badr, review.Action{ID: uuid.NewString(), Kind: review.KindReopen})
	acts(t, s, "1.2", badr, answerTo("1.2", review.Unsure))
	acts(t, s, "1.2", badr, review.Action{ID: uuid.NewString(), Kind: review.KindUndo, Undoes: 7})
	want := acts(t, s, "1.2", badr, review.Action{ID: uuid.NewString(), Kind: review.KindRemove, MarkID: change.MarkID})
	require.Len(t, want.Entries, 9)
	require.Equal(t, review.Agree, want.Answers[*answerTo("1.2", "").Finding].Verdict)
	require.NoError(t, s.Close())

	s = open(t, dir, store.OS{})
	defer func() { require.NoError(t, s.Close()) }()
	got, err := s.Review(t.Context(), "1.2")
	require.NoError(t, err)
	require.Equal(t, want, got)
	for i, e := range got.Entries {
		require.EqualValues(t, i+1, e.Number)
		require.True(t, e.At.Equal(noon))
	}
	require.Equal(t, &review.Before{Mark: &first.Marks[0].Mark}, got.Entries[2].From)
	require.Equal(t, "Dr Amal", got.Entries[5].From.Signed.By.Display)
}

func TestWhatIsRefusedAddsNothing(t *testing.T) {
	s := open(t, t.TempDir(), store.OS{})
	defer func() { require.NoError(t, s.Close()) }()
	was := reviewed(t, s)
	number, err := s.LastChange(t.Context())
	require.NoError(t, err)
	again := answerTo("1.2", review.Agree)
	again.ID = was.Entries[0].Action.ID
	for name, a := range map[string]review.Action{
		"an image that is not there":     addTo("2"),
		"a finding that is not there":    {ID: uuid.NewString(), Kind: review.KindAnswer, Answer: again.Answer, Finding: &review.Ref{SeriesUID: "1", ResultKey: "key of 1.2", Rank: 2}},
		"an ID that is another action's": again,
	} {
		_, err := s.Act(t.Context(), "1.2", noon, amal, was.Version, a)
		var why *review.InvalidError
		require.ErrorAs(t, err, &why, name)
	}
	_, err = s.Act(t.Context(), "1.2", noon, badr, 0, answerTo("1.2", review.Agree))
	require.ErrorIs(t, err, review.ErrConflict)
	got, err := s.Act(t.Context(), "1.2", noon.Add(time.Hour), amal, 0, was.Entries[0].Action)
	require.NoError(t, err)
	require.Equal(t, was, got, "the same again is no error, and nothing new")
	after, err := s.LastChange(t.Context())
	require.NoError(t, err)
	require.Equal(t, number, after, "and nobody is told of it")
}

func TestWhatReadersSaidIsNeverChanged(t *testing.T) {
	s := open(t, t.TempDir(), store.OS{})
	defer func() { require.NoError(t, s.Close()) }()
	was := reviewed(t, s)
	for _, statement := range []string{
		`UPDATE review_entry SET reader = 'badr'`,
		`UPDATE review_entry SET body = '{}' WHERE number = 1`,
		`DELETE FROM review_entry`,
		`DELETE FROM review_entry WHERE number = 2`,
		`INSERT OR REPLACE INTO review_entry SELECT study_id, number, at, 'badr', kind, action_id, body FROM review_entry WHERE number = 1`,
		`INSERT OR REPLACE INTO review_entry SELECT study_id, 3, at, 'badr', kind, action_id, body FROM review_entry WHERE number = 1`,
		`INSERT INTO review_entry SELECT study_id, 4, at, reader, kind, 'other', body FROM review_entry WHERE number = 1`,
		`INSERT INTO review_erasing SELECT study_id + 1 FROM review_entry LIMIT 1; DELETE FROM review_entry`,
	} {
		tx, err := s.DB().BeginTx(t.Context(), nil)
		require.NoError(t, err)
		_, err = tx.ExecContext(t.Context(), statement)
		require.Error(t, err, statement)
		require.NoError(t, tx.Rollback())
	}
	got, err := s.Review(t.Context(), "1.2")
	require.NoError(t, err)
	require.Equal(t, was, got)
}

// Many readers at once: what was acknowledged is in the log once, and nothing
// else is.
func TestManyReadersAtOnce(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, store.OS{})
	finish(t, s, "1.2/1/1/P/x/", reading("1.2"))
	finish(t, s, "1.3/1/2/P/x/", reading("1.3"))
	const readers, each = 8, 15
	var mu sync.Mutex
	acknowledged := map[string]map[string]bool{"1.2": {}, "1.3": {}}
	conflicts := 0
	var work sync.WaitGroup
	for r := range readers {
		work.Go(func() {
			who := review.Reader{Name: fmt.Sprintf("reader %d", r)}
			study := []string{"1.2", "1.3"}[r%2]
			for i := range each {
				a := answerTo(study, []review.Verdict{review.Agree, review.Unsure, review.Disagree}[i%3])
				if i%5 == 4 {
					a = addTo(map[string]string{"1.2": "1", "1.3": "2"}[study])
				}
				seen := int64(0)
				for {
					got, err := s.Act(t.Context(), study, noon, who, seen, a)
					if errors.Is(err, review.ErrConflict) {
						now, err := s.Review(t.Context(), study)
						if err != nil {
							t.Error(err)
							return
						}
						seen = now.Version
						mu.Lock()
						conflicts++
						mu.Unlock()
						continue
					}
					if err != nil {
						t.Error(err)
						return
					}
					// A reply that was lost: the same again.
					again, err := s.Act(t.Context(), study, noon, who, seen, a)
					if err != nil || again.Version < got.Version {
						t.Error("again:", err)
					}
					break
				}
				mu.Lock()
				acknowledged[study][a.ID] = true
				mu.Unlock()
			}
		})
	}
	work.Wait()
	require.NotZero(t, conflicts, "the readers met")
	require.NoError(t, s.Close())
	s = open(t, dir, store.OS{})
	defer func() { require.NoError(t, s.Close()) }()
	for study, ids := range acknowledged {
		got, err := s.Review(t.Context(), study)
		require.NoError(t, err)
		require.Len(t, ids, readers/2*each)
		require.Len(t, got.Entries, len(ids))
		for i, e := range got.Entries {
			require.EqualValues(t, i+1, e.Number)
			require.True(t, ids[e.Action.ID])
			delete(ids, e.Action.ID)
		}
		require.Empty(t, ids)
		require.Equal(t, got.Version, summary(t, s, study).Version)
		require.Len(t, got.Marks, readers/2*each/5)
		// Each answer names the one that it replaced: nobody overwrote what he did not see.
		var last *review.Answer
		for _, e := range got.Entries {
			if e.Action.Kind != review.KindAnswer {
				continue
			}
			if last == nil {
				require.Nil(t, e.From)
			} else {
				require.Equal(t, last, e.From.Answer)
			}
			last = e.Action.Answer
		}
	}
}

func TestAnActionIsAChangeOfTheStudy(t *testing.T) {
	s := open(t, t.TempDir(), store.OS{})
	defer func() { require.NoError(t, s.Close()) }()
	finish(t, s, "1.2/1/1/P/x/", reading("1.2"))
	before, err := s.LastChange(t.Context())
	require.NoError(t, err)
	acts(t, s, "1.2", amal, answerTo("1.2", review.Agree))
	changes, err := s.Changes(t.Context(), before, 10)
	require.NoError(t, err)
	require.Len(t, changes, 1)
	require.Equal(t, "1.2", changes[0].Study.UID)
	require.Equal(t, triage.Done, changes[0].Study.State)
}

func TestTheSummaryFollowsReviewAndResults(t *testing.T) {
	s := open(t, t.TempDir(), store.OS{})
	defer func() { require.NoError(t, s.Close()) }()
	finish(t, s, "1.2/1/1/P/x/", reading("1.2"))
	require.Equal(t, triage.ReviewSummary{State: triage.ReviewNone}, summary(t, s, "1.2"))
	acts(t, s, "1.2", amal, answerTo("1.2", review.Agree))
	acts(t, s, "1.2", amal, addTo("1"))
	require.Equal(t, triage.ReviewSummary{State: triage.ReviewBegun, Version: 2, Answered: 1, Added: 1}, summary(t, s, "1.2"))
	acts(t, s, "1.2", amal, signOff("key of 1.2"))
	signed := triage.ReviewSummary{State: triage.ReviewSigned, Version: 3, By: amal, At: noon, Answered: 1, Added: 1}
	require.Equal(t, signed, summary(t, s, "1.2"))

	// Another image, and another result: what was said is of the one before.
	finish(t, s, "1.2/1/9/P/y/", resultOf("1.2", "k2"))
	signed.State, signed.Answered = triage.ReviewOutdated, 0
	require.Equal(t, signed, summary(t, s, "1.2"))
	got, err := s.Review(t.Context(), "1.2")
	require.NoError(t, err)
	require.True(t, got.Outdated)
	require.Len(t, got.Answers, 1)
	_, err = s.Act(t.Context(), "1.2", noon, amal, 3, answerTo("1.2", review.Unsure))
	require.Error(t, err)

	acts(t, s, "1.2", badr, review.Action{ID: uuid.NewString(), Kind: review.KindReopen})
	acts(t, s, "1.2", badr, signOff("k2"))
	require.Equal(t, triage.ReviewSigned, summary(t, s, "1.2").State)
	require.Equal(t, badr, summary(t, s, "1.2").By)

	// It is found out to be of two patients: nobody knows whose findings were signed.
	record(t, s, true, "1.2/1/10/Q/z/")
	require.Equal(t, refusal.PatientMismatch, study(t, s, "1.2").NotAssessed.Reason)
	require.Equal(t, triage.ReviewOutdated, summary(t, s, "1.2").State)
	_, err = s.Act(t.Context(), "1.2", noon, badr, 5, signOff("k2"))
	require.Error(t, err)
}

func TestASignedStudyThatFailsLaterIsOutdated(t *testing.T) {
	s := open(t, t.TempDir(), store.OS{})
	defer func() { require.NoError(t, s.Close()) }()
	reviewed(t, s)
	acts(t, s, "1.2", amal, signOff("key of 1.2"))
	record(t, s, true, "1.2/1/9/P/y/")
	token := begin(t, s, "read")
	_, err := s.StartReading(t.Context(), token, "1.2", noon, recipe)
	require.NoError(t, err)
	require.NoError(t, s.GiveUp(t.Context(), token, "1.2", noon, why, recipe))
	require.Equal(t, triage.ReviewOutdated, summary(t, s, "1.2").State)
}

func TestForgettingImagesKeepsReviews(t *testing.T) {
	s := open(t, t.TempDir(), store.OS{})
	defer func() { require.NoError(t, s.Close()) }()
	was := reviewed(t, s)
	kept, err := s.Forget(t.Context(), "1.2", time.Now().Add(2*day), oneDay)
	require.NoError(t, err)
	require.Empty(t, kept)
	_, err = s.Bury(t.Context())
	require.NoError(t, err)
	got, err := s.Review(t.Context(), "1.2")
	require.NoError(t, err)
	require.Equal(t, was, got)
	require.Equal(t, triage.ReviewBegun, summary(t, s, "1.2").State)
	acts(t, s, "1.2", badr, addTo("1"))
	acts(t, s, "1.2", badr, signOff("key of 1.2"))
}

func TestABackupHasTheReviews(t *testing.T) {
	dir, into := t.TempDir(), filepath.Join(t.TempDir(), "restored")
	s := open(t, dir, store.OS{})
	want := reviewed(t, s)
	data := takeBackup(t, dir)
	acts(t, s, "1.2", amal, signOff("key of 1.2"))
	require.NoError(t, s.Close())
	_, err := store.Restore(t.Context(), bytes.NewReader(data), into)
	require.NoError(t, err)
	s = open(t, into, store.OS{})
	defer func() { require.NoError(t, s.Close()) }()
	got, err := s.Review(t.Context(), "1.2")
	require.NoError(t, err)
	require.Equal(t, want, got)
	_, err = s.Act(t.Context(), "1.2", noon, amal, 3, answerTo("1.2", review.Agree))
	require.ErrorIs(t, err, review.ErrConflict, "a page that saw the sign-off, which is gone, has to look again")
}

func TestErasingTakesReviewsToo(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, store.OS{})
	service := triage.New(s, s, named, nil, triage.Options{MinFreeBytes: 1, Log: silent()})
	for uid, who := range map[string]string{"2.25.90010000000000000001": "ID77^HOSP^Noor", "2.25.70010000000000000001": "ID5^HOSP^Somebody"} {
		_, err := upload(t, service, uid+"/1/"+uid+".1/"+who+"/x/")
		require.NoError(t, err)
		readNow(t, s, uid)
		for range 3 {
			a := addTo(uid + ".1")
			a.Mark.Comment = "said of " + who
			acts(t, s, uid, amal, a)
		}
	}
	found, err := s.Erasable(t.Context(), store.Whose{ID: "ID77"}, named)
	require.NoError(t, err)
	require.Equal(t, 3, found.Studies[0].ReviewEntries, "who erases is told")
	proof, err := s.Erase(t.Context(), found, later, pseudonym)
	require.NoError(t, err)
	require.Equal(t, 3, proof.ReviewEntries)
	require.NoError(t, s.Close())
	require.Empty(t, traces(t, dir, "Noor", "2.25.9001"))

	s = open(t, dir, store.OS{})
	defer func() { require.NoError(t, s.Close()) }()
	other, err := s.Review(t.Context(), "2.25.70010000000000000001")
	require.NoError(t, err)
	require.Len(t, other.Entries, 3, "another patient's stay")
	_, err = s.DB().ExecContext(t.Context(), `DELETE FROM review_entry`)
	require.Error(t, err, "nothing is left that would allow it")
	require.True(t, slices.ContainsFunc(other.Entries, func(e review.Entry) bool { return strings.HasSuffix(e.Action.Mark.Comment, "Somebody") }))
}
