package dicomweb

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math"
	"strings"

	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/part10"
)

// mostInline is the longest binary value that stands in the metadata itself,
// in bytes; longer ones are fetched by their URI.
const mostInline = 1024

// Metadata is the data set of a file in the DICOM JSON model (PS3.18 annex F
// and section 10.4.1.1.2), without the file meta group and group lengths. Text
// is in UTF-8, and Specific Character Set says so. bulk is the address under
// which Bulk is served; pixel data are always there and never inline.
func Metadata(f *part10.File, bulk string) Dataset {
	m := model{bulk: strings.TrimSuffix(bulk, "/") + "/"}
	out := m.dataset(f.Elements(), nil, "")
	if f.Pixel != nil {
		vr := "OW"
		if f.Pixel.Encapsulated {
			vr = "OB"
		}
		out[pixelData] = attribute{VR: vr, BulkDataURI: m.bulk + pixelData}
	}
	return out
}

// pixelData is PixelData (7FE0,0010).
const pixelData = "7FE00010"

// IsPixelData says whether a path under Metadata's bulk address is that of the
// pixel data.
func IsPixelData(path string) bool { return path == pixelData }

type model struct{ bulk string }

// dataset writes one level; path leads to it.
func (m model) dataset(elems part10.Elements, sets []string, path string) Dataset {
	if own := elems.Strings(tag.SpecificCharacterSet); own != nil {
		sets = own
	}
	out := Dataset{}
	for _, e := range elems {
		if e.Tag.Group == tag.MetadataGroup || e.Tag.Element == 0 || offsetTable(e.Tag) {
			continue
		}
		name := tagText(e.Tag)
		a := attribute{VR: e.RawValueRepresentation}
		switch v := e.Value.GetValue().(type) {
		case []string:
			a.Value = decoded(a.VR, v, sets)
		case []int:
			a.Value = integers(a.VR, v)
		case []float64:
			for _, x := range v {
				a.Value = append(a.Value, float(x))
			}
		case []byte:
			m.bytes(&a, v, sets, path+name)
		default:
			for i, item := range elems.Sequence(e.Tag) {
				a.Value = append(a.Value, m.dataset(item, sets, fmt.Sprintf("%s%s/%d/", path, name, i+1)))
			}
		}
		out[name] = a
	}
	if _, ok := out[characterSet]; ok {
		out[characterSet] = attribute{VR: "CS", Value: []any{"ISO_IR 192"}}
	}
	return out
}

// characterSet is Specific Character Set (0008,0005).
const characterSet = "00080005"

// offsetTable: what describes the encoding of pixel data in a file.
func offsetTable(t tag.Tag) bool {
	return t == tag.ExtendedOffsetTable || t == tag.ExtendedOffsetTableLengths
}

// encoded are the VRs whose text is in the character set of the data set (PS3.5
// section 6.1.2.3); all others are ASCII.
var encoded = map[string]bool{"LO": true, "LT": true, "PN": true, "SH": true, "ST": true, "UC": true, "UT": true}

// decoded are the values of a text. They are joined before decoding, since a
// byte like a backslash may be half of a letter.
func decoded(vr string, raw []string, sets []string) []any {
	text := strings.Join(raw, `\`)
	if encoded[vr] {
		text = part10.DecodeText(sets, text)
	} else {
		text = strings.ToValidUTF8(text, "\uFFFD")
	}
	values := []string{text}
	if !single[vr] {
		values = strings.Split(text, `\`)
	}
	for i, v := range values {
		cut := " \x00"
		if single[vr] || vr == "UC" {
			values[i] = strings.TrimRight(v, cut) // spaces in front mean something there
		} else {
			values[i] = strings.Trim(v, cut)
		}
	}
	return textValues(vr, values)
}

// integers: an AT is two words.
func integers(vr string, v []int) []any {
	var out []any
	if vr == "AT" {
		for i := 0; i+1 < len(v); i += 2 {
			out = append(out, fmt.Sprintf("%04X%04X", v[i], v[i+1]))
		}
		return out
	}
	for _, n := range v {
		out = append(out, n)
	}
	return out
}

// bytes writes a value that is binary, or of another VR and long.
func (m model) bytes(a *attribute, v []byte, sets []string, path string) {
	switch kind := sizes[a.VR]; {
	case a.VR == "SQ":
	case isText(a.VR):
		a.Value = decoded(a.VR, strings.Split(string(v), `\`), sets)
	case kind > 0:
		for ; len(v) >= kind; v = v[kind:] {
			a.Value = append(a.Value, numberAt(a.VR, v))
		}
	case len(v) > mostInline:
		a.BulkDataURI = m.bulk + path
	case len(v) > 0:
		a.InlineBinary = base64.StdEncoding.EncodeToString(v)
	}
}

// sizes of the VRs that are numbers, in bytes.
var sizes = map[string]int{"AT": 4, "FL": 4, "FD": 8, "SL": 4, "SS": 2, "SV": 8, "UL": 4, "US": 2, "UV": 8}

func isText(vr string) bool {
	return encoded[vr] || strings.Contains(" AE AS CS DA DS DT IS TM UI UR ", " "+vr+" ")
}

func numberAt(vr string, v []byte) any {
	le := binary.LittleEndian
	switch vr {
	case "AT":
		return fmt.Sprintf("%04X%04X", le.Uint16(v), le.Uint16(v[2:]))
	case "FL":
		return float(float64(math.Float32frombits(le.Uint32(v))))
	case "FD":
		return float(math.Float64frombits(le.Uint64(v)))
	case "SL":
		return int32(le.Uint32(v))
	case "SS":
		return int16(le.Uint16(v))
	case "SV":
		return int64(le.Uint64(v))
	case "UL":
		return le.Uint32(v)
	case "US":
		return le.Uint16(v)
	}
	return le.Uint64(v)
}

// Bulk returns the binary value at a path that Metadata has written behind its
// bulk address: tags and numbers of items, from 1. False where there is none.
func Bulk(f *part10.File, path string) ([]byte, bool) {
	elems := f.Elements()
	steps := strings.Split(path, "/")
	if len(steps)%2 == 0 || len(steps) > 64 {
		return nil, false
	}
	for ; len(steps) > 1; steps = steps[2:] {
		t, ok := parseTag(steps[0])
		items := elems.Sequence(t)
		n, isNumber := number(steps[1]).(int64)
		if !ok || !isNumber || n < 1 || n > int64(len(items)) {
			return nil, false
		}
		elems = items[n-1]
	}
	t, ok := parseTag(steps[0])
	e := elems.Find(t)
	if !ok || e == nil || t.Group == tag.MetadataGroup || isText(e.RawValueRepresentation) {
		return nil, false
	}
	v, ok := e.Value.GetValue().([]byte)
	return v, ok
}
