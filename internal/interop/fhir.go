package interop

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"
	"unicode"

	"nafas/internal/triage"
)

// FHIR writes what is said of a study as a FHIR R4 bundle (JSON, type
// collection): a DiagnosticReport, an Observation for each finding of the
// program and each that a reader added, or one
// that says that there are none or that the analysis failed, a Task that
// proposes a place in the worklist, the ImagingStudy, the Device, the Patient
// and a Practitioner for each reader who said something. image is a file of the series that the result is about; language
// is en, fr or ar.
//
// A study that is held is refused with its reason (*refusal.Error). Other
// errors: triage.ErrNoResult, ErrOtherSeries, and a *refusal.Error where the
// image cannot be read.
func FHIR(one triage.Delivery, image []byte, language string) ([]byte, error) {
	s, err := of(one, image, language)
	if err != nil {
		return nil, err
	}
	observations := s.observations()
	report := s.diagnosticReport(observations)
	resources := []resource{report}
	for _, o := range observations {
		resources = append(resources, o)
	}
	resources = append(resources, s.task(report), s.imagingStudy(), s.device(), s.patient())
	for _, p := range s.practitioners() {
		resources = append(resources, p)
	}
	b := bundle{head: s.head("Bundle", s.name("bundle")), Type: "collection", Timestamp: instant(s.report.SaidAt())}
	b.Identifier = &identifier{System: "urn:ietf:rfc:3986", Value: "urn:uuid:" + b.ID}
	for _, r := range resources {
		b.Entry = append(b.Entry, entry{FullURL: r.url(), Resource: r})
	}
	return encode(b)
}

// head starts a resource, whose id is the UUID of a 2.25 UID.
func (s said) head(kind, uid string) head {
	return head{ResourceType: kind, ID: uuidOf(uid), Language: string(s.language)}
}

// asserted starts a resource that says what a program found: the label that
// HL7's AI Transparency on FHIR gives to it.
func (s said) asserted(kind, uid string) head {
	h := s.head(kind, uid)
	h.Meta = &meta{Security: []coding{{
		System: "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", Code: "AIAST", Display: "Artificial Intelligence asserted",
	}}}
	return h
}

// encode writes JSON in which text stays readable.
func encode(b bundle) ([]byte, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(b); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// instant is a time to the millisecond (R4 data type instant).
func instant(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// started is when the study began: with the time of day only where its zone is
// known, since a dateTime with one needs the other.
func (s said) started() string {
	e := s.exam
	day := fhirDate(e.StudyDate)
	if day == "" || e.StudyTime == "" || e.Zone == "" {
		return day
	}
	clock := e.StudyTime[:2] + ":" + e.StudyTime[2:4] + ":" + e.StudyTime[4:]
	return day + "T" + clock + e.Zone[:3] + ":" + e.Zone[3:]
}

// printable is text of a header as a FHIR string may have it: no control
// characters (R4 data type string).
func printable(text string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text))
}

// fhirDate is YYYYMMDD as YYYY-MM-DD.
func fhirDate(d string) string {
	if d == "" {
		return ""
	}
	return d[:4] + "-" + d[4:6] + "-" + d[6:]
}
