package part10

import (
	"encoding/binary"
	"slices"

	"github.com/suyashkumar/dicom/pkg/tag"
)

const undefinedLength = 0xFFFFFFFF

// encoding is how elements are written at one place of a file.
type encoding struct{ implicit, bigEndian bool }

func (e encoding) order() binary.ByteOrder {
	if e.bigEndian {
		return binary.BigEndian
	}
	return binary.LittleEndian
}

// element is one element header as found in the file.
type element struct {
	tag    tag.Tag
	vr     vrInfo
	length uint32
	value  int // offset of the value
	// content is the encoding of the elements inside, for a sequence.
	content encoding
	// retyped: the VR in the file was UN, ours is the dictionary's.
	retyped bool
}

// fits checks the length against the bytes up to end.
func (e element) fits(end int) error {
	if int64(e.length) > int64(end-e.value) {
		return malformed("%s at byte %d has length %d, and %d bytes are left", e.tag, e.value, e.length, end-e.value)
	}
	return nil
}

// readElementHeader reads tag, VR and length at pos. The caller checks the
// length.
func readElementHeader(data []byte, pos, end int, enc encoding) (element, error) {
	if end-pos < 8 {
		return element{}, malformed("%d bytes at byte %d are no element", end-pos, pos)
	}
	bo := enc.order()
	e := element{tag: tag.Tag{Group: bo.Uint16(data[pos:]), Element: bo.Uint16(data[pos+2:])}, content: enc}
	if enc.implicit || e.tag.Group == tag.GroupSeqItem {
		e.length, e.value = bo.Uint32(data[pos+4:]), pos+8
		return e, nil
	}
	a, b := data[pos+4], data[pos+5]
	vr, ok := vrs[vrKey(a, b)]
	if !ok {
		if a < 'A' || a > 'Z' || b < 'A' || b > 'Z' {
			return e, malformed("%s at byte %d has no value representation", e.tag, pos)
		}
		// A VR of a later edition: all of those have the long form
		// (PS3.5 section 7.1.2).
		vr = vrUN
	}
	e.vr = vr
	if !vr.long {
		e.length, e.value = uint32(bo.Uint16(data[pos+6:])), pos+8
		return e, nil
	}
	if end-pos < 12 {
		return e, malformed("%s at byte %d is cut", e.tag, pos)
	}
	e.length, e.value = bo.Uint32(data[pos+8:]), pos+12
	return e, nil
}

// resolve gives e the VR that the file leaves open: implicit VR, and UN,
// whose content is implicit VR little endian (PS3.5 section 6.2.2, note on
// UN) and whose VR the dictionary may know.
func (e *element) resolve(enc encoding, signed bool) {
	if enc.implicit {
		e.vr = dictionaryVR(e.tag, signed)
		if e.vr.name == "UN" && e.length == undefinedLength {
			e.vr = vrSQ // nothing else has no length (PS3.5 section 7.1.3)
		}
		return
	}
	if e.vr.name != "UN" {
		return
	}
	if e.length == undefinedLength {
		e.vr, e.content = vrSQ, encoding{implicit: true}
		return
	}
	vr := dictionaryVR(e.tag, signed)
	switch {
	case vr.kind == kindSequence:
		e.content = encoding{implicit: true}
	case vr.kind == kindNumber && e.length%uint32(vr.size) != 0, enc.bigEndian && vr.unit > 1:
		return
	}
	e.vr, e.retyped = vr, true
}

// littleEndian returns v with every word of unit bytes turned round: a copy.
func littleEndian(v []byte, unit int) []byte {
	out := slices.Clone(v)
	for i := 0; i+unit <= len(out); i += unit {
		slices.Reverse(out[i : i+unit])
	}
	return out
}
