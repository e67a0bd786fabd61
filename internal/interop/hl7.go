package interop

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"nafas/dicomio"
	"nafas/internal/triage"
)

// ORU writes what is said of a study as an HL7 v2.5.1 message ORU^R01 in
// UTF-8: MSH, PID, ORC, OBR, and OBX for each value, with NTE for comments of
// readers. Only what a reader has signed has a status of final. image and language are as in FHIR, and so are the errors;
// triage.ErrNoOrder too.
func ORU(one triage.Delivery, image []byte, language string) ([]byte, error) {
	s, err := of(one, image, language)
	if err != nil {
		return nil, err
	}
	if s.exam.Patient.ID == "" || s.exam.AccessionNumber == "" {
		return nil, triage.ErrNoOrder
	}
	body := append([]segment{s.pid(), s.orc(), s.obr()}, s.obx()...)
	head := s.msh()
	// The control identifier (at most 20 characters) is a name of all the
	// rest: a message that is sent again has the same, and no other has it.
	sum := sha256.Sum256([]byte(message(append([]segment{head}, body...))))
	head.fields[10] = strings.ToUpper(hex.EncodeToString(sum[:10]))
	return []byte(message(append([]segment{head}, body...))), nil
}

func (s said) msh() segment {
	return segment{"MSH", map[int]string{
		2: encodingMarks, 3: "NAFAS", 7: moment(s.report.SaidAt()), 9: components("ORU", "R01", "ORU_R01"),
		11: "P", 12: "2.5.1", 18: "UNICODE UTF-8", 19: components(string(s.language), s.words.languageName, "ISO639"),
	}}
}

func (s said) pid() segment {
	p := s.exam.Patient
	return segment{"PID", map[int]string{
		1: "1", 3: components(p.ID, "", "", p.Issuer, "PI"), 5: personName(s.exam.PersonName),
		7: s.exam.BirthDate, 8: s.exam.Sex,
	}}
}

// personName is the scripts of a name, each an XPN, whose suffix comes before
// its prefix: DICOM has it the other way round.
func personName(n dicomio.PersonName) string {
	marked := n.Ideographic != dicomio.NameParts{} || n.Phonetic != dicomio.NameParts{}
	var out []string
	for _, group := range []struct {
		parts dicomio.NameParts
		code  string // HL7 table 0465
	}{{n.Alphabetic, "A"}, {n.Ideographic, "I"}, {n.Phonetic, "P"}} {
		p := group.parts
		if (p == dicomio.NameParts{}) {
			continue
		}
		if !marked {
			group.code = ""
		}
		out = append(out, components(p.Family, p.Given, p.Middle, p.Suffix, p.Prefix, "", "", group.code))
	}
	if out == nil {
		return components("", "", "", "", "", "", "U") // PID-5 is required; unspecified (table 0200)
	}
	return strings.Join(out, repetitionMark)
}

func (s said) orc() segment {
	return segment{"ORC", map[int]string{1: "RE", 3: s.entity(s.filler())}}
}

// obr has no priority: what a program suggests must not take the place of what
// was ordered. Of a failure its status is I (no results available, procedure
// incomplete) and not X, which also says that the order was cancelled.
func (s said) obr() segment {
	status := "P"
	switch {
	case s.failed():
		status = "I"
	case s.final():
		status = "F"
	}
	fields := map[int]string{
		1: "1", 3: s.entity(s.filler()), 4: s.coded(s.words.chestCT()), 7: s.studied(),
		18: components(s.exam.AccessionNumber), 22: moment(s.report.SaidAt()), 24: "RAD", 25: status,
	}
	if signed := s.report.Signature(); signed != nil {
		fields[32] = interpreter(signed.By)
	}
	return segment{"OBR", fields}
}

// entity is an EI of ours.
func (s said) entity(id string) string { return components(id, "NAFAS") }

// coded is a concept as a CE or CWE.
func (s said) coded(c concept) string { return components(c.Value, c.Meaning, c.Scheme) }

// moment is a time to the millisecond (TS), in UTC.
func moment(t time.Time) string { return t.UTC().Format("20060102150405.000-0700") }

// studied is when the study began.
func (s said) studied() string {
	e := s.exam
	if e.StudyTime == "" {
		return e.StudyDate
	}
	return e.StudyDate + e.StudyTime + e.Zone
}
