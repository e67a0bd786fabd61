package jpegll

import (
	"sync"

	"nafas/dicomio/pixel/marker"
)

// Info is what a stream says of itself.
type Info struct {
	Rows, Columns int
	Precision     int // bits per sample, 2..16
	Predictor     int // 1..7
}

// decoder holds the tables and one line of differences; decoders are pooled.
type decoder struct {
	reader
	tables [4]huffman
	diffs  []int16
}

var pool = sync.Pool{New: func() any { return new(decoder) }}

// Decode decodes a whole JPEG Lossless stream into dst, which holds
// rows*columns samples row by row, each within Info.Precision bits. Bytes
// after the end of image are ignored. It returns a refusal: Malformed where
// the stream breaks T.81, ends early or has another size; Unsupported where
// it is of another process or has several components. dst is then partly
// written.
func Decode(dst []uint16, src []byte, rows, columns int) (Info, error) {
	d := pool.Get().(*decoder)
	defer func() {
		d.src = nil
		pool.Put(d)
	}()
	for i := range d.tables {
		d.tables[i].defined = false
	}
	h, err := d.parse(src)
	if err != nil {
		return Info{}, err
	}
	info := Info{Rows: h.rows, Columns: h.columns, Precision: h.precision, Predictor: h.predictor}
	if rows < 1 || columns < 1 || h.rows != rows || h.columns != columns || len(dst) != rows*columns {
		return info, marker.Malformed("the JPEG image has %d rows and %d columns, the data set %d and %d",
			h.rows, h.columns, rows, columns)
	}
	if h.interval%columns != 0 {
		// T.81 H.1.1: an interval is a whole number of lines.
		return info, marker.Malformed("the JPEG restart interval of %d samples is no multiple of %d columns",
			h.interval, columns)
	}
	if cap(d.diffs) < columns {
		d.diffs = make([]int16, columns)
	}
	d.diffs = d.diffs[:columns]
	d.reader = reader{src: src}
	end, err := d.decode(dst, h)
	if err != nil {
		return info, err
	}
	return info, marker.AtEnd(src, end)
}

// decode runs over the lines and restart intervals and returns the position
// after the entropy-coded data.
func (d *decoder) decode(dst []uint16, h header) (int, error) {
	start := h.scan
	d.begin(start)
	interval := h.interval / h.columns
	first := true // of the image or of an interval: predicted from the left alone
	for y := range h.rows {
		if interval > 0 && y > 0 && y%interval == 0 {
			pos, ok := marker.Restart(d.src, d.tail(start), y/interval-1)
			if !ok {
				return 0, marker.Malformed("a JPEG restart marker is missing before line %d of %d", y, h.rows)
			}
			start = pos
			d.begin(pos)
			first = true
		}
		if !d.line(&d.tables[h.table]) {
			return 0, marker.Malformed("JPEG data hold no Huffman code in line %d of %d", y, h.rows)
		}
		if d.overrun() {
			return 0, marker.Malformed("JPEG data end in line %d of %d", y, h.rows)
		}
		row := dst[y*h.columns:][:h.columns]
		if first {
			undoFirst(row, d.diffs, uint16(1)<<uint(h.precision-h.transform-1))
		} else {
			undo(row, dst[(y-1)*h.columns:][:h.columns], d.diffs, h.predictor)
		}
		first = false
	}
	if err := scale(dst, h); err != nil {
		return 0, err
	}
	return d.tail(start), nil
}

// line decodes the differences of one line.
func (d *decoder) line(t *huffman) bool {
	acc, n, pos := d.acc, d.n, d.pos
	diffs := d.diffs
	for i := range diffs {
		if n < 32 { // the longest code and difference
			acc, n, pos = d.fill(acc, n, pos)
		}
		e := &t.look[acc>>(64-lookBits)]
		if e.bits != 0 {
			diffs[i] = e.diff
			acc <<= e.bits & 63
			n -= int(e.bits)
			continue
		}
		v, taken := int16(0), 0
		if e.extra != 0 {
			category := uint(e.extra-1) & 15
			low := acc << (e.code & 63) >> 1 >> (63 - category)
			v, taken = difference(int(low), int(category)), int(e.code)+int(category)
		} else if v, taken = t.slow(uint32(acc >> 32)); taken == 0 {
			return false
		}
		diffs[i] = v
		acc <<= uint(taken) & 63
		n -= taken
	}
	d.acc, d.n, d.pos = acc, n, pos
	return true
}

// scale undoes the point transform. Values that do not fit the precision show
// a stream that went wrong.
func scale(dst []uint16, h header) error {
	var all uint16
	for _, v := range dst {
		all |= v
	}
	if int(all)>>uint(h.precision-h.transform) != 0 {
		return marker.Malformed("JPEG samples do not fit %d bits", h.precision-h.transform)
	}
	if h.transform > 0 {
		for i := range dst {
			dst[i] <<= uint(h.transform)
		}
	}
	return nil
}
