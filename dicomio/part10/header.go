package part10

import (
	"bytes"
	"encoding/binary"
	"slices"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/refusal"
)

// libraryProlog stands before the elements that the library reads: the
// shortest file meta group that makes it read Explicit VR Little Endian.
var libraryProlog = func() []byte {
	b := append(make([]byte, preambleLen), magic...)
	ts := []byte(ExplicitLE + "\x00")
	b = append(b, 2, 0, 0, 0, 'U', 'L', 4, 0)
	b = binary.LittleEndian.AppendUint32(b, uint32(8+len(ts)))
	b = append(b, 2, 0, 0x10, 0, 'U', 'I', byte(len(ts)), 0)
	return append(b, ts...)
}()

// prologElements is their number.
const prologElements = 2

// standIn replaces the tag of SpecificCharacterSet (0008,0005) on the way
// through the library, which would otherwise decode text by it: it panics on
// ISO_IR 166, takes the second of several sets for everything, and fails on
// text that is declared wrongly.
var standIn = tag.Tag{Group: 0x0009, Element: 0x0001}

// patch is a correction to one element of what the library returns.
type patch struct {
	index int // in pre-order
	tag   tag.Tag
	vr    string
	value []byte
	// text: the value that the library read stays.
	text bool
}

// value emits one element that is neither sequence nor pixel data.
func (s *scanner) value(e element, v []byte, bigEndian bool) error {
	if e.vr.kind == kindNumber && len(v)%e.vr.size != 0 {
		if e.tag.Group%2 == 0 {
			return malformed("%s at byte %d has length %d, which VR %s cannot have", e.tag, e.value, len(v), e.vr.name)
		}
		e.vr = vrUN
	}
	if bigEndian && e.vr.unit > 1 && !e.retyped {
		if s.swapped += int64(len(v)); s.swapped > s.lim.MaxHeaderBytes {
			return s.tooMuchHeader()
		}
		v = littleEndian(v, e.vr.unit)
	}
	if e.vr.kind == kindBytes || len(v) > maxCopied {
		return s.emitPatched(e, v)
	}
	if e.vr.kind == kindNumber {
		s.values += len(v) / e.vr.size
	} else {
		s.values += bytes.Count(v, []byte{'\\'})
	}
	if s.values > maxValues {
		return refusal.New(refusal.TooLarge, "re-export the object", "more than %d values in the header", maxValues)
	}
	t := e.tag
	if t == tag.SpecificCharacterSet {
		s.patches = append(s.patches, patch{index: s.emitted, tag: t, vr: e.vr.name, text: true})
		t = standIn
	}
	if err := s.emit(t, e.vr, len(v)); err != nil {
		return err
	}
	s.out = append(s.out, v...)
	return nil
}

// emitPatched emits an empty element whose value v is put back afterwards.
func (s *scanner) emitPatched(e element, v []byte) error {
	s.patches = append(s.patches, patch{index: s.emitted, tag: e.tag, vr: e.vr.name, value: v})
	t := e.tag
	if t == tag.SpecificCharacterSet {
		t = standIn // the library insists on a text value there
	}
	return s.emit(t, vrUN, 0)
}

// emit writes an element header in Explicit VR Little Endian.
func (s *scanner) emit(t tag.Tag, vr vrInfo, length int) error {
	if int64(len(s.out)+12+length) > s.lim.MaxHeaderBytes {
		return s.tooMuchHeader()
	}
	s.emitted++
	s.out = appendHeader(s.out, t, vr, uint32(length), encoding{})
	return nil
}

// appendHeader appends tag, VR and length.
func appendHeader(b []byte, t tag.Tag, vr vrInfo, length uint32, enc encoding) []byte {
	bo := enc.order().(binary.AppendByteOrder)
	b = bo.AppendUint16(b, t.Group)
	b = bo.AppendUint16(b, t.Element)
	switch {
	case enc.implicit || t.Group == tag.GroupSeqItem:
		return bo.AppendUint32(b, length)
	case vr.long:
		b = append(b, vr.name[0], vr.name[1], 0, 0)
		return bo.AppendUint32(b, length)
	}
	b = append(b, vr.name[0], vr.name[1])
	return bo.AppendUint16(b, uint16(length))
}

// parseHeader has the library read what the scan has written, and puts back
// what was kept from it.
func (s *scanner) parseHeader() (ds dicom.Dataset, err error) {
	defer func() {
		if r := recover(); r != nil {
			ds, err = dicom.Dataset{}, errLibrary()
		}
	}()
	ds, err = dicom.Parse(bytes.NewReader(s.out), int64(len(s.out)), nil)
	if err != nil {
		return dicom.Dataset{}, errLibrary()
	}
	if len(ds.Elements) < prologElements {
		return dicom.Dataset{}, errLibrary()
	}
	ds.Elements = slices.Clip(ds.Elements[prologElements:])
	p := patcher{patches: s.patches}
	if err := p.walk(ds.Elements); err != nil {
		return dicom.Dataset{}, err
	}
	if p.index != s.emitted { // it stops at an end of file without an error
		return dicom.Dataset{}, errLibrary()
	}
	return ds, nil
}

// errLibrary says that the library refused what passed the scan. Its text
// may quote values, so it is not passed on.
func errLibrary() error { return malformed("the header cannot be read") }

// patcher walks the elements in the order in which they were emitted.
type patcher struct {
	patches []patch
	index   int
}

func (p *patcher) walk(elems []*dicom.Element) error {
	sorted := true
	for i, e := range elems {
		if len(p.patches) > 0 && p.patches[0].index == p.index {
			if err := p.patches[0].apply(e); err != nil {
				return err
			}
			p.patches = p.patches[1:]
		}
		p.index++
		if e.Value.ValueType() == dicom.Sequences {
			for _, item := range e.Value.GetValue().([]*dicom.SequenceItemValue) {
				if err := p.walk(item.GetValue().([]*dicom.Element)); err != nil {
					return err
				}
			}
		}
		sorted = sorted && (i == 0 || elems[i-1].Tag.Compare(e.Tag) < 0)
	}
	if !sorted {
		return checkUnique(elems)
	}
	return nil
}

func (p patch) apply(e *dicom.Element) error {
	e.Tag, e.RawValueRepresentation = p.tag, p.vr
	e.ValueRepresentation = tag.GetVRKind(p.tag, p.vr)
	if p.text {
		return nil
	}
	v, err := dicom.NewValue(p.value)
	if err != nil {
		return errLibrary()
	}
	e.Value, e.ValueLength = v, uint32(len(p.value))
	return nil
}

// checkUnique refuses an element that is given twice at one level, as its
// value is uncertain then (PS3.5 section 7.1: at most once). Order is not
// insisted on: files from the field break it.
func checkUnique(elems []*dicom.Element) error {
	seen := make(map[tag.Tag]bool, len(elems))
	for _, e := range elems {
		if seen[e.Tag] {
			return malformed("%s is there twice", e.Tag)
		}
		seen[e.Tag] = true
	}
	return nil
}
