package triage

import (
	"slices"

	"nafas/dicomio"
)

// Patient is who an instance says it is of. It is compared, never logged and
// never part of an error.
type Patient = dicomio.Patient

// onePatient says whether all records are known to be of one person, by
// dicomio.SamePatient. Records that are equal letter for letter are, even
// where they are empty.
func onePatient(records []Patient) bool {
	var distinct []Patient
	for _, p := range records {
		if !slices.Contains(distinct, p) {
			distinct = append(distinct, p)
		}
	}
	for i, p := range distinct {
		for _, q := range distinct[i+1:] {
			if !dicomio.SamePatient(p, q) {
				return false
			}
		}
	}
	return true
}
