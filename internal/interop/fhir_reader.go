package interop

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"nafas/dicomio/part10"
	"nafas/dicomio/report"
	"nafas/inference/measure"
)

// What SNOMED CT says of a finding that somebody looked for.
const (
	isPresent = "52101004"
	isAbsent  = "2667000"
)

// answer adds what a reader said of a finding. A rejected one stays, with the
// value that it is absent: whoever reads nothing else must not take it for a
// nodule. It is final where a reader accepted or rejected it, and one has signed;
// whoever is unsure leaves it open.
func (s said) answer(f report.Finding, o *observation) {
	a := s.report.AnswerTo(f)
	if a == nil {
		return
	}
	verdict := report.VerdictIn(s.language, a.Verdict)
	o.Interpret = []codeable{coded(verdict)}
	switch a.Verdict {
	case report.Accepted:
		o.ValueCodeable = &codeable{Coding: []coding{{System: systems["SCT"], Code: isPresent}}, Text: verdict.Meaning}
	case report.Rejected:
		o.ValueCodeable = &codeable{Coding: []coding{{System: systems["SCT"], Code: isAbsent}}, Text: verdict.Meaning}
	}
	if s.final() && a.Verdict != report.Unsure {
		o.Status = "final"
	}
	o.Note = append(o.Note, s.remarks(a.By, a.At, s.report.AnswerIn(s.language, f), a.Comment)...)
	if cause, ok := report.CauseIn(s.language, a.Cause); ok && a.Verdict == report.Rejected {
		value := coded(cause)
		o.Component = append(o.Component, component{Code: coded(s.readerConcepts().Cause), ValueCodeable: &value})
	}
	o.Component = append(o.Component, s.readersOwn(a.Kind, a.Category)...)
}

// mark is a finding that a reader added: the reader's, and no program's.
func (s said) mark(m report.Mark) observation {
	uid := m.TrackingUID()
	o := observation{
		head: s.head("Observation", uid), Identifier: []identifier{dicomUID(uid)}, Status: "preliminary",
		Category: []codeable{table("observation-category", "imaging", "Imaging")},
		Code:     coded(s.words.nodule()), Subject: s.patientHead().ref(), Effective: s.started(), Issued: instant(m.At),
		Performer: []*reference{s.practitioner(m.By).ref()}, DerivedFrom: []*reference{s.studyHead().ref()},
		Note: s.remarks(m.By, m.At, s.report.MarkIn(s.language, m), m.Comment),
	}
	site := coded(s.concepts.Lung)
	o.BodySite = &site
	if s.final() {
		o.Status = "final"
	}
	o.Component = []component{s.measured(s.concepts.Diameter, m.DiameterMM, s.concepts.Millimeter)}
	o.Component = append(o.Component, s.readersOwn(m.Kind, m.Category)...)
	for i, axis := range s.words.axes() {
		o.Component = append(o.Component, s.measured(axis, m.CenterLPSMM[i], s.concepts.Millimeter))
	}
	if uid := s.exam.FrameOfReferenceUID; uid != "" && m.SeriesUID == s.Series.UID {
		o.Component = append(o.Component, component{Code: coded(s.words.frameUID()), ValueString: "urn:oid:" + uid})
	}
	o.Component = append(o.Component,
		component{Code: coded(s.words.seriesUID()), ValueString: "urn:oid:" + m.SeriesUID},
		component{Code: coded(s.words.image()), ValueString: "urn:oid:" + m.SOPInstanceUID})
	if m.Frame > 0 {
		o.Component = append(o.Component, component{Code: coded(s.words.frame()), ValueInteger: m.Frame})
	}
	return o
}

// readersOwn are the kind and the category that a reader gave, named as the
// reader's: the program's may stand beside them.
func (s said) readersOwn(kind measure.Kind, category string) []component {
	var out []component
	if k := s.kindOf(kind); k != nil {
		value := codeable{Text: k[len(k)-1].Meaning}
		for _, c := range k {
			value.Coding = append(value.Coding, coded(c).Coding...)
		}
		out = append(out, component{Code: coded(s.readerConcepts().Kind), ValueCodeable: &value})
	}
	if category != "" {
		value := coded(report.CategoryIn(s.language, category))
		out = append(out, component{Code: coded(s.readerConcepts().Category), ValueCodeable: &value})
	}
	return out
}

func (s said) readerConcepts() report.ReaderConcepts { return report.ReaderConceptsIn(s.language) }

// practitioners are the readers who said something, each once.
func (s said) practitioners() []practitioner {
	v := s.report.Review
	if v == nil {
		return nil
	}
	var readers []report.Reader
	for _, f := range s.report.Findings {
		if a := s.report.AnswerTo(f); a != nil {
			readers = append(readers, a.By)
		}
	}
	for _, m := range v.Marks {
		readers = append(readers, m.By)
	}
	if signed := s.report.Signature(); signed != nil {
		readers = append(readers, signed.By)
	}
	slices.SortFunc(readers, func(a, b report.Reader) int { return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Name, b.Name)) })
	var out []practitioner
	for _, r := range slices.Compact(readers) {
		p := practitioner{head: s.practitioner(r)}
		if id := printable(r.ID); id != "" {
			p.Identifier = []identifier{{System: readerSystem, Value: id}}
		}
		if name := printable(r.Shown()); name != "" {
			p.Name = []humanName{{Text: name}}
		}
		out = append(out, p)
	}
	return out
}

// practitioner is the head of a reader's resource.
func (s said) practitioner(r report.Reader) head {
	return s.head("Practitioner", part10.NameUID("interop 1", "reader", r.ID, r.Name))
}

// remarks are notes of a reader: what was said in words, and the comment.
func (s said) remarks(by report.Reader, at time.Time, texts ...string) []annotation {
	var out []annotation
	for _, text := range texts {
		if text = multiline(text); text != "" {
			out = append(out, annotation{AuthorReference: s.practitioner(by).ref(), Time: instant(at), Text: text})
		}
	}
	return out
}

// multiline is text that a person wrote as FHIR may have it: of control characters
// line breaks and tabs alone (R4 data type string).
func multiline(text string) string {
	var out []string
	for line := range strings.Lines(text) {
		out = append(out, printable(line))
	}
	return strings.TrimSpace(strings.Join(out, "\n"))
}
