package part10

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/suyashkumar/dicom/pkg/tag"
	textenc "golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// repertoires are the character sets without code extensions, by the number
// in "ISO_IR n" and "ISO 2022 IR n" (PS3.3 C.12.1.1.2).
var repertoires = map[string]textenc.Encoding{
	"100": charmap.ISO8859_1, "101": charmap.ISO8859_2, "109": charmap.ISO8859_3, "110": charmap.ISO8859_4,
	"144": charmap.ISO8859_5, "127": charmap.ISO8859_6, "126": charmap.ISO8859_7, "138": charmap.ISO8859_8,
	"148": charmap.ISO8859_9, "203": charmap.ISO8859_15, "166": charmap.Windows874, "13": japanese.ShiftJIS,
	"GB18030": simplifiedchinese.GB18030, "GBK": simplifiedchinese.GBK,
}

// escapes are the code extensions (PS3.3 tables C.12-3 and C.12-4): what
// follows ESC, and the set that holds until the next.
var escapes = []struct {
	sequence string
	set      textenc.Encoding // nil: ASCII
	prefix   string           // what the decoder wants to see before the text
}{
	{"(B", nil, ""}, {"(J", nil, ""},
	{")I", japanese.ShiftJIS, ""},
	{"-A", charmap.ISO8859_1, ""}, {"-B", charmap.ISO8859_2, ""}, {"-C", charmap.ISO8859_3, ""},
	{"-D", charmap.ISO8859_4, ""}, {"-L", charmap.ISO8859_5, ""}, {"-G", charmap.ISO8859_6, ""},
	{"-F", charmap.ISO8859_7, ""}, {"-H", charmap.ISO8859_8, ""}, {"-M", charmap.ISO8859_9, ""},
	{"-b", charmap.ISO8859_15, ""}, {"-T", charmap.Windows874, ""},
	{"$B", japanese.ISO2022JP, "\x1b$B"}, {"$(D", japanese.ISO2022JP, "\x1b$(D"},
	{"$)C", korean.EUCKR, ""}, {"$)A", simplifiedchinese.GBK, ""},
}

// Text returns the first value of a text element at the top level in UTF-8,
// decoded by SpecificCharacterSet (0008,0005); false where it is absent or
// empty. What does not decode becomes U+FFFD: a wrongly declared set is no
// reason to refuse an image, and String still has the bytes.
func (f *File) Text(t tag.Tag) (string, bool) {
	for _, v := range f.Elements().Texts(t, f.Strings(tag.SpecificCharacterSet)) {
		return v, v != ""
	}
	return "", false
}

// DecodeText returns raw in UTF-8. sets are the values of
// SpecificCharacterSet that hold for it; none means ASCII.
func DecodeText(sets []string, raw string) string {
	if isASCII(raw) {
		return raw
	}
	var first textenc.Encoding
	if len(sets) > 0 {
		name := sets[0]
		if name == "ISO_IR 192" {
			return strings.ToValidUTF8(raw, "\uFFFD")
		}
		name = strings.TrimPrefix(strings.TrimPrefix(name, "ISO_IR "), "ISO 2022 IR ")
		first = repertoires[name]
	}
	var out strings.Builder
	for raw != "" {
		if raw[0] == 0x1b {
			n := decodeEscaped(&out, raw)
			raw = raw[n:]
			continue
		}
		n := strings.IndexByte(raw, 0x1b)
		if n < 0 {
			n = len(raw)
		}
		out.WriteString(decodeWith(first, "", raw[:n]))
		raw = raw[n:]
	}
	return out.String()
}

// decodeEscaped decodes one stretch that starts with ESC, and returns its
// length. The first set returns at the end of a line and of a component of a
// name (PS3.5 section 6.1.2.5.3).
func decodeEscaped(out *strings.Builder, raw string) int {
	for _, e := range escapes {
		if !strings.HasPrefix(raw[1:], e.sequence) {
			continue
		}
		start := 1 + len(e.sequence)
		end, stops := len(raw), "\x1b\r\n\f^=\\"
		if e.prefix != "" {
			stops = "\x1b\r\n\f" // the others are halves of characters there
		}
		if i := strings.IndexAny(raw[start:], stops); i >= 0 {
			end = start + i
		}
		out.WriteString(decodeWith(e.set, e.prefix, raw[start:end]))
		return end
	}
	out.WriteRune(utf8.RuneError)
	return 1
}

func decodeWith(set textenc.Encoding, prefix, raw string) string {
	if set == nil {
		// Undeclared: UTF-8 is the likely error, and rarely right by accident.
		return strings.ToValidUTF8(raw, "\uFFFD")
	}
	b, err := set.NewDecoder().Bytes(append([]byte(prefix), raw...))
	if err != nil {
		return strings.ToValidUTF8(raw, "\uFFFD")
	}
	return string(bytes.ToValidUTF8(b, []byte("\uFFFD")))
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf || s[i] == 0x1b {
			return false
		}
	}
	return true
}
