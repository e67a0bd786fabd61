package jpegll_test

import (
	"encoding/binary"
	"math/bits"
)

// encoder writes JPEG Lossless streams straight from the text of T.81 annexes
// C, F and H, sharing no code with the decoder.
type encoder struct {
	rows, columns, precision int
	predictor, transform     int
	interval                 int  // lines
	table                    byte // the Huffman table's number
	shape                    string

	out    []byte
	acc    uint64
	held   int
	codes  [17]int
	length [17]int
}

// Code lengths of the categories 0 to 16, as DHT counts and values. "even"
// gives all of them short codes, "long" codes of up to 16 bits, which no table
// of fewer bits resolves at once.
var shapes = map[string]struct {
	counts [16]byte
	values []byte
}{
	"even": {[16]byte{4: 17}, []byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}},
	"long": {
		[16]byte{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2},
		[]byte{4, 5, 3, 6, 2, 7, 1, 8, 0, 9, 10, 11, 12, 13, 14, 15, 16},
	},
}

func (e *encoder) encode(values []uint16) []byte {
	e.out = []byte{0xFF, 0xD8}
	e.tables()
	e.segment(0xC3, byte(e.precision), byte(e.rows>>8), byte(e.rows), byte(e.columns>>8), byte(e.columns), 1, 7, 0x11, 0)
	if n := e.interval * e.columns; n > 0 {
		e.segment(0xDD, byte(n>>8), byte(n))
	}
	e.segment(0xDA, 1, 7, e.table<<4, byte(e.predictor), 0, byte(e.transform))
	for y := range e.rows {
		first := y == 0
		if e.interval > 0 && y > 0 && y%e.interval == 0 {
			e.flush()
			e.out = append(e.out, 0xFF, byte(0xD0+(y/e.interval-1)%8))
			first = true
		}
		for x := range e.columns {
			at := func(dy, dx int) int { return int(values[(y+dy)*e.columns+x+dx]) >> e.transform }
			px := 0
			switch {
			case first && x == 0:
				px = 1 << (e.precision - e.transform - 1)
			case first:
				px = at(0, -1)
			case x == 0:
				px = at(-1, 0)
			default:
				a, b, c := at(0, -1), at(-1, 0), at(-1, -1)
				px = [...]int{1: a, b, c, a + b - c, a + (b-c)>>1, b + (a-c)>>1, (a + b) >> 1}[e.predictor]
			}
			e.difference(at(0, 0) - px)
		}
	}
	e.flush()
	return append(e.out, 0xFF, 0xD9)
}

// tables writes the wanted table between two others, one of them an AC table
// that lossless scans do not use.
func (e *encoder) tables() {
	if e.shape == "" {
		e.shape = "even"
	}
	s := shapes[e.shape]
	code, at := 0, 0
	for length := 1; length <= 16; length++ {
		for range s.counts[length-1] {
			e.codes[s.values[at]], e.length[s.values[at]] = code, length
			code++
			at++
		}
		code <<= 1
	}
	other := append([]byte{(e.table + 1) % 4, 1}, make([]byte, 15)...)
	other = append(other, 3)
	ac := append([]byte{0x10 | e.table, 1}, make([]byte, 15)...)
	ac = append(ac, 0xF0)
	own := append(append([]byte{e.table}, s.counts[:]...), s.values...)
	e.segment(0xC4, append(append(other, own...), ac...)...)
}

func (e *encoder) segment(code byte, body ...byte) {
	e.out = append(e.out, 0xFF, code)
	e.out = binary.BigEndian.AppendUint16(e.out, uint16(len(body)+2))
	e.out = append(e.out, body...)
}

// difference codes d modulo 65536 (T.81 H.1.2.2).
func (e *encoder) difference(d int) {
	d = int(int16(d))
	category := bits.Len(uint(max(d, -d)))
	e.put(e.codes[category], e.length[category])
	if category == 16 {
		return
	}
	if d < 0 {
		d += 1<<category - 1
	}
	e.put(d, category)
}

func (e *encoder) put(v, n int) {
	e.acc = e.acc<<n | uint64(v)&(1<<n-1)
	e.held += n
	for e.held >= 8 {
		b := byte(e.acc >> (e.held - 8))
		e.held -= 8
		e.out = append(e.out, b)
		if b == 0xFF {
			e.out = append(e.out, 0)
		}
	}
}

// flush fills the last byte with ones (T.81 F.1.2.3).
func (e *encoder) flush() {
	if e.held > 0 {
		e.put(1<<(8-e.held)-1, 8-e.held)
	}
}
