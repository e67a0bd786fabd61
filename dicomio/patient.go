package dicomio

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"nafas/dicomio/refusal"
)

// Patient is what tells two patients apart. It is compared and stored, never
// logged, and never part of an error.
type Patient struct {
	// ID is (0010,0020); Issuer is (0010,0021), the domain in which it is
	// unique.
	ID, Issuer string
	// Name is (0010,0010) as PS3.5 6.2.1 writes it; BirthDate is YYYYMMDD.
	Name, BirthDate string
}

// SamePatient says whether a and b are known to be one patient.
//
//   - Both have an ID, and the issuers agree or one of them is not given:
//     the IDs must be equal, and name and birth date must not contradict each
//     other (each is compared where both sides have it).
//   - Otherwise (no ID, or two issuers, across which an ID means nothing):
//     name and birth date must be there on both sides and be equal.
//
// Names are compared by the words of family and given name, whatever their
// case, accents, order and punctuation; ideographic and phonetic groups count
// where both sides have them and no alphabetic group. Two records without
// anything in them are not known to be one patient.
func SamePatient(a, b Patient) bool {
	idA, idB := strings.Trim(a.ID, " \x00"), strings.Trim(b.ID, " \x00")
	issuerA, issuerB := strings.Trim(a.Issuer, " \x00"), strings.Trim(b.Issuer, " \x00")
	name := compareNames(a.Name, b.Name)
	birth := compareText(digits(a.BirthDate), digits(b.BirthDate))
	if idA != "" && idB != "" && (issuerA == issuerB || issuerA == "" || issuerB == "") {
		return idA == idB && name != differ && birth != differ
	}
	return name == agree && birth == agree
}

// OnePatient says whether all records are known to be of one patient. Those
// that are equal letter for letter are, even where they are empty, as in
// de-identified data.
func OnePatient(records []Patient) bool {
	distinct := distinctPatients(records)
	for i, a := range distinct {
		for _, b := range distinct[i+1:] {
			if !SamePatient(a, b) {
				return false
			}
		}
	}
	return true
}

func distinctPatients(records []Patient) []Patient {
	var distinct []Patient
	for _, p := range records {
		if !slices.Contains(distinct, p) {
			distinct = append(distinct, p)
		}
	}
	return distinct
}

// CheckPatients refuses a study whose instances name more than one patient
// (PATIENT_MISMATCH), by OnePatient.
func CheckPatients(instances []*Instance) error {
	records := make([]Patient, len(instances))
	for i, in := range instances {
		records[i] = in.Patient
	}
	if distinct := distinctPatients(records); !OnePatient(distinct) {
		return refusal.New(refusal.PatientMismatch,
			"find out which patient the study belongs to, correct it in the archive and send it again",
			"one study with %d records of a patient that do not agree in ID, issuer, name or birth date", len(distinct))
	}
	return nil
}

type agreement int

const (
	unknown agreement = iota // one side says nothing
	agree
	differ
)

func compareText(a, b string) agreement {
	switch {
	case a == "" || b == "":
		return unknown
	case a == b:
		return agree
	}
	return differ
}

func compareNames(a, b string) agreement {
	groupsA, groupsB := strings.Split(a, "="), strings.Split(b, "=")
	for g := range min(len(groupsA), len(groupsB)) {
		if c := compareText(nameKey(groupsA[g]), nameKey(groupsB[g])); c != unknown {
			return c
		}
	}
	return unknown
}

// nameKey is the sorted words of family and given name (the first two of the
// five components): workstations reorder and drop the others freely.
func nameKey(group string) string {
	parts := strings.Split(group, "^")
	words := strings.FieldsFunc(plain(strings.Join(parts[:min(2, len(parts))], " ")), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
	slices.Sort(words)
	return strings.Join(words, " ")
}

// plain folds case, accents and outer spaces.
func plain(s string) string {
	decomposed := norm.NFKD.String(strings.TrimSpace(strings.Trim(s, "\x00")))
	return strings.ToLower(strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, decomposed))
}

// digits reads YYYYMMDD and the old form YYYY.MM.DD (PS3.5 6.2) alike.
func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}
