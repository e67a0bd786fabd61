package dicomio

import (
	"strings"
	"time"

	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/part10"
)

// Examination is by what other systems than a PACS know a study: whose it is
// and which order it answers. As a Patient it is never logged, and never part
// of an error. Text is UTF-8; what is absent or not valid is "".
type Examination struct {
	StudyUID, SeriesUID string
	// FrameOfReferenceUID is (0020,0052) of the image.
	FrameOfReferenceUID string
	Patient             Patient
	// PersonName is Patient.Name in its parts.
	PersonName PersonName
	// BirthDate is (0010,0030), YYYYMMDD.
	BirthDate string
	// Sex is (0010,0040): M, F or O.
	Sex string
	// AccessionNumber is (0008,0050), by which an information system knows
	// the order.
	AccessionNumber string
	// StudyDate is (0008,0020), YYYYMMDD; StudyTime is (0008,0030), HHMMSS, and
	// "" without a date.
	StudyDate, StudyTime string
	// Zone is (0008,0201), +HHMM or -HHMM: the offset of StudyTime from UTC.
	Zone string
	// Institution is (0008,0080), where the images were made; "" where they do not
	// say.
	Institution string
}

// PersonName is a name of VR PN (PS3.5 section 6.2.1.1): the same name in up
// to three scripts.
type PersonName struct{ Alphabetic, Ideographic, Phonetic NameParts }

// NameParts are the five components of one group.
type NameParts struct{ Family, Given, Middle, Prefix, Suffix string }

// Examine reads what an image says of its examination. It fails as Identify
// does.
func Examine(f *part10.File) (Examination, error) {
	in, err := Identify(f)
	if err != nil {
		return Examination{}, err
	}
	el := f.Elements()
	e := Examination{
		StudyUID: in.StudyUID, SeriesUID: in.SeriesUID, FrameOfReferenceUID: in.FrameOfReferenceUID,
		Patient: in.Patient, PersonName: personName(in.Patient.Name), BirthDate: date(in.Patient.BirthDate),
		AccessionNumber: text(f, tag.AccessionNumber), StudyDate: date(in.StudyDate),
		Zone: valid("-0700", first(el, tag.TimezoneOffsetFromUTC)), Institution: text(f, tag.InstitutionName),
	}
	if sex := strings.ToUpper(first(el, tag.PatientSex)); sex == "M" || sex == "F" || sex == "O" {
		e.Sex = sex
	}
	if e.StudyDate != "" {
		e.StudyTime = clock(first(el, tag.StudyTime))
	}
	return e, nil
}

// personName splits a PN value.
func personName(pn string) PersonName {
	groups := append(strings.SplitN(pn, "=", 3), "", "", "")
	return PersonName{nameParts(groups[0]), nameParts(groups[1]), nameParts(groups[2])}
}

func nameParts(group string) NameParts {
	c := append(strings.SplitN(group, "^", 5), "", "", "", "", "")
	for i := range c {
		c[i] = strings.TrimSpace(c[i])
	}
	return NameParts{Family: c[0], Given: c[1], Middle: c[2], Prefix: c[3], Suffix: c[4]}
}

// date is a DA value, or one of the old form YYYY.MM.DD, as YYYYMMDD.
func date(s string) string {
	if len(s) == len("YYYY.MM.DD") {
		s = strings.ReplaceAll(s, ".", "")
	}
	return valid("20060102", s)
}

// clock is a TM value, or one of the old form HH:MM:SS, to the second: HHMMSS.
// Where only hours and minutes are given nothing is assumed of the rest.
func clock(s string) string {
	s, _, _ = strings.Cut(strings.ReplaceAll(s, ":", ""), ".")
	return valid("150405", s)
}

// valid is s where it has the layout, else "".
func valid(layout, s string) string {
	if at, err := time.Parse(layout, s); err != nil || at.Format(layout) != s {
		return ""
	}
	return s
}
