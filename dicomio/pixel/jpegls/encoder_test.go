package jpegls_test

import (
	"encoding/binary"
	"math/bits"
)

// encoder writes JPEG-LS streams straight from the text of T.87, sharing no
// code with the decoder: slow, and able to write what no peer writes (restart
// intervals, odd MAXVAL, fill bytes).
type encoder struct {
	rows, columns, precision int
	near, maxVal             int // maxVal 0: the precision's
	t1, t2, t3, reset        int // 0: default
	interval                 int // lines

	out  []byte
	acc  uint64
	held int // bits in acc

	rng, qbpp, limit int
	a, b, c, n       [367]int
	nn               [2]int
	runIndex         int
}

var order = [32]int{
	0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3,
	4, 4, 5, 5, 6, 6, 7, 7, 8, 9, 10, 11, 12, 13, 14, 15,
}

func (e *encoder) encode(values []uint16) []byte {
	e.out = []byte{0xFF, 0xD8}
	e.segment(0xF7, byte(e.precision), byte(e.rows>>8), byte(e.rows), byte(e.columns>>8), byte(e.columns), 1, 1, 0x11, 0)
	if e.maxVal|e.t1|e.t2|e.t3|e.reset != 0 {
		b := []byte{1}
		for _, v := range []int{e.maxVal, e.t1, e.t2, e.t3, e.reset} {
			b = binary.BigEndian.AppendUint16(b, uint16(v))
		}
		e.segment(0xF8, b...)
	}
	if e.interval > 0 {
		e.segment(0xDD, byte(e.interval>>8), byte(e.interval))
	}
	e.segment(0xDA, 1, 1, 0, byte(e.near), 0, 0)
	e.defaults()
	e.restart()
	prev, cur := make([]int, e.columns+2), make([]int, e.columns+2)
	for y := range e.rows {
		if e.interval > 0 && y > 0 && y%e.interval == 0 {
			e.flush()
			e.out = append(e.out, 0xFF, byte(0xD0+(y/e.interval-1)%8))
			e.restart()
			clear(prev)
			clear(cur)
		}
		for x := range e.columns {
			cur[x+1] = int(values[y*e.columns+x])
		}
		prev[e.columns+1] = prev[e.columns]
		cur[0] = prev[1]
		e.line(prev, cur)
		prev, cur = cur, prev
	}
	e.flush()
	return append(e.out, 0xFF, 0xD9)
}

func (e *encoder) segment(code byte, body ...byte) {
	e.out = append(e.out, 0xFF, code)
	e.out = binary.BigEndian.AppendUint16(e.out, uint16(len(body)+2))
	e.out = append(e.out, body...)
}

func (e *encoder) defaults() {
	if e.maxVal == 0 {
		e.maxVal = 1<<e.precision - 1
	}
	clamp := func(v, low int) int {
		if v > e.maxVal || v < low {
			return low
		}
		return v
	}
	var d [3]int
	if e.maxVal >= 128 {
		f := (min(e.maxVal, 4095) + 128) / 256
		d = [3]int{f + 2 + 3*e.near, f*4 + 3 + 5*e.near, f*17 + 4 + 7*e.near}
	} else {
		f := 256 / (e.maxVal + 1)
		d = [3]int{max(2, 3/f+3*e.near), max(3, 7/f+5*e.near), max(4, 21/f+7*e.near)}
	}
	if e.t1 == 0 {
		e.t1 = clamp(d[0], e.near+1)
	}
	if e.t2 == 0 {
		e.t2 = clamp(d[1], e.t1)
	}
	if e.t3 == 0 {
		e.t3 = clamp(d[2], e.t2)
	}
	if e.reset == 0 {
		e.reset = 64
	}
	e.rng = (e.maxVal+2*e.near)/(2*e.near+1) + 1
	e.qbpp = bits.Len(uint(e.rng - 1))
	bpp := max(2, bits.Len(uint(e.maxVal)))
	e.limit = 2 * (bpp + max(8, bpp))
}

func (e *encoder) restart() {
	for i := range e.a {
		e.a[i], e.b[i], e.c[i], e.n[i] = max(2, (e.rng+32)/64), 0, 0, 1
	}
	e.nn, e.runIndex = [2]int{}, 0
}

func (e *encoder) quantise(d int) int {
	sign := 1
	if d < 0 {
		sign, d = -1, -d
	}
	q := 0
	for i, t := range []int{e.near + 1, e.t1, e.t2, e.t3} {
		if d >= t {
			q = i + 1
		}
	}
	return sign * q
}

