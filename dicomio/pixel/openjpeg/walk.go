package openjpeg

import (
	"encoding/binary"
	"slices"

	"nafas/dicomio/pixel/marker"
	"nafas/dicomio/refusal"
)

// Markers of ISO/IEC 15444-1 table A.2.
const (
	soc = 0xFF4F
	siz = 0xFF51
	cod = 0xFF52
	coc = 0xFF53
	sot = 0xFF90
	sod = 0xFF93
	eoc = 0xFFD9
)

// Bounds on what a header may make the library allocate. A 512x512 CT slice
// has 1 tile and some tens of packets.
const (
	maxPixels  = 1 << 26
	maxTiles   = 1 << 12
	maxPackets = 1 << 20
)

// stream is a code stream that has been walked.
type stream struct {
	data          []byte
	rows, columns int
	precision     int
	signed        bool

	tileWidth, tileHeight int
	tiles                 []tile
	layers, precincts     int64 // the most that any header asks for, per tile
}

// tile counts the tile parts of one tile.
type tile struct{ seen, promised int }

// walk follows a code stream from marker to marker, without its coded data:
// to know the image's size before native code does, and that all of it is
// there.
func walk(src []byte) (stream, error) {
	data, err := codestream(src)
	if err != nil {
		return stream{}, err
	}
	s := stream{data: data}
	pos, err := s.mainHeader()
	if err != nil {
		return s, err
	}
	for {
		if len(data)-pos >= 2 && code(data, pos) == eoc {
			s.data = data[:pos+2]
			return s, s.complete()
		}
		if len(data)-pos < 2 || data[pos] == 0 {
			// Only the end marker is missing, without which OpenJPEG gives up.
			s.data = append(slices.Clip(data[:pos]), 0xFF, 0xD9)
			return s, s.complete()
		}
		if code(data, pos) != sot {
			return s, marker.Malformed("JPEG 2000 marker %04X stands where a tile part should", code(data, pos))
		}
		if pos, err = s.tilePart(pos); err != nil {
			return s, err
		}
	}
}

// codestream takes the code stream out of a JP2 file; DICOM wants it raw
// (PS3.5 A.4.4), and some senders wrap it all the same.
func codestream(src []byte) ([]byte, error) {
	if len(src) >= 2 && code(src, 0) == soc {
		return src, nil
	}
	if len(src) < 12 || string(src[4:8]) != "jP  " {
		return nil, marker.Malformed("the frame does not begin with a JPEG 2000 code stream")
	}
	for pos := 0; len(src)-pos >= 8; {
		size, head := int64(binary.BigEndian.Uint32(src[pos:])), int64(8)
		kind := string(src[pos+4 : pos+8])
		if size == 1 && len(src)-pos >= 16 {
			size, head = int64(binary.BigEndian.Uint64(src[pos+8:])), 16
		}
		if size == 0 {
			size = int64(len(src) - pos)
		}
		if size < head || size > int64(len(src)-pos) {
			break
		}
		if kind == "jp2c" {
			body := src[pos+int(head) : pos+int(size)]
			if len(body) >= 2 && code(body, 0) == soc {
				return body, nil
			}
			break
		}
		pos += int(size)
	}
	return nil, marker.Malformed("the JP2 file holds no whole code stream")
}

// mainHeader reads up to the first tile part and returns its position.
func (s *stream) mainHeader() (int, error) {
	pos := 2
	for first := true; ; first = false {
		if len(s.data)-pos >= 2 && code(s.data, pos) == sot {
			if first {
				return 0, marker.Malformed("the JPEG 2000 code stream has no SIZ marker")
			}
			return pos, nil
		}
		m, body, next, err := s.segment(pos)
		if err != nil {
			return 0, err
		}
		if first != (m == siz) {
			return 0, marker.Malformed("the JPEG 2000 code stream does not begin with one SIZ marker")
		}
		if m == siz {
			err = s.size(body)
		} else {
			err = s.coding(m, body)
		}
		if err != nil {
			return 0, err
		}
		pos = next
	}
}

// segment reads the marker segment at pos.
func (s *stream) segment(pos int) (m int, body []byte, next int, err error) {
	if len(s.data)-pos < 4 {
		return 0, nil, 0, marker.Malformed("the JPEG 2000 code stream ends in a header")
	}
	m = code(s.data, pos)
	n := int(binary.BigEndian.Uint16(s.data[pos+2:]))
	if m < 0xFF00 || n < 2 || n > len(s.data)-pos-2 {
		return 0, nil, 0, marker.Malformed("JPEG 2000 marker segment %04X has length %d with %d bytes left",
			m, n, len(s.data)-pos-2)
	}
	return m, s.data[pos+4 : pos+2+n], pos + 2 + n, nil
}

// tilePart reads the tile part at pos (A.4.2) and returns the position after it.
func (s *stream) tilePart(pos int) (int, error) {
	_, body, next, err := s.segment(pos)
	if err != nil {
		return 0, err
	}
	if len(body) != 8 {
		return 0, marker.Malformed("a JPEG 2000 SOT segment has %d bytes", len(body))
	}
	index := int(binary.BigEndian.Uint16(body))
	length := int64(binary.BigEndian.Uint32(body[2:]))
	part, parts := int(body[6]), int(body[7])
	if index >= len(s.tiles) || part != s.tiles[index].seen {
		return 0, marker.Malformed("JPEG 2000 tile part %d of tile %d is out of place", part, index)
	}
	t := &s.tiles[index]
	t.seen++
	if parts != 0 {
		t.promised = parts
	}
	left := int64(len(s.data) - pos)
	if length == 0 { // up to the end of the code stream, for the last part
		length = left
		if n := len(s.data); code(s.data, n-2) == eoc {
			length -= 2
		} else if n-3 > pos && s.data[n-1] == 0 && code(s.data, n-3) == eoc {
			length -= 3
		} else {
			return 0, marker.Malformed("the JPEG 2000 code stream has no end")
		}
	}
	if length > left || length < int64(next-pos)+2 {
		return 0, marker.Malformed("JPEG 2000 tile %d has %d bytes with %d left", index, length, left)
	}
	end := pos + int(length)
	for code(s.data, next) != sod {
		m, body, after, err := s.segment(next)
		if err != nil {
			return 0, err
		}
		if after+2 > end {
			return 0, marker.Malformed("the header of JPEG 2000 tile %d does not end", index)
		}
		if err := s.coding(m, body); err != nil {
			return 0, err
		}
		next = after
	}
	return end, nil
}

// complete wants every tile with all the parts that it promised.
func (s *stream) complete() error {
	for i, t := range s.tiles {
		if t.seen == 0 || t.seen < t.promised {
			return marker.Malformed("the JPEG 2000 code stream ends with part %d of tile %d of %d",
				t.seen, i, len(s.tiles))
		}
	}
	return nil
}

func code(b []byte, pos int) int { return int(binary.BigEndian.Uint16(b[pos:])) }

func tooLarge(found string, args ...any) error {
	return refusal.New(refusal.TooLarge, "transcode to JPEG-LS Lossless (1.2.840.10008.1.2.4.80)", found, args...)
}
