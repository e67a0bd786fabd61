package part10

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"
)

// NewElement makes an element with the given VR, or with the dictionary's
// where vr is "". data is []string, []int, []float64, []byte or, for a
// sequence, [][]*dicom.Element.
func NewElement(t tag.Tag, vr string, data any) (*dicom.Element, error) {
	if vr == "" {
		vr = dictionaryVR(t, false).name
	}
	if len(vr) != 2 {
		return nil, fmt.Errorf("%s: no VR %q", t, vr)
	}
	if _, ok := vrs[vrKey(vr[0], vr[1])]; !ok {
		return nil, fmt.Errorf("%s: no VR %q", t, vr)
	}
	v, err := dicom.NewValue(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t, err)
	}
	return &dicom.Element{Tag: t, ValueRepresentation: tag.GetVRKind(t, vr), RawValueRepresentation: vr, Value: v}, nil
}

// appendElement appends one element in enc.
func appendElement(b []byte, e *dicom.Element, enc encoding) ([]byte, error) {
	vr := vrOf(e)
	if e.RawValueRepresentation == "" {
		vr = dictionaryVR(e.Tag, false)
	}
	start := len(b)
	b = appendHeader(b, e.Tag, vr, 0, enc)
	body := len(b)
	b, err := appendValue(b, e, vr, enc)
	if err != nil {
		return nil, err
	}
	if (len(b)-body)%2 != 0 {
		b = append(b, padding(vr))
	}
	n := len(b) - body
	bo := enc.order()
	switch {
	case int64(n) >= undefinedLength:
		return nil, fmt.Errorf("%s: a value of %d bytes cannot be written", e.Tag, n)
	case enc.implicit || vr.long:
		bo.PutUint32(b[body-4:], uint32(n))
	case n < math.MaxUint16:
		bo.PutUint16(b[body-2:], uint16(n))
	case enc.bigEndian && vr.unit > 1:
		return nil, fmt.Errorf("%s: VR %s holds no value of %d bytes", e.Tag, vr.name, n)
	default:
		// Too long for its VR: written as UN (PS3.5 section 6.2.2).
		value := b[body:]
		b = append(appendHeader(b[:start:start], e.Tag, vrUN, uint32(n), enc), value...)
	}
	return b, nil
}

// padding makes a value even (PS3.5 section 6.2).
func padding(vr vrInfo) byte {
	if vr.kind == kindText && vr.name != "UI" {
		return ' '
	}
	return 0
}

func appendValue(b []byte, e *dicom.Element, vr vrInfo, enc encoding) ([]byte, error) {
	if e.Value == nil {
		return b, nil
	}
	mismatch := fmt.Errorf("%s: VR %s does not hold a %T", e.Tag, vr.name, e.Value.GetValue())
	switch v := e.Value.GetValue().(type) {
	case []string:
		if vr.kind != kindText {
			return nil, mismatch
		}
		return append(b, strings.Join(v, `\`)...), nil
	case []byte:
		if vr.kind == kindSequence {
			return nil, mismatch
		}
		if enc.bigEndian && vr.unit > 1 {
			v = littleEndian(v, vr.unit)
		}
		return append(b, v...), nil
	case []int:
		return appendInts(b, e.Tag, v, vr.name, enc)
	case []float64:
		return appendFloats(b, e.Tag, v, vr.name, enc)
	case []*dicom.SequenceItemValue:
		if vr.kind != kindSequence {
			return nil, mismatch
		}
		return appendItems(b, v, enc)
	}
	return nil, mismatch
}

func appendInts(b []byte, t tag.Tag, values []int, vr string, enc encoding) ([]byte, error) {
	bo := enc.order().(binary.AppendByteOrder)
	bounds := map[string][2]int{"US": {0, math.MaxUint16}, "AT": {0, math.MaxUint16}, "SS": {math.MinInt16, math.MaxInt16},
		"UL": {0, math.MaxUint32}, "SL": {math.MinInt32, math.MaxInt32}}
	lim, ok := bounds[vr]
	if !ok {
		return nil, fmt.Errorf("%s: VR %s does not hold integers", t, vr)
	}
	for i, v := range values {
		if v < lim[0] || v > lim[1] {
			return nil, fmt.Errorf("%s: value %d is out of the range of VR %s", t, i+1, vr)
		}
		if vr == "UL" || vr == "SL" {
			b = bo.AppendUint32(b, uint32(v))
		} else {
			b = bo.AppendUint16(b, uint16(v))
		}
	}
	return b, nil
}

func appendFloats(b []byte, t tag.Tag, values []float64, vr string, enc encoding) ([]byte, error) {
	bo := enc.order().(binary.AppendByteOrder)
	for _, v := range values {
		switch vr {
		case "FL":
			b = bo.AppendUint32(b, math.Float32bits(float32(v)))
		case "FD":
			b = bo.AppendUint64(b, math.Float64bits(v))
		default:
			return nil, fmt.Errorf("%s: VR %s does not hold floats", t, vr)
		}
	}
	return b, nil
}

// appendItems appends the items of a sequence, with defined lengths.
func appendItems(b []byte, items []*dicom.SequenceItemValue, enc encoding) ([]byte, error) {
	bo := enc.order()
	for _, it := range items {
		elems, err := sortedForWriting(it.GetValue().([]*dicom.Element))
		if err != nil {
			return nil, err
		}
		b = appendHeader(b, tag.Item, vrUN, 0, enc)
		body := len(b)
		for _, e := range elems {
			if b, err = appendElement(b, e, enc); err != nil {
				return nil, err
			}
		}
		bo.PutUint32(b[body-4:], uint32(len(b)-body))
	}
	return b, nil
}
