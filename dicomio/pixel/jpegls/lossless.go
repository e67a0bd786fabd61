package jpegls

import "math/bits"

// lineLossless is the hot loop: regular mode for NEAR = 0 and a power of two
// of values, as every CT encoder writes it. It follows T.87 A.3 to A.6 with
// branches turned into arithmetic, since noise makes them unpredictable:
// signs are masks (0 or -1), the edge-detecting predictor is the median of
// three, and the vertical gradient of a sample is the next one's diagonal.
func (s *scan) lineLossless(prev, cur []int32) bool {
	w := len(cur) - 2
	prev = prev[:len(cur)]
	table := &s.table
	maxVal := int32(s.maxVal)
	reset := int32(s.reset)
	top := uint64(s.rng) // larger than any mapped error
	most := s.limit - s.qbpp - 1
	acc, n, pos := s.acc, s.n, s.pos

	ra, rb, rc := cur[0], prev[1], prev[0]
	q2 := int32(table[(rb-rc)&gradientMask])
	for x := 1; x <= w; x++ {
		rd := prev[x+1]
		q1 := int32(table[(rd-rb)&gradientMask])
		q := 81*q1 + 9*q2 + int32(table[(rc-ra)&gradientMask])
		if q == 0 {
			s.acc, s.n, s.pos = acc, n, pos
			var ok bool
			if x, ok = s.runMode(prev, cur, x); !ok {
				return false
			}
			acc, n, pos = s.acc, s.n, s.pos
			if x < w {
				ra, rb, rc = cur[x], prev[x+1], prev[x]
				q2 = int32(table[(rb-rc)&gradientMask])
			}
			continue
		}
		q2 = q1
		sign := q >> 31
		c := &s.ctx[((q^sign)-sign)&511]

		px := max(min(ra, rb), min(max(ra, rb), ra+rb-rc))
		px = max(0, min(maxVal, px+((int32(c.c)^sign)-sign)))
		k := int(c.k)

		if n < 32 {
			acc, n, pos = s.fill(acc, n, pos)
		}
		var m uint64
		if z := bits.LeadingZeros64(acc); z < most && z+1+k <= n {
			rest := acc << uint((z+1)&63)
			m = uint64(z)<<uint(k&63) | rest>>1>>uint((63-k)&63)
			acc = rest << uint(k&63)
			n -= z + 1 + k
		} else {
			s.acc, s.n, s.pos = acc, n, pos
			v, ok := s.golomb(k, s.limit, s.qbpp)
			if !ok {
				return false
			}
			m = uint64(v)
			acc, n, pos = s.acc, s.n, s.pos
		}
		if m > top {
			return false
		}
		e := int32(m>>1) ^ -int32(m&1)
		if k == 0 && 2*c.b <= -c.n {
			e = ^e
		}
		c.update(e, e, reset)

		rc, rb = rb, rd
		ra = (px + ((e ^ sign) - sign)) & maxVal
		cur[x] = ra
	}
	s.acc, s.n, s.pos = acc, n, pos
	return true
}

// update is T.87 A.6: e is the prediction error, scaled the same times
// 2*NEAR+1. Right shifts of B round down as code segment A.12 wants it.
func (c *context) update(e, scaled, reset int32) {
	abs := (e ^ e>>31) - e>>31
	a, b, n := c.a+abs, c.b+scaled, c.n
	if n == reset {
		a >>= 1
		b >>= 1
		n >>= 1
	}
	n++
	if b <= -n {
		b = max(b+n, 1-n)
		c.c = max(c.c-1, -128)
	} else if b > 0 {
		b = min(b-n, 0)
		c.c = min(c.c+1, 127)
	}
	c.a, c.b, c.n = a, b, n
	c.k = int16(golombK(a, n))
}
