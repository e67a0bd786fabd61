package wording

import (
	"fmt"
	"slices"
	"strings"

	"nafas/inference/guideline"
	"nafas/inference/suggest"
	"nafas/internal/i18n"
)

// Parts are a sentence about a suggestion, taken apart for who shows the answer
// first and alone. Each is a phrase without a full stop, "" where there is nothing
// of it; together they say all that the sentence says.
type Parts struct {
	// Answer is the category and the steps; or that nothing is suggested, and why.
	Answer []string
	// By is the measure that the answer was found by, Rule the name of the row of
	// the guideline's table, Other what another measure would give, Lead which
	// finding decides of an exam.
	By, Rule, Other, Lead string
	// Options are the answers under each value of what is missing.
	Options []string
	// Missing and Assumed restrict the answer; Questions are left to the
	// radiologist; Unverified are parts of the rule whose source was not read.
	Missing, Assumed, Questions, Unverified string
}

// OfExam are the parts of Exam.
func OfExam(language string, by suggest.ByGuideline) Parts {
	t := speaking(language)
	p := t.parts(*by.Exam, by.AtLeast)
	if by.LeadRank > 0 {
		p.Lead = fmt.Sprintf(t.Decides, by.LeadRank)
	}
	return p
}

// OfFinding are the parts of Suggestion.
func OfFinding(language string, s guideline.Suggestion) Parts {
	return speaking(language).parts(s, false)
}

// OfBrock are the parts of Brock.
func OfBrock(language string, r guideline.BrockResult) Parts {
	t := speaking(language)
	p := t.parts(guideline.Suggestion{Withheld: r.Withheld, Missing: r.Missing, Assumptions: r.Assumptions, Unverified: r.Unverified}, false)
	if r.Given() {
		p.Answer = append([]string{fmt.Sprintf(t.Probability, t.decimal(100**r.Probability), t.decimal(r.LongAxisMM))}, p.Answer...)
	}
	return p
}

// Basis is by what the answer was found, but for the name of the rule.
func (p Parts) Basis() []string { return filled(p.By, p.Other, p.Lead) }

// Reservations are all that restricts the answer, but for the questions.
func (p Parts) Reservations() []string {
	return filled(append(slices.Clone(p.Options), p.Missing, p.Assumed, p.Unverified)...)
}

// sentence is the whole: the answer and by what, then all that restricts it.
func (p Parts) sentence(language string) string {
	all := slices.Concat(p.Answer, []string{p.By, p.Rule, p.Other, p.Lead}, p.Options, []string{p.Missing, p.Assumed, p.Questions, p.Unverified})
	return Joined(language, filled(all...)) + "."
}

// Joined are phrases after one another.
func Joined(language string, phrases []string) string {
	return strings.Join(phrases, i18n.SuggestionIn(language).Between)
}

func (t said) parts(s guideline.Suggestion, atLeast bool) Parts {
	p := Parts{Answer: t.core(s.Category, s.Now, s.Then, atLeast), Rule: s.Rule}
	if s.Used.By != "" && s.Given() {
		p.By = t.used(s.Used)
	}
	if o := s.Other; o != nil {
		p.Other = fmt.Sprintf(t.ByOther, Code(t.language, o.By), t.option(*o))
	}
	if s.Withheld != "" {
		p.Answer = append(p.Answer, fmt.Sprintf(t.NoSuggestion, Code(t.language, s.Withheld)))
	}
	for _, o := range s.Options {
		p.Options = append(p.Options, fmt.Sprintf(t.Option, Code(t.language, o.Assumes), t.option(o)))
	}
	p.Missing, p.Assumed = labelled(t, t.Missing, s.Missing), labelled(t, t.Assuming, s.Assumptions)
	p.Questions, p.Unverified = labelled(t, t.Radiologist, s.NeedsRadiologist), labelled(t, t.Unverified, s.Unverified)
	return p
}

func (t said) option(o guideline.Option) string {
	return strings.Join(t.core(o.Category, o.Now, o.Then, false), t.Comma)
}

// labelled are the meanings of codes behind a label; "" where there are none.
func labelled[T ~string](t said, label string, list []T) string {
	if len(list) == 0 {
		return ""
	}
	meanings := make([]string, len(list))
	for i, c := range list {
		meanings[i] = Code(t.language, c)
	}
	return fmt.Sprintf(label, strings.Join(meanings, t.Comma))
}

func filled(phrases ...string) []string {
	return slices.DeleteFunc(phrases, func(p string) bool { return p == "" })
}
