package report

import (
	"cmp"
	"fmt"
	"math"
	"strings"
	"time"
	"unicode"

	"nafas/dicomio/refusal"
	"nafas/inference/froc"
	"nafas/internal/i18n"
	"nafas/internal/rescore"
	"nafas/internal/rescore/compare"
)

// speaker says things in one language.
type speaker struct {
	language string
	words    i18n.RescoringWords
}

func speakerOf(language string) (speaker, error) {
	language = cmp.Or(language, "en")
	for _, l := range Languages() {
		if l == language {
			return speaker{l, i18n.Rescoring(l)}, nil
		}
	}
	return speaker{}, fmt.Errorf("%w: %q", ErrLanguage, language)
}

// none stands where there is no figure.
const none = "–"

func (s speaker) count(n int) string { return i18n.Number(s.language, float64(n), 0) }

func (s speaker) number(v float64, decimals int) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return none
	}
	return i18n.Number(s.language, v, decimals)
}

// signed is a change, with its sign where it is not 0.
func (s speaker) signed(v float64, decimals int) string {
	text := s.number(v, decimals)
	if v > 0 && strings.Trim(text, "0.,") != "" {
		return "+" + text
	}
	return text
}

func (s speaker) percent(share float64, decimals int) string {
	if math.IsNaN(share) || math.IsInf(share, 0) {
		return none
	}
	return i18n.Percent(s.language, share, decimals)
}

// share is part of whole in percent.
func (s speaker) share(part, whole int) string {
	return s.percent(float64(part)/float64(whole), 1)
}

// band is an interval in brackets, parted as the review page does.
func (s speaker) band(low, high string) string {
	if low == none || high == none {
		return none
	}
	between := " ; "
	if s.language == "en" {
		between = ", "
	}
	return "[" + low + between + high + "]"
}

func (s speaker) percentBand(b froc.Bounds) string {
	return s.band(s.percent(float64(b[0]), 1), s.percent(float64(b[1]), 1))
}

func (s speaker) date(dicom, missing string) string {
	if dicom == "" {
		return missing
	}
	return clean(i18n.Date(s.language, dicom))
}

// moment is in UTC.
func (s speaker) moment(t time.Time) string { return i18n.Moment(s.language, t.UTC()) }

// fill puts names and figures into a sentence, each apart from the direction of what
// is around it.
func (s speaker) fill(sentence string, parts ...string) string {
	filled := make([]any, len(parts))
	for i, p := range parts {
		filled[i] = isolated(p)
	}
	return fmt.Sprintf(sentence, filled...)
}

// isolated is a text whose direction ends with it: FSI and PDI of Unicode's
// bidirectional algorithm (UAX 9). Figures have none of their own.
func isolated(text string) string {
	text = clean(text)
	if !strings.ContainsFunc(text, unicode.IsLetter) {
		return text
	}
	return "\u2068" + text + "\u2069"
}

// clean is text that a page can hold: valid UTF-8, without characters that control
// the direction or the layout of what is around.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r < ' ', r == 0x7f, r >= 0x80 && r < 0xa0:
			return ' '
		case r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
}

// cleanLines is clean text of several lines.
func cleanLines(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = clean(lines[i])
	}
	return strings.Join(lines, "\n")
}

// reason is what a code of a refusal, or of a state, means; the code itself where
// there are no words for it, so that nothing is hidden.
func (s speaker) reason(code string) string {
	if words, ok := i18n.Reason(s.language, code); ok {
		return words
	}
	if words, ok := s.words.Accounts.States[code]; ok {
		return words
	}
	return cmp.Or(clean(code), s.words.Accounts.NoReason)
}

func (s speaker) remedy(code string) string {
	words, _ := i18n.Remedy(s.language, code)
	return cmp.Or(words, none)
}

// failed says whether an input with this reason failed.
func failed(reason string) bool { return rescore.StateOf(refusal.Reason(reason)) == rescore.Failed }

// word is that of a code; the code where there is none.
func word(words map[string]string, code string) string { return cmp.Or(words[code], clean(code)) }

// group is the name of a stratum.
func (s speaker) group(name string) string {
	if name == compare.Others {
		return s.words.Changes.Others
	}
	if words, ok := i18n.Stratum(s.language, name); ok {
		return words
	}
	return clean(name)
}
