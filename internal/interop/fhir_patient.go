package interop

import (
	"nafas/dicomio"
	"nafas/dicomio/part10"
)

func (s said) patientHead() head {
	return s.head("Patient", part10.NameUID("interop 1", "patient", s.Study.UID))
}

// patient is as the image names it.
func (s said) patient() patient {
	p := patient{head: s.patientHead(), Name: humanNames(s.exam.PersonName), BirthDate: fhirDate(s.exam.BirthDate)}
	if id := printable(s.exam.Patient.ID); id != "" {
		kind := table("v2-0203", "PI", "Patient internal identifier")
		known := identifier{Type: &kind, Value: id}
		if issuer := printable(s.exam.Patient.Issuer); issuer != "" {
			known.Assigner = &reference{Display: issuer}
		}
		p.Identifier = []identifier{known}
	}
	p.Gender = map[string]string{"M": "male", "F": "female", "O": "other"}[s.exam.Sex]
	return p
}

// humanNames are the scripts of a name (PS3.5 section 6.2.1.1), each marked as
// ISO 21090 has it where there is more than the alphabetic one.
func humanNames(n dicomio.PersonName) (out []humanName) {
	marked := n.Ideographic != dicomio.NameParts{} || n.Phonetic != dicomio.NameParts{}
	for _, group := range []struct {
		parts dicomio.NameParts
		code  string
	}{{n.Alphabetic, "ABC"}, {n.Ideographic, "IDE"}, {n.Phonetic, "SYL"}} {
		if (group.parts == dicomio.NameParts{}) {
			continue
		}
		name := humanName{
			Family: printable(group.parts.Family), Given: present(group.parts.Given, group.parts.Middle),
			Prefix: present(group.parts.Prefix), Suffix: present(group.parts.Suffix),
		}
		if marked {
			name.Extension = []extension{{"http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation", group.code}}
		}
		out = append(out, name)
	}
	return out
}

// present are those that are not empty, printable.
func present(values ...string) (out []string) {
	for _, v := range values {
		if v = printable(v); v != "" {
			out = append(out, v)
		}
	}
	return out
}
