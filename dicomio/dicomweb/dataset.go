package dicomweb

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/suyashkumar/dicom/pkg/tag"
)

// Dataset is a data set in the DICOM JSON model (PS3.18 annex F), by tag. It
// marshals in the order of the tags.
type Dataset map[string]attribute

// attribute is a value in the DICOM JSON model; at most one of the last three
// is set.
type attribute struct {
	VR           string `json:"vr"`
	Value        []any  `json:"Value,omitempty"`
	InlineBinary string `json:"InlineBinary,omitempty"`
	BulkDataURI  string `json:"BulkDataURI,omitempty"`
}

// Set adds an attribute by its keyword, with the values of a text as DICOM
// writes it: backslashes between several, nothing where it is empty. An unknown
// keyword is a mistake of the caller.
func (d Dataset) Set(keyword, text string) {
	a, ok := AttributeOf(keyword)
	if !ok {
		panic("no attribute " + keyword)
	}
	var values []string
	if text != "" {
		values = []string{text}
		if !single[a.VR] {
			values = strings.Split(text, `\`)
		}
	}
	d[a.Tag] = attribute{VR: a.VR, Value: textValues(a.VR, values)}
}

// SetNumber adds an attribute of a number.
func (d Dataset) SetNumber(keyword string, n int) { d.Set(keyword, strconv.Itoa(n)) }

// SetItem adds a sequence of one item.
func (d Dataset) SetItem(keyword string, item Dataset) {
	a, ok := AttributeOf(keyword)
	if !ok {
		panic("no attribute " + keyword)
	}
	d[a.Tag] = attribute{VR: "SQ", Value: []any{item}}
}

// Attribute is one of the dictionary (PS3.6).
type Attribute struct {
	// Tag has eight hex digits, in capitals.
	Tag, Keyword, VR string
}

// AttributeOf finds an attribute by keyword or by its eight hex digits.
func AttributeOf(name string) (Attribute, bool) {
	find := func() (tag.Info, error) { return tag.FindByKeyword(name) }
	if t, ok := parseTag(name); ok {
		find = func() (tag.Info, error) { return tag.Find(t) }
	}
	info, err := find()
	if err != nil || len(info.VRs) == 0 || info.Keyword == "" {
		return Attribute{}, false
	}
	return Attribute{Tag: tagText(info.Tag), Keyword: info.Keyword, VR: info.VRs[0]}, true
}

func parseTag(text string) (tag.Tag, bool) {
	if len(text) != 8 {
		return tag.Tag{}, false
	}
	n, err := strconv.ParseUint(text, 16, 32)
	return tag.Tag{Group: uint16(n >> 16), Element: uint16(n)}, err == nil
}

func tagText(t tag.Tag) string { return fmt.Sprintf("%04X%04X", t.Group, t.Element) }

// single are the VRs of one value, in which a backslash is a letter (PS3.5
// table 6.2-1).
var single = map[string]bool{"LT": true, "ST": true, "UT": true, "UR": true}

// textValues are values of a VR that is text in a file. One that is empty among
// others is null (PS3.18 F.2.5).
func textValues(vr string, values []string) []any {
	var out []any
	filled := false
	for _, v := range values {
		filled = filled || v != ""
		out = append(out, textValue(vr, v))
	}
	if !filled {
		return nil
	}
	return out
}

func textValue(vr, v string) any {
	switch {
	case v == "":
		return nil
	case vr == "PN":
		return personName(v)
	case vr == "DS" || vr == "IS" || vr == "US" || vr == "UL" || vr == "SS" || vr == "SL":
		return number(v)
	}
	return v
}

// personName is a name by its groups (PS3.18 F.2.2).
func personName(v string) any {
	groups := strings.SplitN(v, "=", 3)
	out := map[string]string{}
	for i, g := range groups {
		if g != "" {
			out[[]string{"Alphabetic", "Ideographic", "Phonetic"}[i]] = g
		}
	}
	return out
}

// number is a JSON number, or where a text is none the text itself, as the
// model allows (PS3.18 table F.2.3-1).
func number(v string) any {
	if n, err := strconv.ParseInt(strings.TrimPrefix(v, "+"), 10, 64); err == nil {
		return n
	}
	x, err := strconv.ParseFloat(v, 64)
	if err != nil || strings.Trim(v, "+-.0123456789eE") != "" {
		return v
	}
	return float(x)
}

// float: JSON has no infinity; the model names those values by text.
func float(x float64) any {
	switch {
	case math.IsNaN(x):
		return "NaN"
	case math.IsInf(x, 1):
		return "Infinity"
	case math.IsInf(x, -1):
		return "-Infinity"
	}
	return json.Number(strconv.FormatFloat(x, 'g', -1, 64))
}
