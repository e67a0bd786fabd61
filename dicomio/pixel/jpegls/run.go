package jpegls

// runOrder is J of T.87 A.2.1: the order of the run-length codes.
var runOrder = [32]int{
	0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3,
	4, 4, 5, 5, 6, 6, 7, 7, 8, 9, 10, 11, 12, 13, 14, 15,
}

// runMode decodes a run that begins at x and, unless the line ends with it,
// the sample that interrupts it (T.87 A.7). It returns the index of the last
// sample that it wrote.
func (s *scan) runMode(prev, cur []int32, x int) (int, bool) {
	end, interrupted, ok := s.runEnd(x, len(cur)-2)
	if !ok {
		return x, false
	}
	ra := cur[x-1]
	span := cur[x:end]
	for i := range span {
		span[i] = ra
	}
	if !interrupted {
		return end - 1, true
	}
	v, ok := s.interruption(ra, prev[end])
	if !ok {
		return x, false
	}
	cur[end] = v
	if s.runIndex > 0 {
		s.runIndex--
	}
	return end, true
}

// runEnd decodes the length of a run from x in a line whose last sample is w:
// end is the index after it (code segments A.14 and A.15).
func (s *scan) runEnd(x, w int) (end int, interrupted, ok bool) {
	for s.bit() == 1 {
		full := 1 << uint(runOrder[s.runIndex])
		left := w - x + 1
		if full <= left && s.runIndex < 31 {
			s.runIndex++
		}
		x += min(full, left)
		if x > w {
			return x, false, true
		}
	}
	x += int(s.bits(runOrder[s.runIndex]))
	return x, true, x <= w
}

// interruption decodes the sample that ends a run, from its neighbours to the
// left and above (T.87 A.7.2).
func (s *scan) interruption(ra, rb int32) (int32, bool) {
	kind, px, sign := int32(0), rb, int32(0)
	if d := ra - rb; d >= -int32(s.near) && d <= int32(s.near) {
		kind, px = 1, ra
	} else if ra > rb {
		sign = -1
	}
	c := &s.run[kind]
	a := c.a
	if kind == 1 {
		a += c.n >> 1
	}
	k := golombK(a, c.n)
	m, ok := s.golomb(k, s.limit-runOrder[s.runIndex]-1, s.qbpp)
	if !ok || m > 2*s.rng {
		return 0, false
	}
	em := int32(m)
	t := em + kind
	e := (t + t&1) >> 1
	if (k != 0 || 2*c.nn >= c.n) == (t&1 == 1) {
		e = -e
	}
	if e < 0 {
		c.nn++
	}
	c.a += (em + 1 - kind) >> 1
	if c.n == int32(s.reset) {
		c.a >>= 1
		c.n >>= 1
		c.nn >>= 1
	}
	c.n++
	return s.reconstruct(px, ((e*int32(s.step))^sign)-sign), true
}
