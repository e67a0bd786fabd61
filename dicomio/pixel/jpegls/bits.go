package jpegls

import (
	"encoding/binary"
	"math/bits"
)

// reader hands out the bits of one entropy-coded segment, most significant
// first. acc holds the next n bits left-aligned; bits below them are either
// zero or already equal to the bits that follow, so that or-ing the same bits
// in again changes nothing.
//
// A byte after 0xFF carries seven bits, its top bit being a stuffed zero
// (T.87 A.1); with the top bit set the pair is a marker and ends the segment.
// Beyond the end zeros are handed out and counted in pad, so that the hot
// loop needs no check per bit: overrun tells afterwards.
type reader struct {
	src []byte
	acc uint64
	n   int
	pos int
	pad int
}

// begin starts a new segment at pos.
func (r *reader) begin(pos int) { r.acc, r.n, r.pos, r.pad = 0, 0, pos, 0 }

// overrun reports whether more bits were taken than the segment has.
func (r *reader) overrun() bool { return r.pad > r.n }

// fill tops the accumulator up to at least 49 bits. State goes in and comes
// out by value: the hot loop keeps it in registers.
func (r *reader) fill(acc uint64, n, pos int) (uint64, int, int) {
	if pos+8 <= len(r.src) {
		w := binary.BigEndian.Uint64(r.src[pos:])
		// The classic zero-byte test on ^w: is any byte 0xFF?
		if t := ^w; (t-0x0101010101010101)&w&0x8080808080808080 == 0 {
			acc |= w >> uint(n)
			k := (64 - n) >> 3
			return acc, n + k<<3, pos + k
		}
	}
	return r.fillSlow(acc, n, pos)
}

func (r *reader) fillSlow(acc uint64, n, pos int) (uint64, int, int) {
	src := r.src
	for n <= 48 {
		if pos >= len(src) {
			return r.padOut(acc, n, pos)
		}
		b := src[pos]
		if b != 0xFF {
			acc |= uint64(b) << uint(56-n)
			n += 8
			pos++
			continue
		}
		if pos+1 >= len(src) || src[pos+1] >= 0x80 {
			return r.padOut(acc, n, pos)
		}
		acc |= (0xFF<<7 | uint64(src[pos+1])) << uint(49-n)
		n += 15
		pos += 2
	}
	return acc, n, pos
}

func (r *reader) padOut(acc uint64, n, pos int) (uint64, int, int) {
	acc &^= ^uint64(0) >> uint(n)
	r.pad += 64 - n
	return acc, 64, pos
}

// bit takes one bit.
func (r *reader) bit() uint64 { return r.bits(1) }

// bits takes 0 to 32 bits.
func (r *reader) bits(k int) uint64 {
	if r.n < k {
		r.acc, r.n, r.pos = r.fill(r.acc, r.n, r.pos)
	}
	v := r.acc >> 1 >> uint(63-k)
	r.acc <<= uint(k)
	r.n -= k
	return v
}

// zeros counts and takes zero bits and the one that ends them; ok is false
// where more than most zeros come.
func (r *reader) zeros(most int) (count int, ok bool) {
	for {
		if r.n < 32 {
			r.acc, r.n, r.pos = r.fill(r.acc, r.n, r.pos)
		}
		z := bits.LeadingZeros64(r.acc)
		if z < r.n {
			r.acc <<= uint(z + 1)
			r.n -= z + 1
			return count + z, count+z <= most
		}
		count += r.n
		r.acc, r.n = 0, 0
		if count > most {
			return count, false
		}
	}
}

// golomb decodes one limited-length Golomb code (T.87 A.5.3): unary prefix of
// at most limit-qbpp-1 zeros, then k bits, or after the longest prefix qbpp
// bits holding the value less one.
func (r *reader) golomb(k, limit, qbpp int) (int, bool) {
	most := limit - qbpp - 1
	z, ok := r.zeros(most)
	if !ok {
		return 0, false
	}
	if z == most {
		return int(r.bits(qbpp)) + 1, true
	}
	return z<<uint(k) | int(r.bits(k)), true
}

// tail returns the position after the segment's last byte that holds a taken
// bit; whole bytes that were only read ahead are given back. start is where
// the segment began.
func (r *reader) tail(start int) int {
	pos, ahead := r.pos, r.n-r.pad
	for pos > start {
		size := 8
		if pos-2 >= start && r.src[pos-2] == 0xFF {
			size = 7
		}
		if ahead < size {
			break
		}
		ahead -= size
		pos--
	}
	// An encoder whose last byte is 0xFF adds one for the stuffed bit.
	if pos > start && pos < len(r.src) && r.src[pos-1] == 0xFF && r.src[pos] < 0x80 {
		pos++
	}
	return pos
}
