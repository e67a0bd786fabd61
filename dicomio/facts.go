package dicomio

import (
	"strconv"
	"strings"
	"time"

	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/part10"
)

// Facts are what an image says of the patient that guidelines ask for. As a
// Patient they are never logged, and never part of an error.
type Facts struct {
	// AgeYears is the age at the study in whole years, 0 to 130; it means nothing
	// unless HasAge.
	AgeYears int
	HasAge   bool
	// Sex is (0010,0040): M, F, O or "".
	Sex string
}

// FactsOf are the facts on which all images agree; one that some do not give is
// that of the others.
func FactsOf(images []*Instance) Facts {
	var out Facts
	ages, sexes := map[int]bool{}, map[string]bool{}
	for _, in := range images {
		if in.Facts.HasAge {
			ages[in.Facts.AgeYears] = true
			out.AgeYears, out.HasAge = in.Facts.AgeYears, true
		}
		if in.Facts.Sex != "" {
			sexes[in.Facts.Sex] = true
			out.Sex = in.Facts.Sex
		}
	}
	if len(ages) > 1 {
		out.AgeYears, out.HasAge = 0, false
	}
	if len(sexes) > 1 {
		out.Sex = ""
	}
	return out
}

// readFacts takes Patient's Age (0010,1010), or else the years between birth
// date and study date. Where both are there and differ by more than a year, the
// age is not known.
func readFacts(el part10.Elements) Facts {
	var out Facts
	if sex := strings.ToUpper(first(el, tag.PatientSex)); sex == "M" || sex == "F" || sex == "O" {
		out.Sex = sex
	}
	said, hasSaid := ageString(first(el, tag.PatientAge))
	counted, hasCounted := yearsBetween(date(first(el, tag.PatientBirthDate)), date(first(el, tag.StudyDate)))
	switch {
	case hasSaid && hasCounted && (said-counted > 1 || counted-said > 1):
		return out
	case hasSaid:
		out.AgeYears, out.HasAge = said, true
	case hasCounted:
		out.AgeYears, out.HasAge = counted, true
	}
	return out
}

const oldest = 130

// ageString is a value of VR AS (PS3.5 section 6.2): nnnD, nnnW, nnnM, nnnY.
func ageString(s string) (years int, ok bool) {
	if len(s) != 4 {
		return 0, false
	}
	n, err := strconv.ParseUint(s[:3], 10, 16)
	if err != nil {
		return 0, false
	}
	switch s[3] {
	case 'D':
		return int(n) / 365, true
	case 'W':
		return int(n) / 52, true
	case 'M':
		return int(n) / 12, true
	case 'Y':
		return int(n), n <= oldest
	}
	return 0, false
}

// yearsBetween are the whole years from a date to another, both YYYYMMDD.
func yearsBetween(from, to string) (int, bool) {
	a, errA := time.Parse("20060102", from)
	b, errB := time.Parse("20060102", to)
	if errA != nil || errB != nil {
		return 0, false
	}
	years := b.Year() - a.Year()
	if b.Month() < a.Month() || b.Month() == a.Month() && b.Day() < a.Day() {
		years--
	}
	return years, years >= 0 && years <= oldest
}
