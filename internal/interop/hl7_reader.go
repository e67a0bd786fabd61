package interop

import (
	"fmt"

	"nafas/dicomio/report"
	"nafas/inference/measure"
)

// answered adds to the values of a finding what a reader said of it. What the
// program found is final only where a reader accepted it: a rejected finding stays,
// preliminary for ever, and what is final is that it was rejected.
func (s said) answered(f report.Finding, values []observed) []observed {
	a := s.report.AnswerTo(f)
	if a == nil {
		return values
	}
	for i := range values {
		values[i].final = s.final() && a.Verdict == report.Accepted
	}
	concepts := s.readerConcepts()
	said := []observed{
		{kind: "CWE", what: concepts.Verdict, value: s.coded(report.VerdictIn(s.language, a.Verdict)), note: a.Comment},
		text(s.words.reader(), s.report.AnswerIn(s.language, f), f.Rank),
	}
	if cause, ok := report.CauseIn(s.language, a.Cause); ok && a.Verdict == report.Rejected {
		said = append(said, observed{kind: "CWE", what: concepts.Cause, value: s.coded(cause)})
	}
	said = append(said, s.kindAndCategory(a.Kind, a.Category)...)
	for i := range said {
		said[i].rank, said[i].by, said[i].at, said[i].final = f.Rank, &a.By, a.At, s.final()
	}
	// Behind the first value, which says that there is a nodule.
	return append(append(values[:1:1], said...), values[1:]...)
}

// ofMark are the values of a finding that a reader added, the nth.
func (s said) ofMark(n int, m report.Mark) []observed {
	mm := &s.concepts.Millimeter
	out := []observed{
		{kind: "CWE", what: s.concepts.Finding, value: s.coded(s.words.nodule()), note: m.Comment},
		text(s.words.reader(), s.report.MarkIn(s.language, m), 0),
		{kind: "CWE", what: s.concepts.FindingSite, value: s.coded(s.concepts.Lung)},
		number(s.concepts.Diameter, m.DiameterMM, mm, 0),
	}
	out = append(out, s.kindAndCategory(m.Kind, m.Category)...)
	for i, axis := range s.words.axes() {
		out = append(out, number(axis, m.CenterLPSMM[i], mm, 0))
	}
	out = append(out, text(s.concepts.TrackingUID, m.TrackingUID(), 0), text(s.words.seriesUID(), m.SeriesUID, 0), text(s.words.image(), m.SOPInstanceUID, 0))
	if m.Frame > 0 {
		out = append(out, number(s.words.frame(), float64(m.Frame), nil, 0))
	}
	for i := range out {
		out[i].sub, out[i].by, out[i].at, out[i].final = fmt.Sprintf("R%d", n), &m.By, m.At, s.final()
	}
	return out
}

// kindAndCategory are those that a reader gave.
func (s said) kindAndCategory(kind measure.Kind, category string) []observed {
	var out []observed
	if k := s.kindOf(kind); k != nil {
		value := components(k[0].Value, k[0].Meaning, k[0].Scheme)
		if len(k) > 1 {
			value = components(k[0].Value, k[0].Meaning, k[0].Scheme, k[1].Value, k[1].Meaning, k[1].Scheme)
		}
		out = append(out, observed{kind: "CWE", what: s.readerConcepts().Kind, value: value})
	}
	if category != "" {
		out = append(out, observed{kind: "CWE", what: s.readerConcepts().Category, value: s.coded(report.CategoryIn(s.language, category))})
	}
	return out
}

// observer is a reader as an XCN: the identifier, and the name as the family's,
// since nobody said which part is that.
func observer(r report.Reader) string { return components(r.ID, r.Shown()) }

// interpreter is a reader as an NDL, whose first component is a CNN.
func interpreter(r report.Reader) string {
	if r.Shown() == "" {
		return escaped(r.ID)
	}
	return escaped(r.ID) + "&" + escaped(r.Shown())
}
