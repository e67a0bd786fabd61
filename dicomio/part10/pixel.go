package part10

import (
	"bytes"
	"encoding/binary"

	"github.com/suyashkumar/dicom/pkg/tag"
)

// PixelData says where the pixel data (7FE0,0010) are. Nothing is copied.
type PixelData struct {
	// Encapsulated: Fragments hold compressed frames. Otherwise the pixels are
	// File.Bytes[Offset:Offset+Length].
	Encapsulated   bool
	Offset, Length int64
	// BigEndian: native words are big endian.
	BigEndian bool
	// Fragments are the items behind the basic offset table.
	Fragments [][]byte
	// Offsets is the basic offset table (PS3.5 annex A.4), often empty: the
	// place of each frame's first fragment, counted from the item tag of the
	// first fragment.
	Offsets []uint32
	// ExtendedOffsets and ExtendedLengths are (7FE0,0001) and (7FE0,0002)
	// (PS3.3 C.7.6.3.1.8), with offsets as above.
	ExtendedOffsets, ExtendedLengths []uint64
}

func (s *scanner) nativePixels(e element) error {
	if s.syn.encapsulated {
		return malformed("native pixel data of %d bytes under transfer syntax %s", e.length, s.syn.name)
	}
	if s.pixel != nil {
		return malformed("%s is there twice", e.tag)
	}
	s.pixel = &PixelData{Offset: int64(e.value), Length: int64(e.length), BigEndian: s.syn.bigEndian}
	return nil
}

func (s *scanner) encapsulatedPixels(e element, end int) (int, error) {
	if !s.syn.encapsulated {
		return 0, malformed("encapsulated pixel data under transfer syntax %s", s.syn.name)
	}
	if s.pixel != nil {
		return 0, malformed("%s is there twice", e.tag)
	}
	frags, next, err := s.fragments(e.value, end, binary.LittleEndian)
	if err != nil {
		return 0, err
	}
	if len(frags) == 0 || len(frags[0])%4 != 0 {
		return 0, malformed("pixel data without a basic offset table")
	}
	p := &PixelData{Encapsulated: true, Fragments: frags[1:]}
	for t := frags[0]; len(t) > 0; t = t[4:] {
		p.Offsets = append(p.Offsets, binary.LittleEndian.Uint32(t))
	}
	s.pixel = p
	return next, nil
}

// fragments cuts the items of an element without length, and returns the
// offset behind the sequence delimiter.
func (s *scanner) fragments(pos, end int, bo binary.ByteOrder) ([][]byte, int, error) {
	var out [][]byte
	for {
		if end-pos < 8 {
			return nil, 0, malformed("pixel data end at byte %d without their delimiter", end)
		}
		t := tag.Tag{Group: bo.Uint16(s.data[pos:]), Element: bo.Uint16(s.data[pos+2:])}
		it := element{tag: t, length: bo.Uint32(s.data[pos+4:]), value: pos + 8}
		if t == tag.SequenceDelimitationItem {
			if it.length != 0 {
				return nil, 0, malformed("sequence delimiter at byte %d has a length", pos)
			}
			return out, it.value, nil
		}
		if t != tag.Item {
			return nil, 0, malformed("%s at byte %d instead of a fragment", t, pos)
		}
		if err := it.fits(end); err != nil { // includes the undefined length
			return nil, 0, err
		}
		if err := s.count(); err != nil {
			return nil, 0, err
		}
		pos = it.value + int(it.length)
		out = append(out, s.data[it.value:pos:pos])
	}
}

func words64(v []byte, bo binary.ByteOrder) []uint64 {
	out := make([]uint64, 0, len(v)/8)
	for ; len(v) >= 8; v = v[8:] {
		out = append(out, bo.Uint64(v))
	}
	return out
}

