package interop

import (
	"fmt"
	"html"

	"nafas/internal/triage"
)

// diagnosticReport is preliminary until a reader has signed what it says. That of
// a failed analysis is cancelled, "the report is unavailable because the
// measurement was not started or not completed" (R4 diagnostic-report-status);
// where readers added findings to it, it is partial.
func (s said) diagnosticReport(observations []observation) diagnosticReport {
	number := table("v2-0203", "FILL", "Filler Identifier")
	r := diagnosticReport{
		head: s.asserted("DiagnosticReport", s.name("report")), Text: s.narrative(),
		Identifier: []identifier{{Type: &number, System: fillerSystem, Value: s.filler()}},
		Status:     "preliminary",
		Category:   []codeable{table("v2-0074", "RAD", "Radiology")},
		Code:       coded(s.words.chestCT()), Subject: s.patientHead().ref(), Effective: s.started(), Issued: instant(s.report.SaidAt()),
		ImagingStudy: []*reference{s.studyHead().ref()}, Conclusion: s.conclusion(),
	}
	r.Code.Text = s.words.title
	switch {
	case s.failed() && len(s.report.Marks()) > 0:
		r.Status = "partial"
	case s.failed():
		r.Status = "cancelled"
	case s.final():
		r.Status = "final"
	}
	if signed := s.report.Signature(); signed != nil {
		r.Interpreter = []*reference{s.practitioner(signed.By).ref()}
	}
	for _, o := range observations {
		r.Result = append(r.Result, o.ref())
	}
	if s.exam.AccessionNumber != "" {
		accession := s.accession()
		r.BasedOn = []*reference{{Type: "ServiceRequest", Identifier: &accession}}
	}
	return r
}

func (s said) narrative() narrative {
	direction := "ltr"
	if s.language == "ar" {
		direction = "rtl"
	}
	return narrative{Status: "generated", Div: fmt.Sprintf(
		`<div xmlns="http://www.w3.org/1999/xhtml" lang="%[1]s" xml:lang="%[1]s" dir="%[2]s"><p>%[3]s</p><p>%[4]s</p></div>`,
		s.language, direction, html.EscapeString(s.conclusion()), html.EscapeString(s.priority()))}
}

// accession is the number of the order that the study answers.
func (s said) accession() identifier {
	kind := table("v2-0203", "ACSN", "Accession ID")
	return identifier{Type: &kind, Value: printable(s.exam.AccessionNumber)}
}

// task proposes a place in the worklist. It is a proposal, and its priority
// urgent or routine, never stat: an order is changed by people.
func (s said) task(about diagnosticReport) task {
	t := task{
		head: s.asserted("Task", s.name("task")), Status: "requested", Intent: "proposal", Priority: "routine",
		Code: codeable{Text: s.words.toRead}, Focus: s.studyHead().ref(), For: s.patientHead().ref(),
		AuthoredOn: instant(s.report.SaidAt()), Requester: s.deviceHead().ref(),
		ReasonCode: codeable{Coding: []coding{{System: systems[local], Code: priorityCodes[s.Study.Priority]}}, Text: s.priority()}, ReasonReference: about.ref(),
	}
	if s.urgent() {
		t.Priority = "urgent"
	}
	if s.report.Signature() != nil { // it was read
		t.Status = "completed"
	}
	return t
}

// priorityCodes are local codes.
var priorityCodes = map[triage.Priority]string{
	triage.PriorityNone: "not-assessed", triage.PriorityNotAssessed: "not-assessed",
	triage.PriorityRoutine: "routine", triage.PriorityHigh: "high", triage.PriorityUrgent: "urgent",
}
