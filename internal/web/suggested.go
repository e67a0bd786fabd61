package web

import (
	"nafas/inference/guideline"
	"nafas/inference/suggest"
	"nafas/internal/triage/wording"
	"nafas/internal/web/api"
)

// exam are the sentences of guidelines about the whole exam.
func (v viewing) exam() []api.GuidelineText {
	out := []api.GuidelineText{}
	s := v.suggestions()
	if s == nil || len(s.Ranks) == 0 {
		return out
	}
	for _, by := range s.Guidelines {
		if by.Exam != nil {
			out = append(out, v.suggested(by.Guideline, by.Exam.Category, wording.Exam(v.lang, by), wording.OfExam(v.lang, by)))
		}
	}
	if text := wording.NotFlagged(v.lang, *s); text != "" {
		out = append(out, api.GuidelineText{Text: text, Answer: text, Basis: []string{}, Reservations: []string{}})
	}
	return out
}

// guidelines are the sentences about one finding, and that of the Brock model; nil
// where it was not asked for.
func (v viewing) guidelines(rank int) (texts []api.GuidelineText, brock *api.GuidelineText) {
	texts = []api.GuidelineText{}
	s := v.suggestions()
	if s == nil {
		return texts, nil
	}
	for i, one := range s.Ranks {
		if one != rank {
			continue
		}
		for _, by := range s.Guidelines {
			if i < len(by.Each) {
				each := by.Each[i]
				texts = append(texts, v.suggested(by.Guideline, each.Category, wording.Suggestion(v.lang, each), wording.OfFinding(v.lang, each)))
			}
		}
		if i < len(s.Brock) {
			b := s.Brock[i]
			text := v.suggested(b.Guideline, "", wording.Brock(v.lang, b), wording.OfBrock(v.lang, b))
			brock = &text
		}
	}
	return texts, brock
}

// suggestions of the study; nil where there are none.
func (v viewing) suggestions() *suggest.Suggestions {
	if v.study.Assessment == nil {
		return nil
	}
	return v.study.Assessment.Categories
}

// suggested is one suggestion, whole and in parts.
func (v viewing) suggested(g guideline.Guideline, c guideline.Category, text string, p wording.Parts) api.GuidelineText {
	return api.GuidelineText{
		Guideline: wording.Name(g), Category: string(c), Text: text, Answer: wording.Joined(v.lang, p.Answer), Questions: p.Questions,
		Basis: append([]string{}, p.Basis()...), Reservations: append([]string{}, p.Reservations()...), Rule: p.Rule,
	}
}
