package rpc

import (
	"context"
	"errors"
	"slices"

	"nafas/inference/guideline"
	"nafas/inference/suggest"
	"nafas/internal/triage"
	"nafas/internal/triage/wording"
	nafasv1 "nafas/proto/nafas/v1"
)

// assessmentProto is a on the wire; nil stays nil.
func assessmentProto(a *triage.Assessment) *nafasv1.Assessment {
	if a == nil {
		return nil
	}
	return &nafasv1.Assessment{Categories: categoriesProto(a.Categories)}
}

// categoriesProto is s on the wire; nil stays nil.
func categoriesProto(s *suggest.Suggestions) *nafasv1.Categories {
	if s == nil {
		return nil
	}
	out := &nafasv1.Categories{
		Method: s.Method, Caveat: codeProto(guideline.CalculatedToBeConfirmed), NotFlagged: int32(s.NotFlagged),
	}
	for _, by := range s.Guidelines {
		out.Guidelines = append(out.Guidelines, guidelineProto(by, s.Ranks))
	}
	for i, r := range s.Brock {
		out.Brock = append(out.Brock, &nafasv1.BrockRisk{
			Rank: int32(s.Ranks[i]), Probability: r.Probability, LongAxisMm: r.LongAxisMM, Withheld: codeProto(r.Withheld),
			Missing: codesProto(r.Missing), Assumptions: codesProto(r.Assumptions), Unverified: codesProto(r.Unverified),
			Text: wording.Brock("en", r),
		})
	}
	return out
}

func guidelineProto(by suggest.ByGuideline, ranks []int) *nafasv1.GuidelineSuggestions {
	out := &nafasv1.GuidelineSuggestions{
		Name: by.Guideline.Name, Version: by.Guideline.Version, LeadRank: int32(by.LeadRank), AtLeast: by.AtLeast,
	}
	if by.Exam != nil {
		out.Exam = suggestionProto(*by.Exam, 0, wording.Exam("en", by))
	}
	for i, s := range by.Each {
		out.Findings = append(out.Findings, suggestionProto(s, ranks[i], wording.Suggestion("en", s)))
	}
	return out
}

func suggestionProto(s guideline.Suggestion, rank int, text string) *nafasv1.Suggestion {
	out := &nafasv1.Suggestion{
		Rank: int32(rank), Text: text, Category: categoryProto(s.Category), Now: stepsProto(s.Now), Then: stepsProto(s.Then),
		Rule: s.Rule, Base: s.Base, UsedBy: codeProto(s.Used.By), UsedMeanMm: s.Used.MeanMM, UsedSolidPartMm: s.Used.SolidPartMM,
		UsedLongAxisMm: s.Used.LongAxisMM, UsedVolumeMm3: s.Used.VolumeMM3, Withheld: codeProto(s.Withheld),
		Missing: codesProto(s.Missing), Assumptions: codesProto(s.Assumptions), NeedsRadiologist: codesProto(s.NeedsRadiologist),
		Unverified: codesProto(s.Unverified),
	}
	if s.Other != nil {
		out.Other = optionProto(*s.Other)
	}
	for _, o := range s.Options {
		out.Options = append(out.Options, optionProto(o))
	}
	return out
}

func optionProto(o guideline.Option) *nafasv1.SuggestionOption {
	return &nafasv1.SuggestionOption{
		Assumes: codeProto(o.Assumes), UsedBy: codeProto(o.By), Rule: o.Rule, Category: categoryProto(o.Category),
		Now: stepsProto(o.Now), Then: stepsProto(o.Then),
	}
}

func stepsProto(list []guideline.Step) []*nafasv1.FollowUpStep {
	var out []*nafasv1.FollowUpStep
	for _, s := range list {
		out = append(out, &nafasv1.FollowUpStep{
			Action: codeProto(s.Action), FromMonths: int32(s.FromMonths), ToMonths: int32(s.ToMonths), EveryMonths: int32(s.EveryMonths),
			SinceFirst: s.SinceFirst, Consider: s.Consider, Text: wording.Step("en", s),
		})
	}
	return out
}

func categoryProto(c guideline.Category) *nafasv1.Code {
	if c == "" {
		return nil
	}
	return codeProto(c.Code())
}

