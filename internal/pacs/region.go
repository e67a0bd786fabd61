package pacs

import (
	"slices"
	"strings"

	"nafas/dicomio/match"
)

// Region says which part of the body is fetched.
type Region struct {
	// AnyRegion fetches CT of every part of the body.
	AnyRegion bool
	// Words mark a chest, in lower case, besides the usual ones.
	Words []string
}

// chestWords mark a chest in what people and scanners write, in lower case:
// words of English, French, German, Spanish and Arabic, and values of Body Part
// Examined (PS3.16 annex L).
var chestWords = []string{"chest", "thora", "torax", "tórax", "lung", "poumon", "pulm", "صدر", "رئة", "رئت", "الرئ"}

// wanted says whether a study is of the chest, as far as can be told. A study
// is passed over only where each of its CT series names a part of the body, and
// none of them this one: to read one study too many costs less than to miss
// one.
func (r Region) wanted(study match.Entry, ct []match.Entry) bool {
	if len(ct) == 0 {
		return false
	}
	if r.AnyRegion || r.chest(study.StudyDescription) {
		return true
	}
	for _, s := range ct {
		if s.BodyPart == "" || r.chest(s.BodyPart) || r.chest(s.SeriesDescription) {
			return true
		}
	}
	return false
}

func (r Region) chest(text string) bool {
	text = strings.ToLower(text)
	return slices.ContainsFunc(slices.Concat(chestWords, r.Words), func(w string) bool { return strings.Contains(text, w) })
}

// mayBeCT: where an archive does not say which modalities, it may be CT.
func mayBeCT(m match.Entry) bool {
	return len(m.Modalities) == 0 || slices.Contains(m.Modalities, "CT")
}

// countCT takes the series that are CT, or may be since the archive does not say
// what they are, and counts their instances; where the archive
// does not say how many a series has, those of the study stand for them.
func countCT(series []match.Entry, study int) (ct []match.Entry, images int) {
	said := true
	for _, s := range series {
		if !mayBeCT(s) {
			continue
		}
		ct = append(ct, s)
		images += s.Instances
		said = said && s.Instances > 0
	}
	if !said {
		images = study
	}
	return ct, images
}
