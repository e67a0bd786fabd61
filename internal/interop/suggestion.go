package interop

import (
	"strings"

	"nafas/dicomio/report"
	"nafas/inference/guideline"
	"nafas/inference/suggest"
	"nafas/internal/triage/wording"
)

// suggestion names a sentence that says what a guideline suggests.
func (w words) suggestion() concept {
	return concept{Value: "suggestion", Scheme: local, Meaning: w.suggestionWord}
}

// lungRADS is the assessment of an exam by Lung-RADS.
func (w words) lungRADS() concept {
	return concept{Value: "1362105002", Scheme: "SCT", Meaning: wording.Name(guideline.LungRADS2022)}
}

// category is one of Lung-RADS, in a code of ours.
func category(c guideline.Category, meaning string) concept {
	return concept{Value: "lung-rads-" + strings.ToLower(string(c)), Scheme: local, Meaning: meaning}
}

// lines are those about a finding; of rank 0 those about the exam, with the
// caveat first.
func (s said) lines(rank int) []wording.Line {
	var out []wording.Line
	for _, l := range wording.Of(string(s.language), s.Study.Assessment) {
		if l.Rank == rank && !s.failed() {
			out = append(out, l)
		}
	}
	return out
}

// suggestedExam are Observations of what each guideline suggests for the exam.
func (s said) suggestedExam() []observation {
	var out []observation
	for _, l := range s.lines(0) {
		if l.Guideline == (guideline.Guideline{}) {
			continue
		}
		code := s.words.suggestion()
		if l.Guideline == guideline.LungRADS2022 {
			code = s.words.lungRADS()
		}
		o := s.observed(s.name("suggestion "+l.Guideline.Name), code)
		o.Method.Text = suggest.Method
		o.Note = append(o.Note, annotation{Text: s.caveat()})
		if l.Category != "" {
			value := coded(category(l.Category, l.Text))
			o.ValueCodeable = &value
		} else {
			o.ValueString = l.Text
		}
		out = append(out, o)
	}
	return out
}

func (s said) caveat() string {
	return wording.Code(string(s.language), guideline.CalculatedToBeConfirmed)
}

// suggestedOf are components of a finding's Observation.
func (s said) suggestedOf(f report.Finding) []component {
	var out []component
	for _, l := range s.lines(f.Rank) {
		out = append(out, component{Code: coded(s.words.suggestion()), ValueString: l.Text})
	}
	return out
}

// suggestedLines are values of a message, of a finding or of the exam.
func (s said) suggestedLines(rank int) []observed {
	var out []observed
	for _, l := range s.lines(rank) {
		out = append(out, observed{kind: "TX", what: s.words.suggestion(), value: escaped(l.Text), rank: rank, method: suggest.Method})
	}
	return out
}