// Frames returns the bytes of each of the n frames that NumberOfFrames
// declares (1 where it is absent). Native frames refer to Bytes. Encapsulated
// ones do where they are one fragment, and are joined otherwise; which
// fragments belong together is read from the offset tables, or where these
// are empty from the number of fragments or the start marks of the code
// streams. What remains ambiguous is refused as malformed.
func (f *File) Frames(n int) ([][]byte, error) {
	switch {
	case f.Pixel == nil:
		return nil, malformed("no pixel data")
	case n < 1:
		return nil, malformed("%d frames", n)
	case !f.Pixel.Encapsulated:
		return f.nativeFrames(n)
	case n > len(f.Pixel.Fragments):
		return nil, malformed("%d frames in %d fragments", n, len(f.Pixel.Fragments))
	}
	starts, err := f.Pixel.frameStarts(n)
	if err != nil {
		return nil, err
	}
	frames := make([][]byte, n)
	for i := range n {
		end := len(f.Pixel.Fragments)
		if i+1 < n {
			end = starts[i+1]
		}
		frames[i] = join(f.Pixel.Fragments[starts[i]:end])
		if i < len(f.Pixel.ExtendedLengths) && len(f.Pixel.ExtendedOffsets) == n {
			// The length leaves out the padding of the last fragment.
			if l := f.Pixel.ExtendedLengths[i]; l <= uint64(len(frames[i])) {
				frames[i] = frames[i][:l]
			}
		}
	}
	return frames, nil
}

func join(fragments [][]byte) []byte {
	if len(fragments) == 1 {
		return fragments[0]
	}
	return bytes.Join(fragments, nil)
}

func (f *File) nativeFrames(n int) ([][]byte, error) {
	size := int64(1)
	for _, d := range []struct {
		tag     tag.Tag
		max     int
		missing int
	}{{tag.Rows, 1 << 16, 0}, {tag.Columns, 1 << 16, 0}, {tag.SamplesPerPixel, 4, 1}, {tag.BitsAllocated, 64, 0}} {
		v, ok := f.Int(d.tag)
		if !ok {
			v = d.missing
		}
		if v < 1 || v > d.max {
			return nil, malformed("%s is %d or absent", d.tag, v)
		}
		size *= int64(v)
	}
	if size%8 != 0 {
		return nil, malformed("a frame of %d bits", size)
	}
	size /= 8
	// One byte of padding makes the length even (PS3.5 section 8.1.1).
	if have := f.Pixel.Length; have/size < int64(n) || have-size*int64(n) > 1 {
		return nil, malformed("%d bytes of pixel data for %d frames of %d bytes", have, n, size)
	}
	frames := make([][]byte, n)
	for i := range frames {
		at := f.Pixel.Offset + int64(i)*size
		frames[i] = f.Bytes[at : at+size : at+size]
	}
	return frames, nil
}

// frameStarts returns the index of the first fragment of each frame.
func (p *PixelData) frameStarts(n int) ([]int, error) {
	switch {
	case n == 1:
		return []int{0}, nil
	case len(p.ExtendedOffsets) == n:
		return p.startsAt(p.ExtendedOffsets)
	case len(p.ExtendedOffsets) != 0:
		return nil, malformed("extended offset table of %d entries for %d frames", len(p.ExtendedOffsets), n)
	case len(p.Offsets) == n:
		wide := make([]uint64, n)
		for i, o := range p.Offsets {
			wide[i] = uint64(o)
		}
		return p.startsAt(wide)
	case len(p.Offsets) != 0:
		return nil, malformed("basic offset table of %d entries for %d frames", len(p.Offsets), n)
	}
	var starts []int
	for i, fr := range p.Fragments {
		if len(p.Fragments) == n || beginsCodeStream(fr) {
			starts = append(starts, i)
		}
	}
	if len(starts) != n || starts[0] != 0 {
		return nil, malformed("%d frames in %d fragments, and no offset table", n, len(p.Fragments))
	}
	return starts, nil
}

// startsAt finds the fragments that begin at the given offsets.
func (p *PixelData) startsAt(offsets []uint64) ([]int, error) {
	starts := make([]int, 0, len(offsets))
	at := uint64(0)
	for i, fr := range p.Fragments {
		if len(starts) < len(offsets) && offsets[len(starts)] == at {
			starts = append(starts, i)
		}
		at += 8 + uint64(len(fr))
	}
	if len(starts) != len(offsets) || starts[0] != 0 {
		return nil, malformed("the offset table names places where no fragment begins")
	}
	return starts, nil
}

// beginsCodeStream: JPEG and JPEG-LS start with SOI (FFD8), JPEG 2000 code
// streams with SOC and SIZ (FF4F FF51). Entropy coded JPEG data cannot hold
// FFD8 and JPEG 2000 packets cannot hold FF4F (T.81 B.1.1.5, T.800 A.1).
func beginsCodeStream(b []byte) bool {
	return bytes.HasPrefix(b, []byte{0xff, 0xd8}) || bytes.HasPrefix(b, []byte{0xff, 0x4f, 0xff, 0x51})
}