// line codes cur and replaces its samples by what a decoder will see.
func (e *encoder) line(prev, cur []int) {
	for x := 1; x <= e.columns; {
		ra, rb, rc, rd := cur[x-1], prev[x], prev[x-1], prev[x+1]
		q := 81*e.quantise(rd-rb) + 9*e.quantise(rb-rc) + e.quantise(rc-ra)
		if q == 0 {
			x = e.run(prev, cur, x)
			continue
		}
		sign := 1
		if q < 0 {
			sign, q = -1, -q
		}
		px := ra + rb - rc
		if rc >= max(ra, rb) {
			px = min(ra, rb)
		} else if rc <= min(ra, rb) {
			px = max(ra, rb)
		}
		px = min(e.maxVal, max(0, px+sign*e.c[q]))
		err := e.quantiseError(sign * (cur[x] - px))
		cur[x] = e.reconstruct(px, sign*err)
		err = e.modulo(err)
		k := e.k(e.a[q], e.n[q])
		m := 2 * err
		if err < 0 {
			m = -2*err - 1
		}
		if e.near == 0 && k == 0 && 2*e.b[q] <= -e.n[q] {
			if m = 2*err + 1; err < 0 {
				m = -2 * (err + 1)
			}
		}
		e.golomb(m, k, e.limit)
		e.update(q, err)
		x++
	}
}

func (e *encoder) update(q, err int) {
	e.b[q] += err * (2*e.near + 1)
	e.a[q] += max(err, -err)
	if e.n[q] == e.reset {
		e.a[q] >>= 1
		e.b[q] >>= 1
		e.n[q] >>= 1
	}
	e.n[q]++
	if e.b[q] <= -e.n[q] {
		e.b[q] += e.n[q]
		e.c[q] = max(-128, e.c[q]-1)
		e.b[q] = max(e.b[q], 1-e.n[q])
	} else if e.b[q] > 0 {
		e.b[q] -= e.n[q]
		e.c[q] = min(127, e.c[q]+1)
		e.b[q] = min(e.b[q], 0)
	}
}

func (e *encoder) run(prev, cur []int, x int) int {
	ra, length := cur[x-1], 0
	for x <= e.columns && cur[x]-ra <= e.near && ra-cur[x] <= e.near {
		cur[x] = ra
		length++
		x++
	}
	for length >= 1<<order[e.runIndex] {
		e.put(1, 1)
		length -= 1 << order[e.runIndex]
		e.runIndex = min(31, e.runIndex+1)
	}
	if x > e.columns {
		if length > 0 {
			e.put(1, 1)
		}
		return x
	}
	e.put(uint64(length), order[e.runIndex]+1)
	rb, kind := prev[x], 0
	px, sign := rb, 1
	if ra-rb <= e.near && rb-ra <= e.near {
		kind, px = 1, ra
	} else if ra > rb {
		sign = -1
	}
	err := e.quantiseError(sign * (cur[x] - px))
	cur[x] = e.reconstruct(px, sign*err)
	err = e.modulo(err)
	q := 365 + kind
	temp := e.a[q]
	if kind == 1 {
		temp += e.n[q] >> 1
	}
	k := e.k(temp, e.n[q])
	m := 0
	if k == 0 && err > 0 && 2*e.nn[kind] < e.n[q] || err < 0 && 2*e.nn[kind] >= e.n[q] || err < 0 && k != 0 {
		m = 1
	}
	em := 2*max(err, -err) - kind - m
	e.golomb(em, k, e.limit-order[e.runIndex]-1)
	if err < 0 {
		e.nn[kind]++
	}
	e.a[q] += (em + 1 - kind) >> 1
	if e.n[q] == e.reset {
		e.a[q] >>= 1
		e.n[q] >>= 1
		e.nn[kind] >>= 1
	}
	e.n[q]++
	e.runIndex = max(0, e.runIndex-1)
	return x + 1
}

func (e *encoder) quantiseError(err int) int {
	if err > 0 {
		return (err + e.near) / (2*e.near + 1)
	}
	return -((e.near - err) / (2*e.near + 1))
}

func (e *encoder) reconstruct(px, err int) int {
	return min(e.maxVal, max(0, px+err*(2*e.near+1)))
}

func (e *encoder) modulo(err int) int {
	if err < 0 {
		err += e.rng
	}
	if err >= (e.rng+1)/2 {
		err -= e.rng
	}
	return err
}

func (e *encoder) k(a, n int) int {
	k := 0
	for n<<k < a {
		k++
	}
	return k
}

func (e *encoder) golomb(m, k, limit int) {
	most := limit - e.qbpp - 1
	if m>>k < most {
		e.put(0, m>>k)
		e.put(1, 1)
		e.put(uint64(m), k)
		return
	}
	e.put(0, most)
	e.put(1, 1)
	e.put(uint64(m-1), e.qbpp)
}

// put writes the n low bits of v, with a zero bit after each 0xFF.
func (e *encoder) put(v uint64, n int) {
	for i := n - 1; i >= 0; i-- {
		e.acc = e.acc<<1 | v>>uint(i)&1
		e.held++
		e.emit()
	}
}

func (e *encoder) emit() {
	size := 8
	if len(e.out) > 0 && e.out[len(e.out)-1] == 0xFF {
		size = 7
	}
	if e.held == size {
		e.out = append(e.out, byte(e.acc))
		e.acc, e.held = 0, 0
	}
}

// flush pads to a whole byte; one that ends on 0xFF gets its stuffed byte.
func (e *encoder) flush() {
	for e.held > 0 {
		e.put(0, 1)
	}
	if e.out[len(e.out)-1] == 0xFF {
		e.out = append(e.out, 0)
	}
}
