package interop

import (
	"fmt"
	"strings"
)

// The delimiters of HL7 v2 (v2.5.1 section 2.5.4) that every message has, and
// what stands for them in a value (2.7.1).
const (
	fieldMark      = "|"
	componentMark  = "^"
	repetitionMark = "~"
	encodingMarks  = `^~\&`
)

var escapes = map[rune]string{'|': `\F\`, '^': `\S\`, '&': `\T\`, '~': `\R\`, '\\': `\E\`}

// escaped is a value in which nothing is taken for structure: not by the
// reader of the message, and not by the framing of MLLP. Control characters,
// line breaks among them, become their hexadecimal escapes (2.7.6).
func escaped(value string) string {
	var out strings.Builder
	for _, r := range strings.ToValidUTF8(value, "\uFFFD") {
		switch mark, ok := escapes[r]; {
		case ok:
			out.WriteString(mark)
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&out, `\X%02X\`, r)
		case r == 0x85 || r == 0x2028 || r == 0x2029: // breaks a line for some readers
			out.WriteByte(' ')
		default:
			out.WriteRune(r)
		}
	}
	return out.String()
}

// components makes a field of its parts; those that are empty at its end are
// left out.
func components(parts ...string) string {
	out := make([]string, len(parts))
	for i, p := range parts {
		out[i] = escaped(p)
	}
	return strings.TrimRight(strings.Join(out, componentMark), componentMark)
}

// segment is a segment's fields by their number in the standard; values are
// encoded.
type segment struct {
	name   string
	fields map[int]string
}

func (s segment) write(out *strings.Builder) {
	last := 0
	for n, value := range s.fields {
		if value != "" {
			last = max(last, n)
		}
	}
	first := 1
	if out.WriteString(s.name); s.name == "MSH" {
		first = 2 // MSH-1 is the mark itself
	}
	for n := first; n <= last; n++ {
		out.WriteString(fieldMark + s.fields[n])
	}
	out.WriteByte('\r')
}

// message is its segments, each with a carriage return at its end.
func message(segments []segment) string {
	var out strings.Builder
	for _, s := range segments {
		s.write(&out)
	}
	return out.String()
}