// codeProto is a code with its English words; nil where there is none.
func codeProto[T ~string](code T) *nafasv1.Code {
	if code == "" {
		return nil
	}
	return &nafasv1.Code{Code: string(code), Text: wording.Code("en", code)}
}

func codesProto[T ~string](list []T) []*nafasv1.Code {
	var out []*nafasv1.Code
	for _, c := range list {
		out = append(out, codeProto(c))
	}
	return out
}

var answerFromProto = map[nafasv1.FactAnswer]guideline.Answer{
	nafasv1.FactAnswer_FACT_ANSWER_UNSPECIFIED: guideline.Unsaid,
	nafasv1.FactAnswer_FACT_ANSWER_YES:         guideline.Yes,
	nafasv1.FactAnswer_FACT_ANSWER_NO:          guideline.No,
}

func (s *triageService) SuggestCategories(ctx context.Context, r *nafasv1.SuggestCategoriesRequest) (*nafasv1.SuggestCategoriesResponse, error) {
	if err := validateUID("study_instance_uid", r.GetStudyInstanceUid()); err != nil {
		return nil, err
	}
	o, err := validateFacts(r)
	if err != nil {
		return nil, err
	}
	out, err := s.service.SuggestCategories(ctx, r.GetStudyInstanceUid(), o)
	switch {
	case errors.Is(err, guideline.ErrInput):
		return nil, invalid("findings", "holds a rank that is none of the study's findings'")
	case err != nil:
		return nil, statusError(ctx, s.log, err)
	}
	return &nafasv1.SuggestCategoriesResponse{Categories: categoriesProto(out)}, nil
}

// validateFacts takes facts over. Its errors name fields and never values: they
// are of a patient.
func validateFacts(r *nafasv1.SuggestCategoriesRequest) (o triage.CategoryOptions, err error) {
	for _, name := range r.GetGuidelines() {
		if !suggest.Name(name).Known() {
			return o, invalid("guidelines", "holds a name that is none of "+suggest.NamesText())
		}
		o.Guidelines = append(o.Guidelines, suggest.Name(name))
	}
	if o.Patient, err = validatePatient(r.GetPatient()); err != nil {
		return o, err
	}
	for _, f := range r.GetFindings() {
		answer, ok := answerFromProto[f.GetSpiculated()]
		if !ok {
			return o, invalid("findings.spiculated", "is none of the known values")
		}
		if o.Spiculated == nil {
			o.Spiculated = map[int]guideline.Answer{}
		}
		o.Spiculated[int(f.GetRank())] = answer
	}
	return o, nil
}

func validatePatient(p *nafasv1.PatientFacts) (guideline.Patient, error) {
	out := guideline.Patient{Sex: guideline.Sex(p.GetSex()), Risk: guideline.Risk(p.GetRisk())}
	for _, fact := range []struct {
		field  string
		answer nafasv1.FactAnswer
		to     *guideline.Answer
	}{
		{"family_history_of_lung_cancer", p.GetFamilyHistoryOfLungCancer(), &out.FamilyHistory},
		{"emphysema", p.GetEmphysema(), &out.Emphysema},
		{"screening", p.GetScreening(), &out.Screening},
		{"known_cancer", p.GetKnownCancer(), &out.KnownCancer},
		{"known_lung_cancer", p.GetKnownLungCancer(), &out.KnownLungCancer},
		{"immunosuppressed", p.GetImmunosuppressed(), &out.Immunosuppressed},
	} {
		answer, ok := answerFromProto[fact.answer]
		if !ok {
			return out, invalid("patient."+fact.field, "is none of the known values")
		}
		*fact.to = answer
	}
	if p != nil && p.AgeYears != nil {
		age := int(p.GetAgeYears())
		if age < 0 || age > 130 {
			return out, invalid("patient.age_years", "must be 0 to 130")
		}
		out.AgeYears = &age
	}
	switch {
	case !slices.Contains([]guideline.Sex{guideline.SexUnknown, guideline.Female, guideline.Male}, out.Sex):
		return out, invalid("patient.sex", "must be female, male or empty")
	case !slices.Contains([]guideline.Risk{guideline.RiskUnknown, guideline.LowRisk, guideline.HighRisk}, out.Risk):
		return out, invalid("patient.risk", "must be low, high or empty")
	}
	return out, nil
}
