package jpegls

import "math/bits"

// params are the coding parameters of one scan (T.87 table C.1 and A.2).
type params struct {
	maxVal, near   int
	t1, t2, t3     int
	reset          int
	rng            int // RANGE: how many different prediction errors there are
	qbpp, limit    int
	powerOfTwo     bool // lossless with MAXVAL+1 = RANGE a power of two
	step, fullSpan int  // 2*NEAR+1, RANGE*step
}

// preset is an LSE type 1 segment; zero means default.
type preset struct{ maxVal, t1, t2, t3, reset int }

// newParams fills in the defaults of T.87 C.2.4.1.1; ok is false where the
// preset or NEAR lie outside the bounds given there.
func newParams(precision, near int, p preset) (params, bool) {
	top := 1<<uint(precision) - 1
	c := params{maxVal: p.maxVal, near: near, t1: p.t1, t2: p.t2, t3: p.t3, reset: p.reset}
	if c.maxVal == 0 {
		c.maxVal = top
	}
	if c.maxVal > top || near > min(255, c.maxVal/2) {
		return c, false
	}
	d1, d2, d3 := defaultThresholds(c.maxVal, near)
	if c.t1 == 0 {
		c.t1 = d1
	}
	if c.t2 == 0 {
		c.t2 = max(d2, c.t1)
	}
	if c.t3 == 0 {
		c.t3 = max(d3, c.t2)
	}
	if c.reset == 0 {
		c.reset = 64
	}
	if c.t1 < near+1 || c.t2 < c.t1 || c.t3 < c.t2 || c.t3 > c.maxVal ||
		c.reset < 3 || c.reset > max(255, c.maxVal) {
		return c, false
	}
	c.step = 2*near + 1
	c.rng = (c.maxVal+2*near)/c.step + 1
	c.fullSpan = c.rng * c.step
	c.qbpp = bits.Len(uint(c.rng - 1))
	bpp := max(2, bits.Len(uint(c.maxVal)))
	c.limit = 2 * (bpp + max(8, bpp))
	c.powerOfTwo = near == 0 && c.rng&(c.rng-1) == 0
	return c, true
}

func defaultThresholds(maxVal, near int) (t1, t2, t3 int) {
	clamp := func(v, low int) int {
		if v > maxVal || v < low {
			return low
		}
		return v
	}
	if maxVal >= 128 {
		f := (min(maxVal, 4095) + 128) / 256
		t1 = clamp(f+2+3*near, near+1)
		t2 = clamp(4*f+3+5*near, t1)
		t3 = clamp(17*f+4+7*near, t2)
		return t1, t2, t3
	}
	f := 256 / (maxVal + 1)
	t1 = clamp(max(2, 3/f+3*near), near+1)
	t2 = clamp(max(3, 7/f+5*near), t1)
	t3 = clamp(max(4, 21/f+7*near), t2)
	return t1, t2, t3
}

// quantise is T.87 code segment A.4.
func (c *params) quantise(d int) int8 {
	switch {
	case d <= -c.t3:
		return -4
	case d <= -c.t2:
		return -3
	case d <= -c.t1:
		return -2
	case d < -c.near:
		return -1
	case d <= c.near:
		return 0
	case d < c.t1:
		return 1
	case d < c.t2:
		return 2
	case d < c.t3:
		return 3
	}
	return 4
}
