package dicomio

import (
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/part10"
)

// characterSets are the defined terms of Specific Character Set (0008,0005)
// (PS3.3 C.12.1.1.2) by the number or word that single and code extension
// terms share. UTF-8 and ASCII need no entry.
var characterSets = map[string]encoding.Encoding{
	"100": charmap.ISO8859_1, "101": charmap.ISO8859_2, "109": charmap.ISO8859_3, "110": charmap.ISO8859_4,
	"144": charmap.ISO8859_5, "127": charmap.ISO8859_6, "126": charmap.ISO8859_7, "138": charmap.ISO8859_8,
	"148": charmap.ISO8859_9, "203": charmap.ISO8859_15, "166": charmap.Windows874,
	"13": japanese.ShiftJIS, "87": japanese.ISO2022JP, "159": japanese.ISO2022JP,
	"149": korean.EUCKR, "58": simplifiedchinese.HZGB2312,
	"GB18030": simplifiedchinese.GB18030, "GBK": simplifiedchinese.GBK,
}

// text returns all values of a text element as one string of valid UTF-8, so
// that one name in two character sets compares equal and every value can be
// sent on. With code extensions the first set that is more than ASCII is
// taken for all.
func text(f *part10.File, t tag.Tag) string {
	raw := strings.Join(f.Strings(t), `\`)
	if isASCII(raw) && !strings.Contains(raw, "\x1b") {
		return raw
	}
	sets := f.Strings(tag.SpecificCharacterSet)
	if slices.Contains(sets, "ISO_IR 192") && utf8.ValidString(raw) {
		return raw
	}
	for _, set := range sets {
		name := set[strings.LastIndexByte(set, ' ')+1:]
		if enc, ok := characterSets[name]; ok {
			if s, err := enc.NewDecoder().String(raw); err == nil {
				return s
			}
		}
	}
	if utf8.ValidString(raw) {
		return raw
	}
	// Undeclared bytes beyond ASCII: Latin 1 is what they mostly are, and it
	// never fails.
	s, _ := charmap.ISO8859_1.NewDecoder().String(raw)
	return s
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= utf8.RuneSelf })
}
