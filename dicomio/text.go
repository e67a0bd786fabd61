package dicomio

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/part10"
)

// text returns all values of a text element as one string of valid UTF-8, so
// that one name in two character sets compares equal and every value can be
// sent on.
func text(f *part10.File, t tag.Tag) string {
	return decodeText(f.Strings(tag.SpecificCharacterSet), f.Elements().Raw(t))
}

// decodeText is part10.DecodeText, with a guess where the set is not the one
// that is declared, or none is.
func decodeText(sets []string, raw string) string {
	s := part10.DecodeText(sets, raw)
	if !strings.ContainsRune(s, utf8.RuneError) {
		return s
	}
	// Not of the set that is declared, or of none. Replacement characters
	// would make one name of two.
	if utf8.ValidString(raw) {
		return raw
	}
	// Undeclared bytes beyond ASCII: Latin 1 is what they mostly are, and it
	// never fails.
	s, _ = charmap.ISO8859_1.NewDecoder().String(raw)
	return s
}
