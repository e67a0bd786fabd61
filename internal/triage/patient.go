package triage

import "strings"

// Patient is who an instance says it is of: Patient ID (0010,0020) with its
// issuer (0010,0021), Patient's Name (0010,0010) and Birth Date (0010,0030).
// It is compared, never logged and never part of an error.
type Patient struct {
	ID, Issuer, Name, BirthDate string
}

// Normal returns p as it is compared: padding removed, names without case and
// without empty trailing components, and only their first component group
// (PS3.5 section 6.2.1.1), since the ideographic and phonetic groups are
// written by some senders of one study and not by others.
func (p Patient) Normal() Patient {
	return Patient{
		ID:        trim(p.ID),
		Issuer:    trim(p.Issuer),
		Name:      normalName(p.Name),
		BirthDate: trim(p.BirthDate),
	}
}

// Same says whether p and q may be the same person. Patient ID with its
// issuer decides first, then name and birth date; a value that is missing on
// one side contradicts nothing.
func (p Patient) Same(q Patient) bool {
	p, q = p.Normal(), q.Normal()
	return agree(p.ID, q.ID) && agree(p.Issuer, q.Issuer) &&
		agree(p.Name, q.Name) && agree(p.BirthDate, q.BirthDate)
}

// onePatient says whether all patients may be the same person.
func onePatient(patients []Patient) bool {
	for i, p := range patients {
		for _, q := range patients[i+1:] {
			if !p.Same(q) {
				return false
			}
		}
	}
	return true
}

func agree(a, b string) bool { return a == "" || b == "" || a == b }

func trim(s string) string { return strings.Trim(s, " \x00") }

func normalName(s string) string {
	for group := range strings.SplitSeq(s, "=") {
		components := strings.Split(group, "^")
		for i, c := range components {
			components[i] = strings.Join(strings.Fields(trim(c)), " ")
		}
		if name := strings.TrimRight(strings.Join(components, "^"), "^"); name != "" {
			return strings.ToUpper(name)
		}
	}
	return ""
}
