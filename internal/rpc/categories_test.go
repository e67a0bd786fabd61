package rpc_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/encoding/protojson"

	"nafas/inference/finding"
	"nafas/inference/guideline"
	"nafas/inference/measure"
	"nafas/inference/suggest"
	"nafas/internal/rpc"
	"nafas/internal/triage"
	nafasv1 "nafas/proto/nafas/v1"
)

// measuredFinding is oneFinding with a solid nodule of 8 mm in the right upper
// lobe, and what the guidelines suggest without a fact.
func measuredFinding(ctx context.Context, job triage.ReadingJob, progress func(triage.Progress)) (triage.StudyReading, error) {
	r, err := oneFinding(ctx, job, progress)
	if err != nil {
		return r, err
	}
	f := &r.Series[0].Result.Findings[0]
	f.Side = finding.SideRight
	f.Place = &finding.Place{Side: finding.SideRight, Lobe: finding.LobeRightUpper, PleuraMM: 20}
	f.Measured = &triage.Measurement{Method: "radial border 1", Measurement: measure.Measurement{
		Kind: measure.KindSolid, KindConfidence: .97, LongAxisMM: 8, ShortAxisMM: 7, MeanDiameterMM: 7.5, VolumeMM3: 230, VolumeError: .1,
	}}
	categories, err := triage.Categorise(r.Series[0].Result.Findings, nil, triage.CategoryOptions{})
	r.Assessment = &triage.Assessment{Categories: categories}
	return r, err
}

func TestCategoriesComeWithTheResult(t *testing.T) {
	c := newClient(t, measuredFinding)
	_, err := submit(t, c, complete(), submitChunk("a", "1.2.3|1.2.3.5|1.2.3.9|P", true))
	require.NoError(t, err)
	waitFinal(t, c, "1.2.3")
	reply, err := c.GetStudy(t.Context(), &nafasv1.GetStudyRequest{StudyInstanceUid: "1.2.3"})
	require.NoError(t, err)
	got := reply.GetStudy().GetSeries()[0].GetResult().GetAssessment().GetCategories()
	require.Equal(t, suggest.Method, got.GetMethod())
	require.Equal(t, "CALCULATED_TO_BE_CONFIRMED", got.GetCaveat().GetCode())
	require.Contains(t, got.GetCaveat().GetText(), "to be confirmed")
	lungRADS := got.GetGuidelines()[0]
	require.Equal(t, "LUNG_RADS_3", lungRADS.GetExam().GetCategory().GetCode())
	require.Equal(t, int32(1), lungRADS.GetLeadRank())
	require.Contains(t, lungRADS.GetExam().GetText(), "Lung-RADS 3: probably benign; next: low-dose CT at 6 months")
	require.Equal(t, "ASSUMES_SCREENING_EXAM", lungRADS.GetFindings()[0].GetAssumptions()[0].GetCode())
	require.Equal(t, "LOW_DOSE_CT", lungRADS.GetFindings()[0].GetNow()[0].GetAction().GetCode())
	require.Equal(t, "FACTS_MISSING", got.GetBrock()[0].GetWithheld().GetCode())
	require.Nil(t, got.GetBrock()[0].Probability)
}

// Facts that the caller gives are used and kept nowhere.
func TestSuggestCategories(t *testing.T) {
	c := newClient(t, measuredFinding)
	_, err := submit(t, c, complete(), submitChunk("a", "1.2.3|1.2.3.5|1.2.3.9|P", true))
	require.NoError(t, err)
	waitFinal(t, c, "1.2.3")
	age := int32(60)
	no, yes := nafasv1.FactAnswer_FACT_ANSWER_NO, nafasv1.FactAnswer_FACT_ANSWER_YES
	rq := &nafasv1.SuggestCategoriesRequest{
		StudyInstanceUid: "1.2.3",
		Patient:          &nafasv1.PatientFacts{AgeYears: &age, Sex: "male", FamilyHistoryOfLungCancer: no, Emphysema: no, Screening: yes},
		Findings:         []*nafasv1.FindingFacts{{Rank: 1, Spiculated: no}},
		Guidelines:       []string{"brock", "lung-rads"},
	}
	reply, err := c.SuggestCategories(t.Context(), rq)
	require.NoError(t, err)
	require.InDelta(t, .030850, reply.GetCategories().GetBrock()[0].GetProbability(), 1e-6)
	require.Len(t, reply.GetCategories().GetGuidelines(), 1)
	require.NotContains(t, protojson.Format(reply), "ASSUMES_SCREENING_EXAM")

	rq = &nafasv1.SuggestCategoriesRequest{StudyInstanceUid: "1.2.3"}
	reply, err = c.SuggestCategories(t.Context(), rq)
	require.NoError(t, err)
	require.Nil(t, reply.GetCategories().GetBrock()[0].Probability, "the facts before are forgotten")
	require.Len(t, reply.GetCategories().GetGuidelines(), 3)

	_, err = c.SuggestCategories(t.Context(), &nafasv1.SuggestCategoriesRequest{StudyInstanceUid: "1.9"})
	requireStatus(t, err, codes.NotFound, "STUDY_NOT_FOUND")
	old := int32(200)
	for why, bad := range map[string]*nafasv1.SuggestCategoriesRequest{
		"no study":                           {},
		"a guideline that nobody knows":      {StudyInstanceUid: "1.2.3", Guidelines: []string{"x"}},
		"an age that cannot be":              {StudyInstanceUid: "1.2.3", Patient: &nafasv1.PatientFacts{AgeYears: &old}},
		"a sex that the model does not know": {StudyInstanceUid: "1.2.3", Patient: &nafasv1.PatientFacts{Sex: "F"}},
		"a risk that is none":                {StudyInstanceUid: "1.2.3", Patient: &nafasv1.PatientFacts{Risk: "x"}},
		"an answer that is none":             {StudyInstanceUid: "1.2.3", Patient: &nafasv1.PatientFacts{Screening: 9}},
		"a margin that is none":              {StudyInstanceUid: "1.2.3", Findings: []*nafasv1.FindingFacts{{Rank: 1, Spiculated: 9}}},
		"a rank that is none":                {StudyInstanceUid: "1.2.3", Findings: []*nafasv1.FindingFacts{{Rank: 7, Spiculated: yes}}},
	} {
		_, err := c.SuggestCategories(t.Context(), bad)
		requireStatus(t, err, codes.InvalidArgument, "INVALID_REQUEST")
		require.NotContains(t, err.Error(), "200", why)
	}
}

