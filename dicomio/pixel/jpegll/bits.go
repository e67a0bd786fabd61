package jpegll

import "encoding/binary"

// reader hands out the bits of one entropy-coded segment, most significant
// first. acc holds the next n bits left-aligned; bits below them are either
// zero or already equal to the bits that follow.
//
// A zero byte stuffed after 0xFF is skipped (T.81 F.1.2.3); 0xFF with anything
// else after it is a marker and ends the segment. Beyond the end zeros are
// handed out and counted in pad: overrun tells afterwards.
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

// fill tops the accumulator up to at least 57 bits. State goes in and comes
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
	for n <= 56 {
		if pos >= len(src) || src[pos] == 0xFF && (pos+1 >= len(src) || src[pos+1] != 0) {
			acc &^= ^uint64(0) >> uint(n)
			r.pad += 64 - n
			return acc, 64, pos
		}
		b := src[pos]
		pos++
		if b == 0xFF {
			pos++
		}
		acc |= uint64(b) << uint(56-n)
		n += 8
	}
	return acc, n, pos
}

// tail returns the position after the last byte that holds a taken bit; whole
// bytes that were only read ahead are given back. start is where the segment
// began.
func (r *reader) tail(start int) int {
	pos := r.pos
	for ahead := r.n - r.pad; ahead >= 8 && pos > start; ahead -= 8 {
		pos--
		if pos > start && r.src[pos] == 0 && r.src[pos-1] == 0xFF {
			pos--
		}
	}
	return pos
}
