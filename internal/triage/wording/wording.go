// Package wording says in English, French and Arabic what guidelines suggest.
// Whoever shows a suggestion shows these words, so that all say the same, with
// everything that restricts it.
package wording

import (
	"fmt"
	"strconv"
	"strings"

	"nafas/inference/guideline"
	"nafas/inference/suggest"
	"nafas/internal/i18n"
	"nafas/internal/triage"
)

// Code is what a code of a guideline means.
func Code[T ~string](language string, code T) string {
	words, _ := i18n.Guideline(language, string(code))
	return words
}

// Step is one step with its months.
func Step(language string, s guideline.Step) string {
	words, _ := i18n.GuidelineStep(language, string(s.Action), s.FromMonths, s.ToMonths, s.EveryMonths, s.SinceFirst, s.Consider)
	return words
}

// Name is a guideline with its version.
func Name(g guideline.Guideline) string { return g.Name + " " + g.Version }

// Line is one sentence of what is suggested.
type Line struct {
	// Rank is that of the finding that it is about; 0 of the exam.
	Rank int
	// Guideline that suggests it; none of the caveat and of what was left out.
	Guideline guideline.Guideline
	// Category is Lung-RADS's, where there is one.
	Category guideline.Category
	Text     string
}

// Lines are all suggestions in words: the caveat, each guideline of the exam and
// of each finding, then the Brock model. There are none where no finding was
// asked about.
func Lines(language string, s suggest.Suggestions) []Line {
	if len(s.Ranks) == 0 {
		return nil
	}
	w := i18n.SuggestionIn(language)
	out := []Line{{Text: Code(language, guideline.CalculatedToBeConfirmed) + "."}}
	for _, by := range s.Guidelines {
		g := by.Guideline
		if by.Exam != nil {
			out = append(out, Line{Guideline: g, Category: by.Exam.Category, Text: fmt.Sprintf(w.OfExam, Name(g)) + ": " + Exam(language, by)})
		}
		for i, each := range by.Each {
			out = append(out, Line{s.Ranks[i], g, each.Category, fmt.Sprintf(w.OfFinding, Name(g), s.Ranks[i]) + ": " + Suggestion(language, each)})
		}
	}
	for i, r := range s.Brock {
		out = append(out, Line{Rank: s.Ranks[i], Guideline: r.Guideline, Text: fmt.Sprintf(w.OfFinding, Name(r.Guideline), s.Ranks[i]) + ": " + Brock(language, r)})
	}
	if text := NotFlagged(language, s); text != "" {
		out = append(out, Line{Text: text})
	}
	return out
}

// NotFlagged says how many findings nothing is suggested for; "" where there are
// none.
func NotFlagged(language string, s suggest.Suggestions) string {
	if s.NotFlagged == 0 {
		return ""
	}
	return fmt.Sprintf(i18n.SuggestionIn(language).NotFlagged, s.NotFlagged) + "."
}

// Of are the lines of a study's assessment; none where it has none.
func Of(language string, a *triage.Assessment) []Line {
	if a == nil || a.Categories == nil {
		return nil
	}
	return Lines(language, *a.Categories)
}

// Exam is what a guideline suggests for the exam.
func Exam(language string, by suggest.ByGuideline) string {
	return OfExam(language, by).sentence(language)
}

// Suggestion is what a guideline suggests for one finding.
func Suggestion(language string, s guideline.Suggestion) string {
	return OfFinding(language, s).sentence(language)
}

// Brock is what the model says of one finding.
func Brock(language string, r guideline.BrockResult) string {
	return OfBrock(language, r).sentence(language)
}

// said are the words of one language.
type said struct {
	language string
	i18n.Suggestion
}

func speaking(language string) said { return said{language, i18n.SuggestionIn(language)} }

// core is a category and the steps.
func (t said) core(c guideline.Category, now, then []guideline.Step, atLeast bool) []string {
	var parts []string
	if c != "" {
		words := Code(t.language, c.Code())
		if atLeast {
			words = fmt.Sprintf(t.AtLeast, words)
		}
		parts = append(parts, words)
	}
	if len(now) > 0 {
		parts = append(parts, fmt.Sprintf(t.Now, t.steps(now)))
	}
	if len(then) > 0 {
		parts = append(parts, fmt.Sprintf(t.Then, t.steps(then)))
	}
	return parts
}

func (t said) steps(list []guideline.Step) string {
	parts := make([]string, len(list))
	for i, s := range list {
		parts[i] = Step(t.language, s)
	}
	return strings.Join(parts, t.Either)
}

func (t said) used(u guideline.Used) string {
	size := t.decimal(u.MeanMM) + " mm"
	if u.By == guideline.ByVolume {
		size = t.decimal(u.VolumeMM3) + " mm3"
	}
	words := fmt.Sprintf(t.By, Code(t.language, u.By), size)
	if u.SolidPartMM > 0 {
		words += t.Comma + fmt.Sprintf(t.SolidPart, t.decimal(u.SolidPartMM))
	}
	return words
}

// decimal has one decimal where there is one to show.
func (t said) decimal(v float64) string {
	return i18n.Decimal(t.language, strings.TrimSuffix(strconv.FormatFloat(v, 'f', 1, 64), ".0"))
}
