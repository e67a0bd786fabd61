package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/part10"
)

// Subject is the patient and the study, as an image of it names them. Objects
// of the same study must agree in these attributes to the letter.
type Subject struct {
	elems part10.Elements
	// utf8: all text could be written in UTF-8 without loss.
	utf8 bool
	sets []string
}

// shared are the attributes of the patient and study modules that are handed
// on (PS3.3 C.7.1.1, C.7.2.1), and those of them that must be there, if empty.
var shared = []struct {
	tag    tag.Tag
	needed bool
}{
	{tag.PatientName, true}, {tag.PatientID, true}, {tag.IssuerOfPatientID, false}, {tag.PatientBirthDate, true},
	{tag.PatientSex, true}, {tag.StudyInstanceUID, true}, {tag.StudyDate, true}, {tag.StudyTime, true},
	{tag.ReferringPhysicianName, true}, {tag.StudyID, true}, {tag.AccessionNumber, true}, {tag.StudyDescription, false},
}

// SubjectOf takes patient and study from the elements of an image.
func SubjectOf(elems part10.Elements) Subject {
	s := Subject{elems: elems, utf8: true, sets: elems.Strings(tag.SpecificCharacterSet)}
	for _, a := range shared {
		if strings.ContainsRune(part10.DecodeText(s.sets, elems.Raw(a.tag)), '\uFFFD') {
			s.utf8 = false
		}
	}
	return s
}

// fill writes the modules: in UTF-8, or where that would lose something in the
// bytes and the character set of the source.
func (s Subject) fill(b *part10.Builder) {
	switch {
	case s.utf8:
		b.Text(tag.SpecificCharacterSet, "ISO_IR 192")
	case len(s.sets) > 0:
		b.Text(tag.SpecificCharacterSet, s.sets...)
	}
	if offset, ok := s.elems.String(tag.TimezoneOffsetFromUTC); ok {
		b.Text(tag.TimezoneOffsetFromUTC, offset)
	}
	for _, a := range shared {
		if values, ok := s.text(a.tag); ok || a.needed {
			b.Text(a.tag, values...)
		}
	}
}

// text is what the image says, in the character set that is written.
func (s Subject) text(t tag.Tag) (values []string, ok bool) {
	if s.utf8 {
		values = s.elems.Texts(t, s.sets)
	} else if raw := s.elems.Raw(t); raw != "" {
		values = []string{raw}
	}
	return values, values != nil
}

// name is all that objects say of the subject, in one text.
func (s Subject) name() string {
	of := []tag.Tag{
		tag.TimezoneOffsetFromUTC, tag.LossyImageCompression, tag.LossyImageCompressionRatio, tag.LossyImageCompressionMethod,
	}
	for _, a := range shared {
		of = append(of, a.tag)
	}
	said := fmt.Sprintf("%t %q", s.utf8, s.sets)
	for _, t := range of {
		values, _ := s.text(t)
		said += fmt.Sprintf(" %q", values)
	}
	return said
}

// compression writes that the images went through a lossy compression, if they
// did: what is derived from them did too (PS3.3 C.7.6.1.1.5).
func (s Subject) compression(b *part10.Builder) {
	if once, _ := s.elems.String(tag.LossyImageCompression); once != "01" {
		b.Text(tag.LossyImageCompression, "00")
		return
	}
	b.Text(tag.LossyImageCompression, "01")
	for _, t := range []tag.Tag{tag.LossyImageCompressionRatio, tag.LossyImageCompressionMethod} {
		if values, ok := s.text(t); ok {
			b.Text(t, values...)
		}
	}
}

// Language is the one that is written in where l is asked for: where the text is not in UTF-8, only
// English fits every character set.
func (s Subject) Language(l Language) Language {
	if !s.utf8 {
		return English
	}
	return l
}

// zone is the one in which times are written: the offset of the images, since
// it holds for the times of the study too (PS3.3 C.12.1.1.8); without one, this
// machine's.
func (s Subject) zone() *time.Location {
	offset, _ := s.elems.String(tag.TimezoneOffsetFromUTC)
	if at, err := time.Parse("-0700", offset); err == nil {
		return at.Location()
	}
	return time.Local
}

func (s Subject) studyUID() string {
	uid, _ := s.elems.String(tag.StudyInstanceUID)
	return uid
}
