package jpegls

import (
	"math/bits"
	"sync"
)

// context is one of the 365 adaptive contexts of regular mode (T.87 A.6). k is
// the Golomb parameter that a and n give (A.5.1): kept here it is ready when
// the next sample needs it, and its computation overlaps other work.
type context struct {
	a, b, n int32
	c, k    int16
}

// runContext is one of the two of run interruption (T.87 A.7.2).
type runContext struct{ a, n, nn int32 }

// gradientMask indexes the gradient table with a difference of two samples of
// up to 16 bits as an unsigned number: negative ones wrap into the upper half.
const gradientMask = 1<<17 - 1

// scan decodes the lines of one scan. Scans are pooled: the gradient table is
// 128 KiB and the same for all slices of a series.
type scan struct {
	params
	reader
	ctx      [512]context // 365 used; the power of two spares a bounds check
	run      [2]runContext
	runIndex int
	table    [gradientMask + 1]int8
	tableOf  params // what table was built for
	lines    [2][]int32
}

var pool = sync.Pool{New: func() any { return new(scan) }}

// prepare sets the scan up for width samples a line with these parameters.
func (s *scan) prepare(src []byte, width int, p params) {
	s.params = p
	s.reader = reader{src: src}
	if s.tableOf != p {
		for d := -p.maxVal; d <= p.maxVal; d++ {
			s.table[d&gradientMask] = p.quantise(d)
		}
		s.tableOf = p
	}
	for i := range s.lines {
		if cap(s.lines[i]) < width+2 {
			s.lines[i] = make([]int32, width+2)
		}
		s.lines[i] = s.lines[i][:width+2]
	}
}

// restart puts contexts and lines into their first state (T.87 A.2.1), at the
// scan's beginning and after each restart marker.
func (s *scan) restart() {
	a := int32(max(2, (s.rng+32)/64))
	for i := range s.ctx {
		s.ctx[i] = context{a: a, n: 1, k: int16(golombK(a, 1))}
	}
	s.run = [2]runContext{{a: a, n: 1}, {a: a, n: 1}}
	s.runIndex = 0
	clear(s.lines[0])
	clear(s.lines[1])
}

// line decodes the line after prev into cur, both with one sample of margin
// on either side; false means that the bits fit no JPEG-LS line.
func (s *scan) line(prev, cur []int32) bool {
	w := len(cur) - 2
	prev[w+1] = prev[w]
	cur[0] = prev[1]
	if s.powerOfTwo {
		return s.lineLossless(prev, cur)
	}
	return s.lineGeneral(prev, cur)
}

// golombK is the smallest k with n<<k >= a (T.87 A.5.1). Numbers of equal bit
// length differ by less than a factor of two, so only two k can be it.
func golombK(a, n int32) int {
	k := max(0, bits.Len32(uint32(a))-bits.Len32(uint32(n)))
	if n<<uint(k&31) < a {
		k++
	}
	return k
}
