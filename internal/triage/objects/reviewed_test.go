package objects_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/ctwriter"
	"nafas/dicomio/part10"
	"nafas/dicomio/refusal"
	"nafas/dicomio/report"
	"nafas/inference/measure"
	"nafas/internal/triage"
	"nafas/internal/triage/objects"
	"nafas/internal/triage/review"
)

var (
	leila = review.Reader{Name: "leila", Display: "د. ليلى"}
	acted = time.Date(2026, 1, 3, 8, 0, 0, 0, time.UTC)
)

// signed is a delivery whose one finding was rejected, to which one was added, and
// that was signed.
func signed(one triage.Delivery) triage.Delivery {
	one.Study.Series = []triage.Series{one.Series}
	here := review.Ref{SeriesUID: one.Series.UID, ResultKey: "key", Rank: 1}
	answer := review.Answer{Verdict: review.Disagree, Cause: review.CauseScar, Kind: "ground_glass", Category: "2", Comment: "vieux"}
	one.Review = &review.State{
		Version: 5,
		Answers: map[review.Ref]review.Answered{
			here: {Answer: answer, By: leila, At: acted},
			{SeriesUID: one.Series.UID, ResultKey: "the key before", Rank: 1}: {Answer: review.Answer{Verdict: review.Agree}, By: leila, At: acted},
		},
		Marks: []review.Marked{{By: leila, At: acted.Add(time.Minute), Mark: review.Mark{
			ID: "7a0c7a6e-7d55-4c43-9a3c-0b6d5a1f0001", SeriesUID: one.Series.UID, CenterLPSMM: [3]float64{1, 2, 140}, DiameterMM: 4, SOPInstanceUID: one.Instances[20].SOPUID,
		}}},
		Signed: &review.Signature{By: leila, At: acted.Add(2 * time.Minute), ResultKeys: []string{"key"}},
	}
	return one
}

func TestWhatReadersSaidIsHandedOn(t *testing.T) {
	one, _ := stored(t, ctwriter.Options{})
	r := objects.Said(signed(one), report.French)
	require.Len(t, r.Review.Answers, 1)
	require.Equal(t, report.Answer{
		Rank: 1, Verdict: report.Rejected, Cause: "scar", Kind: measure.KindGroundGlass, Category: "2", Comment: "vieux",
		By: report.Reader{ID: "leila", Name: "د. ليلى"}, At: acted,
	}, r.Review.Answers[0])
	require.Equal(t, 1, r.Review.Earlier, "an answer to another result is not one to this, and is not forgotten")
	require.Len(t, r.Review.Marks, 1)
	require.Equal(t, acted.Add(2*time.Minute), r.SaidAt())
	require.NotNil(t, r.Signature())
	for v, want := range map[review.Verdict]report.Verdict{review.Agree: report.Accepted, review.Unsure: report.Unsure} {
		other := signed(one)
		for ref, a := range other.Review.Answers {
			a.Verdict = v
			other.Review.Answers[ref] = a
		}
		require.Equal(t, want, objects.Said(other, report.English).Review.Answers[0].Verdict)
	}
	// Each kind and cause that a reader may give has words.
	for _, k := range review.Kinds {
		other := signed(one)
		other.Review.Marks[0].Kind = k
		_, ok := report.TextureIn(report.English, objects.Said(other, report.English).Review.Marks[0].Kind)
		require.True(t, ok, k)
	}
	for _, c := range review.Causes {
		_, ok := report.CauseIn(report.English, report.Cause(c))
		require.True(t, ok, c)
	}
}

// Without a review nothing is other than it was: not a byte, and no UID.
func TestNoReview(t *testing.T) {
	one, files := stored(t, ctwriter.Options{})
	before, err := objects.Make(t.Context(), one, reader(files), objects.SR, "en")
	require.NoError(t, err)
	one.Review = &review.State{Answers: map[review.Ref]review.Answered{}}
	after, err := objects.Make(t.Context(), one, reader(files), objects.SR, "en")
	require.NoError(t, err)
	require.Equal(t, before, after)
}

func TestASignatureHoldsForWhatWasSigned(t *testing.T) {
	base, _ := stored(t, ctwriter.Options{})
	for why, change := range map[string]func(*triage.Delivery){
		"another result":    func(one *triage.Delivery) { one.Review.Signed.ResultKeys = []string{"other"} },
		"one result of two": func(one *triage.Delivery) { one.Review.Signed.ResultKeys = []string{"key", "other"} },
		"no result then":    func(one *triage.Delivery) { one.Review.Signed.ResultKeys = nil },
		"no result now": func(one *triage.Delivery) {
			one.Series.Result, one.Study.Series, one.Study.NotAssessed = nil, nil, refusal.New(refusal.MissingSlices, "", "3")
		},
		"something else, says the store": func(one *triage.Delivery) { one.Review.Outdated = true },
		"compared since": func(one *triage.Delivery) {
			one.Study.Comparison, one.StoredAt = &triage.Comparison{}, acted.Add(time.Hour)
		},
		"more was said since": func(one *triage.Delivery) {
			one.Review.Entries = []review.Entry{{Action: review.Action{Kind: review.KindSign}}, {Action: review.Action{Kind: review.KindAnswer}}}
		},
		"not signed": func(one *triage.Delivery) { one.Review.Signed = nil },
	} {
		one := signed(base)
		change(&one)
		require.Nil(t, objects.Said(one, report.English).Signature(), why)
	}
	one := signed(base)
	one.StoredAt, one.Study.Comparison = acted, &triage.Comparison{}
	one.Review.Entries = []review.Entry{{Action: review.Action{Kind: review.KindAnswer}}, {Action: review.Action{Kind: review.KindSign}}}
	require.NotNil(t, objects.Said(one, report.English).Signature())
}

// The report is another object with every change of the review; all else that was
// delivered stays the same, and is not withdrawn.
func TestOnlyTheReportIsIssuedAgain(t *testing.T) {
	one, files := stored(t, ctwriter.Options{})
	made := func(one triage.Delivery, k objects.Kind) []byte {
		data, err := objects.Make(t.Context(), one, reader(files), k, "fr")
		require.NoError(t, err)
		return data
	}
	var told []triage.InstanceRef
	for _, k := range []objects.Kind{objects.SR, objects.KO, objects.SEG, objects.SC} {
		_, ref, err := objects.Place(made(one, k))
		require.NoError(t, err)
		told = append(told, ref)
	}
	after := signed(one)
	after.Replaces = told
	for _, k := range []objects.Kind{objects.KO, objects.SEG, objects.SC} {
		require.Equal(t, made(one, k), made(after, k), k)
	}
	_, err := objects.Make(t.Context(), after, reader(files), objects.Reject, "fr")
	require.ErrorIs(t, err, triage.ErrNoResult, "nothing is withdrawn")
	_, ref, err := objects.Place(made(after, objects.SR))
	require.NoError(t, err)
	require.NotEqual(t, told[0], ref)
	require.NotEqual(t, told[0].SeriesUID, ref.SeriesUID)
	f, err := part10.Parse(made(after, objects.SR), part10.DefaultLimits())
	require.NoError(t, err)
	for _, said := range []string{"VERIFIED", told[0].SOPUID, "د. ليلى", "vieux"} {
		require.Contains(t, string(made(after, objects.SR)), said)
	}
	require.NotNil(t, f)
}
