package part10

import (
	"bytes"
	"encoding/binary"

	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/refusal"
)

const (
	// maxCopied is the longest value that is copied and split; longer ones
	// are handed on as bytes that refer to the file.
	maxCopied = 16 << 10
	// maxValues bounds the values of multi-valued elements in one file, as
	// the library spends up to 32 bytes on each.
	maxValues = 1 << 18
)

// scanner walks a data set once, checks it, and writes the header that the
// library will read: Explicit VR Little Endian, every length defined, no pixel
// data, binary and long values left out and put back afterwards (patches).
type scanner struct {
	data []byte
	syn  syntax
	lim  Limits

	out     []byte
	patches []patch
	tally
	signed bool // PixelRepresentation (0028,0103) is 1
	pixel  *PixelData
	// last, where not nil, is the tag behind which nothing is read at the top
	// level of the data set; past says that there was more.
	last *tag.Tag
	past bool
	// The extended offset table stands before the pixel data.
	offsets, lengths []uint64
}

// tally is what has been read so far.
type tally struct {
	emitted int   // elements in out, counted in pre-order
	seen    int   // elements, items and fragments read
	values  int   // values of multi-valued elements
	swapped int64 // bytes copied to change their byte order
}

// run scans the file meta group and the data set that starts at body.
func (s *scanner) run(meta []byte, body int) error {
	s.out = append(make([]byte, 0, 8<<10), libraryProlog...)
	if len(meta) > 0 {
		file := s.data
		s.data = meta
		if _, err := s.dataset(0, len(meta), 1, encoding{}, false); err != nil {
			return err
		}
		s.data = file
	}
	if len(s.data)-body < 8 {
		return malformed("no data set: %d bytes after the file meta group", len(s.data)-body)
	}
	enc := encoding{implicit: s.syn.implicit, bigEndian: s.syn.bigEndian}
	if _, err := s.dataset(body, len(s.data), 0, enc, false); err != nil {
		return err
	}
	if s.pixel != nil {
		s.pixel.ExtendedOffsets, s.pixel.ExtendedLengths = s.offsets, s.lengths
	}
	return nil
}

// dataset walks the elements from pos to end, or to the item's delimiter where
// the item has no length, and returns the offset behind them.
func (s *scanner) dataset(pos, end, depth int, enc encoding, delimited bool) (int, error) {
	for pos < end {
		if depth == 0 && s.data[pos] == 0 && allZero(s.data[pos:end]) {
			return end, nil // padding behind the last element
		}
		e, err := readElementHeader(s.data, pos, end, enc)
		if err != nil {
			return 0, err
		}
		if e.tag.Group == 0 {
			// Commands are no part of a data set (PS3.5 section 7.1). As zeros
			// end here, looking for padding stays linear.
			return 0, malformed("%s at byte %d is no element of a data set", e.tag, pos)
		}
		if depth == 0 && s.last != nil && e.tag.Compare(*s.last) > 0 {
			s.past = true
			return pos, nil
		}
		if e.tag == tag.ItemDelimitationItem && depth > 0 {
			if e.length != 0 || !delimited && e.value != end {
				return 0, malformed("item delimiter at byte %d where none may be", pos)
			}
			return e.value, nil
		}
		if e.tag.Group == tag.GroupSeqItem {
			return 0, malformed("item tag %s at byte %d outside a sequence", e.tag, pos)
		}
		if err := s.count(); err != nil {
			return 0, err
		}
		if pos, err = s.element(e, end, depth, enc); err != nil {
			return 0, err
		}
	}
	if delimited {
		return 0, malformed("an item has no delimiter before byte %d", end)
	}
	return pos, nil
}

// element checks one element, emits it, and returns the offset behind it.
func (s *scanner) element(e element, end, depth int, enc encoding) (int, error) {
	e.resolve(enc, s.signed)
	if e.length == undefinedLength {
		return s.undefined(e, end, depth, enc)
	}
	if err := e.fits(end); err != nil {
		return 0, err
	}
	next := e.value + int(e.length)
	switch {
	case e.tag == tag.PixelData && depth == 0:
		return next, s.nativePixels(e)
	case e.tag == tag.PixelData:
		return next, nil // of an icon image: nothing reads it
	case e.vr.kind == kindSequence && e.retyped:
		return next, s.sequenceOrBytes(e, next, depth)
	case e.vr.kind == kindSequence:
		_, err := s.sequence(e, next, depth, false)
		return next, err
	}
	v := s.data[e.value:next]
	if depth == 0 {
		switch {
		case e.tag == tag.PixelRepresentation && len(v) == 2:
			s.signed = v[0] == 1 || v[1] == 1
		case e.tag == tag.ExtendedOffsetTable:
			s.offsets = words64(v, enc.order())
		case e.tag == tag.ExtendedOffsetTableLengths:
			s.lengths = words64(v, enc.order())
		}
	}
	return next, s.value(e, v, enc.bigEndian)
}

