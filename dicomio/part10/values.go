package part10

import (
	"encoding/binary"
	"math"
	"strconv"
	"strings"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"
)

// Elements are the elements of a data set or of one item of a sequence.
type Elements []*dicom.Element

// Elements returns the file's elements at the top level, with the file meta
// group.
func (f *File) Elements() Elements { return f.Dataset.Elements }

// String is Elements.String.
func (f *File) String(t tag.Tag) (string, bool) { return f.Elements().String(t) }

// Strings is Elements.Strings.
func (f *File) Strings(t tag.Tag) []string { return f.Elements().Strings(t) }

// Int is Elements.Int.
func (f *File) Int(t tag.Tag) (int, bool) { return f.Elements().Int(t) }

// Floats is Elements.Floats.
func (f *File) Floats(t tag.Tag) ([]float64, error) { return f.Elements().Floats(t) }

// Sequence is Elements.Sequence.
func (f *File) Sequence(t tag.Tag) []Elements { return f.Elements().Sequence(t) }

// Find returns the element at this level, nil where there is none.
func (es Elements) Find(t tag.Tag) *dicom.Element {
	for _, e := range es {
		if e.Tag == t {
			return e
		}
	}
	return nil
}

// String returns the first value of a text element without its padding; false
// where the element is absent or empty, or holds no text.
func (es Elements) String(t tag.Tag) (string, bool) {
	for _, v := range es.Strings(t) {
		return v, v != ""
	}
	return "", false
}

// Strings returns the values of a text element, each without its padding;
// nil where the element is absent or empty, or holds no text. Values may be
// empty.
func (es Elements) Strings(t tag.Tag) []string {
	raw := es.rawValues(t)
	out := make([]string, len(raw))
	empty := true
	for i, s := range raw {
		out[i] = strings.Trim(s, " \x00\r\n\t")
		empty = empty && out[i] == ""
	}
	if empty {
		return nil
	}
	return out
}

// rawValues are what lies between the backslashes of a text element, with its
// padding; nil where the element is absent, or holds no text.
func (es Elements) rawValues(t tag.Tag) []string {
	e := es.Find(t)
	if e == nil {
		return nil
	}
	switch v := e.Value.GetValue().(type) {
	case []string:
		return v
	case []byte:
		if vrOf(e).kind == kindText {
			return strings.Split(string(v), `\`)
		}
	}
	return nil
}

// Raw returns a text element as it is stored, all values with the backslashes
// between them, without padding at its ends; "" where it is absent or empty, or
// holds no text. Strings takes it apart before it is decoded, and in some
// character sets a byte like a backslash is half of a letter (PS3.5 section
// 6.1.2.4).
func (es Elements) Raw(t tag.Tag) string {
	return strings.Trim(strings.Join(es.rawValues(t), `\`), " \x00\r\n\t")
}

// Texts returns the values of a text element in UTF-8, decoded by the given
// values of SpecificCharacterSet, each without its padding; nil where it is
// absent or empty, or holds no text.
func (es Elements) Texts(t tag.Tag, sets []string) []string {
	raw := es.Raw(t)
	if raw == "" {
		return nil
	}
	values := strings.Split(DecodeText(sets, raw), `\`)
	for i, v := range values {
		values[i] = strings.Trim(v, " \x00\r\n\t")
	}
	return values
}

// Int returns the first value of a binary integer, IS, or integral DS
// element; false where there is none or it is not a whole number.
func (es Elements) Int(t tag.Tag) (int, bool) {
	v, err := es.Floats(t)
	if err != nil || len(v) == 0 || v[0] != math.Trunc(v[0]) || math.Abs(v[0]) > 1<<53 {
		return 0, false
	}
	return int(v[0]), true
}

// Floats returns the values of a numeric element of any VR (DS and IS as
// text, binary integers and floats). It returns nil where the element is
// absent or empty, and a Malformed refusal where a value is no finite number.
func (es Elements) Floats(t tag.Tag) ([]float64, error) {
	e := es.Find(t)
	if e == nil {
		return nil, nil
	}
	switch v := e.Value.GetValue().(type) {
	case []float64:
		return finite(t, v)
	case []int:
		out := make([]float64, len(v))
		for i, n := range v {
			out[i] = float64(n)
		}
		return out, nil
	case []byte:
		if vr := vrOf(e); vr.kind == kindNumber {
			return finite(t, decodeNumbers(vr.name, v))
		}
	}
	values := es.Strings(t)
	if values == nil {
		return nil, nil
	}
	out := make([]float64, len(values))
	for i, s := range values {
		n, err := parseDecimal(s)
		if err != nil {
			return nil, malformed("value %d of %s is not a number", i+1, t)
		}
		out[i] = n
	}
	return out, nil
}

func finite(t tag.Tag, v []float64) ([]float64, error) {
	for i, x := range v {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return nil, malformed("value %d of %s is not a finite number", i+1, t)
		}
	}
	return v, nil
}

// parseDecimal reads a DS or IS value (PS3.5 table 6.2-1). strconv alone
// would take hexadecimal, "inf" and "nan" as well.
func parseDecimal(s string) (float64, error) {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && !strings.ContainsRune("+-.eE", rune(c)) {
			return 0, strconv.ErrSyntax
		}
	}
	return strconv.ParseFloat(s, 64)
}

// decodeNumbers reads little endian numbers from a value that was too long to
// go through the library.
func decodeNumbers(vr string, v []byte) []float64 {
	le := binary.LittleEndian
	size := vrs[vrKey(vr[0], vr[1])].size
	out := make([]float64, 0, len(v)/size)
	for ; len(v) >= size; v = v[size:] {
		var x float64
		switch vr {
		case "US":
			x = float64(le.Uint16(v))
		case "SS":
			x = float64(int16(le.Uint16(v)))
		case "SL":
			x = float64(int32(le.Uint32(v)))
		case "FL":
			x = float64(math.Float32frombits(le.Uint32(v)))
		case "FD":
			x = math.Float64frombits(le.Uint64(v))
		default: // UL, AT
			x = float64(le.Uint32(v))
		}
		out = append(out, x)
	}
	return out
}

// Sequence returns the items of a sequence, nil where it is absent or empty.
func (es Elements) Sequence(t tag.Tag) []Elements {
	e := es.Find(t)
	if e == nil {
		return nil
	}
	items, ok := e.Value.GetValue().([]*dicom.SequenceItemValue)
	if !ok {
		return nil
	}
	out := make([]Elements, len(items))
	for i, it := range items {
		out[i] = it.GetValue().([]*dicom.Element)
	}
	return out
}

// vrOf is the VR of a parsed element; UN where the library does not know it.
func vrOf(e *dicom.Element) vrInfo {
	if n := e.RawValueRepresentation; len(n) == 2 {
		if v, ok := vrs[vrKey(n[0], n[1])]; ok {
			return v
		}
	}
	return vrUN
}
