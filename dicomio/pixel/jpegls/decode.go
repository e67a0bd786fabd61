package jpegls

import "nafas/dicomio/pixel/marker"

// Info is what a stream says of itself.
type Info struct {
	Rows, Columns int
	Precision     int // bits per sample, 2..16
	Near          int // greatest difference from the original; 0 is lossless
}

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
	if rows < 1 || columns < 1 || h.rows != rows || h.columns != columns || len(dst) != rows*columns {
		return info, marker.Malformed("the JPEG-LS image has %d rows and %d columns, the data set %d and %d",
			h.rows, h.columns, rows, columns)
	}
	p, ok := newParams(h.precision, h.near, h.preset)
	if !ok {
		return info, marker.Malformed("JPEG-LS coding parameters are out of bounds")
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
	return info, marker.AtEnd(src, end)
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
			pos, ok := marker.Restart(s.src, s.tail(start), y/h.interval-1)
			if !ok {
				return 0, marker.Malformed("a JPEG-LS restart marker is missing before line %d of %d", y, h.rows)
			}
			start = pos
			s.begin(pos)
			s.restart()
		}
		if !s.line(prev, cur) {
			return 0, marker.Malformed("JPEG-LS data are corrupt in line %d of %d", y, h.rows)
		}
		if s.overrun() {
			return 0, marker.Malformed("JPEG-LS data end in line %d of %d", y, h.rows)
		}
		out := dst[y*h.columns:][:h.columns]
		for x, v := range cur[1 : h.columns+1] {
			out[x] = uint16(v)
		}
		prev, cur = cur, prev
	}
	return s.tail(start), nil
}
