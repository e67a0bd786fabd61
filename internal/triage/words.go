package triage

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"nafas/dicomio/refusal"
	"nafas/inference/measure"
	"nafas/internal/i18n"
	"nafas/internal/triage/priority"
)

// PriorityReason is why a study has its priority, or a note that goes with it.
type PriorityReason struct {
	// Reason has no code in what versions stored that had no codes.
	priority.Reason
	// NotRead is why the study was not read, and Found what was found, in English;
	// "" where it was.
	NotRead refusal.Reason `json:",omitempty"`
	Found   string         `json:",omitempty"`
	// Text is the reason in English.
	Text string
}

// inWords fills in the text.
func (r PriorityReason) inWords() PriorityReason {
	r.Text = saying(r.Reason, phrased{i18n.Priority("en"), "en"})
	return r
}

// Words are the reason in a language (en, fr, ar); English where there are no
// words for it in the language.
func (r PriorityReason) Words(language string) string {
	words := phrased{i18n.Priority(language), language}
	switch {
	case r.Code == "" || language == "en" || language == "":
		return r.Text
	case r.Code == priority.NotRead:
		if why, ok := i18n.Reason(language, string(r.NotRead)); ok {
			return fmt.Sprintf(words.NotRead, why+" ["+r.Found+"]")
		}
		return r.Text
	}
	return saying(r.Reason, words)
}

// PriorityTexts are reasons in English.
func PriorityTexts(reasons []PriorityReason) []string { return PriorityTextsIn(reasons, "en") }

// PriorityTextsIn are reasons in a language.
func PriorityTextsIn(reasons []PriorityReason, language string) []string {
	out := make([]string, len(reasons))
	for i, r := range reasons {
		out[i] = r.Words(language)
	}
	return out
}

// phrased are the words of a language, which knows how it writes numbers.
type phrased struct {
	i18n.PriorityWords
	language string
}

// saying puts a reason into words.
func saying(r priority.Reason, w phrased) string {
	switch r.Code {
	case priority.ScanDoubtful:
		return fmt.Sprintf(w.ScanDoubtful, listed(r.Scan, w.Scan, w.Comma))
	case priority.ScanWeak:
		return fmt.Sprintf(w.ScanWeak, listed(r.Scan, w.Scan, w.Comma))
	case priority.PriorOnly:
		return w.PriorOnly
	case priority.NoMark:
		return w.NoMark
	case priority.UnderFlag:
		return fmt.Sprintf(w.UnderFlag, w.Shown.Of(len(r.Ranks)))
	case priority.NothingRaises:
		return fmt.Sprintf(w.NoRule, w.Flagged.Of(len(r.Ranks)))
	case priority.KindSpared:
		text := fmt.Sprintf(w.Spared, subject(r, w), listed(r.Kinds, w.Kinds, w.Or))
		for _, k := range r.Kinds {
			if k == measure.KindCalcified {
				text += w.PatternUnknown
			}
		}
		return text
	}
	return subject(r, w) + observed(r, w)
}

// subject counts the findings and says the conditions that they meet.
func subject(r priority.Reason, w phrased) string {
	c := r.Rule
	var b strings.Builder
	b.WriteString(counted(r, w))
	say := func(holds bool, form string, args ...any) {
		if holds {
			fmt.Fprintf(&b, form, args...)
		}
	}
	say(c.SizeMM > 0, w.Size, w.number(c.SizeMM))
	say(len(c.Kinds) > 0, w.OfKind, listed(c.Kinds, w.Kinds, w.Or))
	say(c.SolidPartMM > 0, w.SolidPart, w.number(c.SolidPartMM))
	say(len(c.Changes) > 0, w.OfChange, listed(c.Changes, w.Changes, w.Or))
	say(c.DoublingDays > 0, w.Doubling, days(c.DoublingDays, w))
	say(c.GrownMM > 0, w.Grown, w.number(c.GrownMM))
	say(c.WithinDays > 0, w.Within, days(float64(c.WithinDays), w))
	return b.String()
}

func counted(r priority.Reason, w phrased) string {
	switch r.Rule.Point {
	case priority.Quarter:
		return w.Strict.Of(len(r.Ranks))
	case priority.One:
		return w.Flagged.Of(len(r.Ranks))
	}
	return w.Shown.Of(len(r.Ranks))
}

// observed says the numbers of the findings that meet the rule.
func observed(r priority.Reason, w phrased) string {
	out := ""
	switch by := w.Detector; {
	case r.Code == priority.FindingFlagged && r.LargestMM < priority.FollowUpMM:
		out = fmt.Sprintf(w.AllUnder, w.number(priority.FollowUpMM))
	case r.Code == priority.FindingSolidPart:
		out = fmt.Sprintf(w.LargestSolid, w.decimal(r.LargestSolidMM))
	default:
		if r.LargestMeasured {
			by = w.Measured
		}
		out = fmt.Sprintf(w.Largest, w.decimal(r.LargestMM), by)
	}
	if r.Rule.DoublingDays > 0 {
		out += fmt.Sprintf(w.Fastest, days(r.DoublingDays, w), band(r))
	}
	if len(r.Scan) > 0 {
		out += fmt.Sprintf(w.AndScan, listed(r.Scan, w.Scan, w.Comma))
	}
	return out
}

// band is that of a doubling time; it may have no end.
func band(r priority.Reason) string {
	if r.DoublingDaysLong == 0 {
		return fmt.Sprintf("≥ %.0f", r.DoublingDaysShort)
	}
	return fmt.Sprintf("%.0f-%.0f", r.DoublingDaysShort, r.DoublingDaysLong)
}

func days(n float64, w phrased) string { return w.Days.Of(int(math.Round(n))) }

func (w phrased) decimal(mm float64) string {
	return i18n.Decimal(w.language, strconv.FormatFloat(mm, 'f', 1, 64))
}

func (w phrased) number(mm float64) string {
	return i18n.Decimal(w.language, strconv.FormatFloat(mm, 'f', -1, 64))
}

// listed are words in a row; a word that the language lacks stands as it is.
func listed[T ~string](codes []T, words map[string]string, between string) string {
	out := make([]string, len(codes))
	for i, code := range codes {
		if out[i] = words[string(code)]; out[i] == "" {
			out[i] = string(code)
		}
	}
	return strings.Join(out, between)
}