// undefined handles an element without a length: a sequence, or fragments.
func (s *scanner) undefined(e element, end, depth int, enc encoding) (int, error) {
	switch {
	case e.tag == tag.PixelData && depth == 0:
		return s.encapsulatedPixels(e, end)
	case e.vr.kind == kindSequence:
		return s.sequence(e, end, depth, true)
	case e.vr.name == "OB" || e.vr.name == "OW":
		frags, next, err := s.fragments(e.value, end, enc.order())
		if err != nil || e.tag == tag.PixelData {
			return next, err
		}
		// Not allowed outside pixel data, and seen in the field.
		v := bytes.Join(frags, nil)
		if s.swapped += int64(len(v)); s.swapped > s.lim.MaxHeaderBytes {
			return 0, s.tooMuchHeader()
		}
		return next, s.emitPatched(e, v)
	}
	return 0, malformed("%s at byte %d (VR %s) has no length", e.tag, e.value, e.vr.name)
}

// sequence walks the items from e.value to end, or to the sequence delimiter.
func (s *scanner) sequence(e element, end, depth int, delimited bool) (int, error) {
	if depth+1 > s.lim.MaxDepth {
		return 0, refusal.New(refusal.TooLarge, "nothing that holds an image nests like this; re-export the object",
			"sequences nested deeper than %d", s.lim.MaxDepth)
	}
	if err := s.emit(e.tag, vrSQ, 0); err != nil {
		return 0, err
	}
	length := len(s.out)
	bo := e.content.order()
	pos := e.value
	for delimited || pos < end {
		if end-pos < 8 {
			return 0, malformed("sequence %s is cut at byte %d", e.tag, pos)
		}
		t := tag.Tag{Group: bo.Uint16(s.data[pos:]), Element: bo.Uint16(s.data[pos+2:])}
		item := element{tag: t, length: bo.Uint32(s.data[pos+4:]), value: pos + 8}
		if t == tag.SequenceDelimitationItem {
			if item.length != 0 || !delimited && item.value != end {
				return 0, malformed("sequence delimiter at byte %d where none may be", pos)
			}
			pos = item.value
			break
		}
		if t != tag.Item {
			return 0, malformed("sequence %s holds %s at byte %d instead of an item", e.tag, t, pos)
		}
		next, err := s.item(item, end, depth+1, e.content)
		if err != nil {
			return 0, err
		}
		pos = next
	}
	binary.LittleEndian.PutUint32(s.out[length-4:], uint32(len(s.out)-length))
	return pos, nil
}

// item walks one item of a sequence and returns the offset behind it.
func (s *scanner) item(it element, end, depth int, enc encoding) (int, error) {
	if err := s.count(); err != nil {
		return 0, err
	}
	s.out = append(s.out, 0xfe, 0xff, 0x00, 0xe0, 0, 0, 0, 0)
	length := len(s.out)
	delimited := it.length == undefinedLength
	if !delimited {
		if err := it.fits(end); err != nil {
			return 0, err
		}
		end = it.value + int(it.length)
	}
	next, err := s.dataset(it.value, end, depth, enc, delimited)
	if err != nil {
		return 0, err
	}
	binary.LittleEndian.PutUint32(s.out[length-4:], uint32(len(s.out)-length))
	return next, nil
}

// sequenceOrBytes reads a UN element whose tag the dictionary knows as a
// sequence; where its bytes are none, they stay bytes. Everything inside is
// implicit VR, so that this is tried at one level only.
func (s *scanner) sequenceOrBytes(e element, end, depth int) error {
	out, patches, tally := len(s.out), len(s.patches), s.tally
	_, err := s.sequence(e, end, depth, false)
	if err == nil || refusal.Of(err) == refusal.TooLarge {
		return err
	}
	s.out, s.patches, s.tally = s.out[:out], s.patches[:patches], tally
	e.vr = vrUN
	return s.emitPatched(e, s.data[e.value:end])
}

func (s *scanner) count() error {
	if s.seen++; s.seen > s.lim.MaxElements {
		return refusal.New(refusal.TooLarge, "raise the limit, or send single-frame objects",
			"more than %d elements", s.lim.MaxElements)
	}
	return nil
}

func (s *scanner) tooMuchHeader() error {
	return refusal.New(refusal.TooLarge, "raise the limit, or send single-frame objects",
		"more than %d bytes of header", s.lim.MaxHeaderBytes)
}

func allZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}
