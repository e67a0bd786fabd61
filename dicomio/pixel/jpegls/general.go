package jpegls

// lineGeneral is regular mode in its general form: NEAR > 0, or a MAXVAL that
// is not a power of two less one (T.87 A.3 to A.6).
func (s *scan) lineGeneral(prev, cur []int32) bool {
	w := len(cur) - 2
	prev = prev[:len(cur)]
	table := &s.table
	for x := 1; x <= w; x++ {
		ra, rb, rc, rd := cur[x-1], prev[x], prev[x-1], prev[x+1]
		q := 81*int32(table[(rd-rb)&gradientMask]) +
			9*int32(table[(rb-rc)&gradientMask]) +
			int32(table[(rc-ra)&gradientMask])
		if q == 0 {
			var ok bool
			if x, ok = s.runMode(prev, cur, x); !ok {
				return false
			}
			continue
		}
		sign := q >> 31
		c := &s.ctx[((q^sign)-sign)&511]
		px := max(min(ra, rb), min(max(ra, rb), ra+rb-rc))
		px = max(0, min(int32(s.maxVal), px+((int32(c.c)^sign)-sign)))

		k := int(c.k)
		m, ok := s.golomb(k, s.limit, s.qbpp)
		if !ok || m > s.rng {
			return false
		}
		e := int32(m>>1) ^ -int32(m&1)
		if s.near == 0 && k == 0 && 2*c.b <= -c.n {
			e = ^e
		}
		scaled := e * int32(s.step)
		c.update(e, scaled, int32(s.reset))
		cur[x] = s.reconstruct(px, (scaled^sign)-sign)
	}
	return true
}

// reconstruct adds a scaled error to a prediction, modulo the span of errors
// (T.87 code segment A.9 and A.4.5).
func (s *scan) reconstruct(px, scaled int32) int32 {
	v := px + scaled
	if v < -int32(s.near) {
		v += int32(s.fullSpan)
	} else if v > int32(s.maxVal+s.near) {
		v -= int32(s.fullSpan)
	}
	return max(0, min(int32(s.maxVal), v))
}