// Whatever a suggestion holds is on the wire, and its codes have words.
func TestSuggestionsOnTheWire(t *testing.T) {
	probability := .5
	step := guideline.Step{Action: guideline.CT, FromMonths: 3, ToMonths: 6, SinceFirst: true, Consider: true}
	option := guideline.Option{Assumes: guideline.AssumesLowRisk, By: guideline.ByVolume, Rule: "R", Category: guideline.Category4A, Now: []guideline.Step{step}, Then: []guideline.Step{step}}
	one := guideline.Suggestion{
		Guideline: guideline.LungRADS2022, Category: guideline.Category4B, Now: []guideline.Step{step}, Then: []guideline.Step{step}, Rule: "A", Base: "B",
		Used: guideline.Used{By: guideline.ByDiameter, MeanMM: 1, SolidPartMM: 2, LongAxisMM: 3, VolumeMM3: 4}, Other: &option, Options: []guideline.Option{option},
		Withheld: guideline.NoRow, Missing: []guideline.Fact{guideline.FactAge}, Assumptions: []guideline.Assumption{guideline.Assumes35},
		NeedsRadiologist: []guideline.Question{guideline.AskTwoRows}, Unverified: []guideline.Unverified{guideline.UnverifiedRounding},
	}
	s := triage.Study{
		Series: []triage.Series{{UID: "1", Result: &triage.Result{}}, {UID: "2"}},
		Assessment: &triage.Assessment{Categories: &suggest.Suggestions{
			Method: "m", Ranks: []int{3}, NotFlagged: 2,
			Guidelines: []suggest.ByGuideline{{Guideline: guideline.LungRADS2022, Exam: &one, LeadRank: 3, AtLeast: true, Each: []guideline.Suggestion{one}}},
			Brock:      []guideline.BrockResult{{Probability: &probability, LongAxisMM: 5, Withheld: guideline.NoRow, Missing: one.Missing, Assumptions: one.Assumptions, Unverified: one.Unverified}},
		}},
	}
	p := rpc.StudyProto(s)
	require.Nil(t, p.GetSeries()[1].GetResult())
	text := protojson.Format(p.GetSeries()[0].GetResult().GetAssessment())
	for _, code := range []string{"LUNG_RADS_4B", "LUNG_RADS_4A", "CT", "MEAN_DIAMETER", "VOLUME", "NO_ROW_OF_THE_TABLE", "AGE", "ASSUMES_35_YEARS_OR_MORE",
		"ASSUMES_LOW_RISK", "TWO_ROWS_FIT", "UNVERIFIED_ROUNDING_TO_WHOLE_MM", "CALCULATED_TO_BE_CONFIRMED"} {
		require.Contains(t, text, `"`+code+`"`)
	}
	for _, field := range []string{"usedMeanMm", "usedSolidPartMm", "usedLongAxisMm", "usedVolumeMm3", "base", "rule", "other", "options", "then", "sinceFirst", "consider",
		"leadRank", "atLeast", "notFlagged", "probability", "longAxisMm", "rank"} {
		require.Contains(t, text, `"`+field+`"`)
	}
	require.NotContains(t, text, `"text":  ""`)
	require.Nil(t, rpc.StudyProto(triage.Study{Series: s.Series}).GetSeries()[0].GetResult().GetAssessment(), "a result of an older version")
}
