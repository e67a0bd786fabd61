package review

import (
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
)

// Kinds are what a reader may say that a nodule is, as measure.Kind spells them.
var Kinds = []string{"solid", "part-solid", "ground-glass", "calcified"}

// Categories are the Lung-RADS categories that a reader may give.
var Categories = []string{"0", "1", "2", "3", "4A", "4B", "4X"}

const (
	// mostDiameterMM and mostPlaceMM are beyond any chest, and any scanner.
	mostDiameterMM = 300.0
	mostPlaceMM    = 10000.0
	// mostPixel is beyond any image: Rows and Columns are US (PS3.3 section C.7.6.3).
	mostPixel = 1 << 16
	mostUID   = 64 // PS3.5 section 9.1
	// mostKeys bounds the results of one study.
	mostKeys = 1000
)

// clean is the action in the one form in which it is kept.
func (a Action) clean() Action {
	a.ID, a.MarkID = strings.ToLower(a.ID), strings.ToLower(a.MarkID)
	if a.Answer != nil {
		answer := *a.Answer
		answer.Comment = cleanComment(answer.Comment)
		a.Answer = &answer
	}
	if a.Mark != nil {
		mark := *a.Mark
		mark.Comment = cleanComment(mark.Comment)
		mark.ID = a.MarkID
		if a.Kind == KindAdd {
			mark.ID = a.ID
		}
		a.Mark = &mark
	}
	a.ResultKeys = slices.Clone(a.ResultKeys)
	slices.Sort(a.ResultKeys)
	if a.ResultKeys = slices.Compact(a.ResultKeys); len(a.ResultKeys) == 0 {
		a.ResultKeys = nil
	}
	return a
}

// cleanComment leaves out what turns the direction of text (UAX #9 sections 2.1 to
// 2.4), which comes along when something is pasted: in a report it would turn what
// stands behind the comment too, digits among them. A line ends in one way.
func cleanComment(text string) string {
	if !utf8.ValidString(text) {
		return text // refused
	}
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
			return -1
		case r == 0x2028, r == 0x2029:
			return '\n'
		}
		return r
	}, text))
}

// valid says whether an action is whole and means something, whatever it is about.
func (a Action) valid() error {
	if !isUUID(a.ID) {
		return invalid("id", "is no UUID: make a new one for every action")
	}
	needs := map[Kind][]string{
		KindAnswer: {"finding", "answer"}, KindAdd: {"mark"}, KindChange: {"mark", "mark_id"}, KindRemove: {"mark_id"},
		KindSign: nil, KindReopen: nil, KindUndo: {"undoes"},
	}
	need, known := needs[a.Kind]
	if !known {
		return invalid("kind", "is none of answer, add, change, remove, sign, reopen and undo")
	}
	for _, part := range []struct {
		field string
		there bool
	}{
		{"finding", a.Finding != nil}, {"answer", a.Answer != nil}, {"mark", a.Mark != nil}, {"mark_id", a.MarkID != ""}, {"undoes", a.Undoes != 0},
	} {
		switch wanted := slices.Contains(need, part.field); {
		case wanted && !part.there:
			return invalid(part.field, "is missing: %s needs it", a.Kind)
		case !wanted && part.there:
			return invalid(part.field, "does not go with %s: leave it out", a.Kind)
		}
	}
	if a.Kind != KindSign && len(a.ResultKeys) > 0 {
		return invalid("result_keys", "do not go with %s: leave them out", a.Kind)
	}
	if len(a.ResultKeys) > mostKeys {
		return invalid("result_keys", "are more than %d", mostKeys)
	}
	switch a.Kind {
	case KindAnswer:
		return a.Answer.valid()
	case KindAdd, KindChange:
		return a.Mark.valid()
	}
	return nil
}

func (a Answer) valid() error {
	switch a.Verdict {
	case "":
		if a != (Answer{}) {
			return invalid("answer.verdict", "is missing: say agree, disagree or unsure, or leave the whole answer empty to take it back")
		}
		return nil
	case Agree, Unsure:
		if a.Cause != "" {
			return invalid("answer.cause", "goes with disagree alone: leave it out")
		}
	case Disagree:
		if !slices.Contains(Causes, a.Cause) {
			return invalid("answer.cause", "is none of %s: say why you disagree", listed(Causes))
		}
		if a.Cause == CauseOther && a.Comment == "" {
			return invalid("answer.comment", "is missing: say in words what it is")
		}
	default:
		return invalid("answer.verdict", "is none of agree, disagree and unsure")
	}
	return validWords("answer", a.Kind, a.Category, a.Comment)
}

func (m Mark) valid() error {
	for _, uid := range []struct{ field, uid string }{{"mark.series_uid", m.SeriesUID}, {"mark.sop_instance_uid", m.SOPInstanceUID}} {
		if uid.uid == "" || len(uid.uid) > mostUID {
			return invalid(uid.field, "is no UID of 1 to %d characters", mostUID)
		}
	}
	for _, v := range m.CenterLPSMM {
		if !within(v, -mostPlaceMM, mostPlaceMM) {
			return invalid("mark.center_lps_mm", "is no place within %.0f mm", mostPlaceMM)
		}
	}
	if !within(m.DiameterMM, 0, mostDiameterMM) || m.DiameterMM == 0 {
		return invalid("mark.diameter_mm", "is not between 0 and %.0f mm: draw the mark as large as the nodule", mostDiameterMM)
	}
	if m.Frame < 0 {
		return invalid("mark.frame", "is below 0: frames count from 1, and 0 stands for an image without frames")
	}
	for _, v := range []float64{m.PixelColumn, m.PixelRow} {
		if !within(v, -0.5, mostPixel) {
			return invalid("mark.pixel", "is no place in an image")
		}
	}
	return validWords("mark", m.Kind, m.Category, m.Comment)
}

func validWords(of, kind, category, comment string) error {
	switch {
	case kind != "" && !slices.Contains(Kinds, kind):
		return invalid(of+".kind", "is none of %s", listed(Kinds))
	case category != "" && !slices.Contains(Categories, category):
		return invalid(of+".category", "is none of %s", listed(Categories))
	case !utf8.ValidString(comment):
		return invalid(of+".comment", "is no UTF-8 text")
	case utf8.RuneCountInString(comment) > MostComment:
		return invalid(of+".comment", "is longer than %d characters", MostComment)
	case strings.ContainsFunc(comment, func(r rune) bool { return unicode.IsControl(r) && !strings.ContainsRune("\n\r\t", r) }):
		return invalid(of+".comment", "holds a control character")
	}
	return nil
}

// isUUID: in the 36 characters of RFC 9562 section 4 alone.
func isUUID(s string) bool { return len(s) == 36 && uuid.Validate(s) == nil }

// within is false for NaN.
func within(v, low, high float64) bool { return v >= low && v <= high && !math.IsNaN(v) }

func listed[T ~string](words []T) string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = string(w)
	}
	return strings.Join(out, ", ")
}
