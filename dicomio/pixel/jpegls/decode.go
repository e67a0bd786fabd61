package jpegls

import "nafas/dicomio/refusal"

// Info is what a stream says of itself.
type Info struct {
	Rows, Columns int
	Precision     int // bits per sample, 2..16
	Near          int // greatest difference from the original; 0 is lossless
}

const damaged = "send the instance again from its source; the compressed frame is damaged"

// Decode decodes a whole JPEG-LS stream into dst, which holds rows*columns
// samples row by row, each within Info.Precision bits. Bytes after the end of
// image are ignored. It returns a refusal: Malformed where the stream breaks
// T.87, ends early or has another size; Unsupported where it is something
// that single-component CT does not use. dst is then partly written.
func Decode(dst []uint16, src []byte, rows, columns int) (Info, error) {
	h, err := parse(src)
	if err != nil {
		return Info{}, err
	}
	info := Info{Rows: h.rows, Columns: h.columns, Precision: h.precision, Near: h.near}
	if h.rows != rows || h.columns != columns || len(dst) != rows*columns {
		return info, malformed("the JPEG-LS image has %d rows and %d columns, the data set %d and %d",
			h.rows, h.columns, rows, columns)
	}
	p, ok := newParams(h.precision, h.near, h.preset)
	if !ok {
		return info, malformed("JPEG-LS coding parameters are out of bounds")
	}
	s := pool.Get().(*scan)
	defer func() {
		s.src = nil
		pool.Put(s)
	}()
	s.prepare(src, columns, p)
	end, err := s.decode(dst, h)
	if err != nil {
		return info, err
	}
	return info, atEnd(src, end)
}

// decode runs over the lines and restart intervals and returns the position
// after the entropy-coded data.
func (s *scan) decode(dst []uint16, h header) (int, error) {
	start := h.scan
	s.begin(start)
	s.restart()
	prev, cur := s.lines[0], s.lines[1]
	for y := range h.rows {
		if h.interval > 0 && y > 0 && y%h.interval == 0 {
			pos, ok := restartMarker(s.src, s.tail(start), y/h.interval-1)
			if !ok {
				return 0, malformed("a JPEG-LS restart marker is missing before line %d of %d", y, h.rows)
			}
			start = pos
			s.begin(pos)
			s.restart()
		}
		if !s.line(prev, cur) {
			return 0, malformed("JPEG-LS data are corrupt in line %d of %d", y, h.rows)
		}
		if s.overrun() {
			return 0, malformed("JPEG-LS data end in line %d of %d", y, h.rows)
		}
		out := dst[y*h.columns:][:h.columns]
		for x, v := range cur[1 : h.columns+1] {
			out[x] = uint16(v)
		}
		prev, cur = cur, prev
	}
	return s.tail(start), nil
}

// restartMarker reads RSTm with m = n mod 8 at pos, fill bytes before it
// allowed, and returns the position after it.
func restartMarker(src []byte, pos, n int) (int, bool) {
	if pos >= len(src) || src[pos] != 0xFF {
		return pos, false
	}
	for pos < len(src) && src[pos] == 0xFF {
		pos++
	}
	return pos + 1, pos < len(src) && src[pos] == byte(0xD0+n%8)
}

// atEnd wants the end of the image at pos: data that go on there show that
// the stream and its samples have come apart. A stream cut between its last
// sample and the EOI marker is whole as far as the image goes.
func atEnd(src []byte, pos int) error {
	for pos < len(src) && src[pos] == 0xFF {
		pos++
		if pos < len(src) && src[pos] == 0xD9 {
			return nil
		}
	}
	for _, b := range src[pos:] {
		if b != 0 {
			return malformed("JPEG-LS data go on after the last sample")
		}
	}
	return nil
}

func malformed(found string, args ...any) error {
	return refusal.New(refusal.Malformed, damaged, found, args...)
}

func unsupported(found string, args ...any) error {
	return refusal.New(refusal.Unsupported,
		"transcode the instance to Explicit VR Little Endian (1.2.840.10008.1.2.1) and send it again", found, args...)
}
