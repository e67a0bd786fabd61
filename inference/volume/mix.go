package volume

// Two rows of the target are computed in one: of each uint64 the low half is
// the voxel of an even row, the high half that of the odd row after it. Within
// a half values are shifted by bias to be positive, so that halves never
// borrow from each other; as weights sum to exactly 1<<weightBits, the mixed
// value is shifted by just as much, and the largest sum, of 16 bits of HU with
// fracBits and weightBits, is less than 32 bits.
const (
	lanes    = 1<<32 | 1
	bias     = 1 << 15
	laneMask = (1<<(16+fracBits) - 1) * lanes // a voxel with fracBits
)

// reducer resamples source slices in their plane.
type reducer struct {
	source *Volume
	x, y   taps
	lo, hi int // columns of the source that x needs
	row    []uint64
	weight []uint64
}

func newReducer(v *Volume, x, y taps) *reducer {
	r := &reducer{source: v, x: x, y: y, row: make([]uint64, v.Size[0])}
	r.lo, r.hi = x.span()
	return r
}

// plane sets dst, pairs of rows, to source slice k on the target's columns and
// rows; what lies outside is left to be filled.
func (r *reducer) plane(dst []uint64, k int) {
	sx, nx := r.source.Size[0], len(r.x.start)
	src := r.source.HU[k*sx*r.source.Size[1]:]
	for j := 0; j < len(r.y.start); j += 2 {
		first, w := r.rows(j)
		if len(w) == 0 {
			continue
		}
		mixRows(r.row[r.lo:r.hi], src[first*sx+r.lo:], sx, w)
		shrinkRow(dst[j/2*nx:(j/2+1)*nx], r.row, r.x)
	}
}

// rows are the source rows that target rows j and j+1 are made of, and the
// weight of each in both; a row that is outside takes after the other.
func (r *reducer) rows(j int) (first int, w []uint64) {
	even, odd := j, min(j+1, len(r.y.start)-1)
	switch {
	case r.y.start[even] < 0:
		even = odd
	case r.y.start[odd] < 0:
		odd = even
	}
	if r.y.start[even] < 0 {
		return 0, nil
	}
	first = min(r.y.start[even], r.y.start[odd])
	n := max(r.y.start[even], r.y.start[odd]) + r.y.width - first
	if n > cap(r.weight) {
		r.weight = make([]uint64, n)
	}
	w = r.weight[:n]
	clear(w)
	for t := range r.y.width {
		w[r.y.start[even]-first+t] += r.y.weight[even*r.y.width+t]
		w[r.y.start[odd]-first+t] += r.y.weight[odd*r.y.width+t] << 32
	}
	for len(w) > 1 && w[0] == 0 {
		first, w = first+1, w[1:]
	}
	for len(w) > 1 && w[len(w)-1] == 0 {
		w = w[:len(w)-1]
	}
	return first, w
}

// mixRowsAlone is mixRows for any processor.
func mixRowsAlone(row []uint64, src []int16, stride int, w []uint64) {
	const shift = weightBits - fracBits
	const shifted = (bias<<weightBits + 1<<(shift-1)) * lanes
	n := len(row)
	switch len(w) {
	case 1:
		w0 := w[0]
		for i, a := range src[:n] {
			row[i] = (wide(a)*w0 + shifted) >> shift & laneMask
		}
	case 2:
		a, b := src[:n], src[stride:][:n]
		w0, w1 := w[0], w[1]
		for i := range row {
			row[i] = (wide(a[i])*w0 + wide(b[i])*w1 + shifted) >> shift & laneMask
		}
	case 3:
		a, b, c := src[:n], src[stride:][:n], src[2*stride:][:n]
		w0, w1, w2 := w[0], w[1], w[2]
		for i := range row {
			row[i] = (wide(a[i])*w0 + wide(b[i])*w1 + wide(c[i])*w2 + shifted) >> shift & laneMask
		}
	case 4:
		a, b, c, d := src[:n], src[stride:][:n], src[2*stride:][:n], src[3*stride:][:n]
		w0, w1, w2, w3 := w[0], w[1], w[2], w[3]
		for i := range row {
			row[i] = (wide(a[i])*w0 + wide(b[i])*w1 + wide(c[i])*w2 + wide(d[i])*w3 + shifted) >> shift & laneMask
		}
	default:
		mixManyRows(row, src, stride, w)
		for i, sum := range row {
			row[i] = (sum + shifted) >> shift & laneMask
		}
	}
}

// wide is a voxel as a factor: negative ones wrap, and the sum of products
// unwraps as soon as the bias is added.
func wide(v int16) uint64 { return uint64(int64(v)) }

// mixManyRows sets row to the weighted sums of five or more rows, four at a
// time: each pass over row costs as much as a source.
func mixManyRows(row []uint64, src []int16, stride int, w []uint64) {
	n := len(row)
	a, b, c, d := src[:n], src[stride:][:n], src[2*stride:][:n], src[3*stride:][:n]
	w0, w1, w2, w3 := w[0], w[1], w[2], w[3]
	for i := range row {
		row[i] = wide(a[i])*w0 + wide(b[i])*w1 + wide(c[i])*w2 + wide(d[i])*w3
	}
	for src, w = src[4*stride:], w[4:]; len(w) >= 4; src, w = src[min(4*stride, len(src)):], w[4:] {
		a, b, c, d := src[:n], src[stride:][:n], src[2*stride:][:n], src[3*stride:][:n]
		w0, w1, w2, w3 := w[0], w[1], w[2], w[3]
		for i := range row {
			row[i] += wide(a[i])*w0 + wide(b[i])*w1 + wide(c[i])*w2 + wide(d[i])*w3
		}
	}
	for len(w) >= 2 {
		a, b, w0, w1 := src[:n], src[stride:][:n], w[0], w[1]
		for i := range row {
			row[i] += wide(a[i])*w0 + wide(b[i])*w1
		}
		src, w = src[min(2*stride, len(src)):], w[2:]
	}
	if len(w) > 0 {
		w0 := w[0]
		for i, a := range src[:n] {
			row[i] += wide(a) * w0
		}
	}
}

// shrinkRow resamples a pair of rows along x; fracBits in, fracBits out.
func shrinkRow(dst, row []uint64, t taps) {
	const half = 1 << (weightBits - 1) * lanes
	switch t.width {
	case 3:
		for i, s := range t.start {
			if s < 0 {
				continue
			}
			w, r := t.weight[3*i:3*i+3:3*i+3], row[s:s+3:s+3]
			dst[i] = (w[0]*r[0] + w[1]*r[1] + w[2]*r[2] + half) >> weightBits & laneMask
		}
	case 4:
		for i, s := range t.start {
			if s < 0 {
				continue
			}
			w, r := t.weight[4*i:4*i+4:4*i+4], row[s:s+4:s+4]
			dst[i] = (w[0]*r[0] + w[1]*r[1] + w[2]*r[2] + w[3]*r[3] + half) >> weightBits & laneMask
		}
	case 5:
		for i, s := range t.start {
			if s < 0 {
				continue
			}
			w, r := t.weight[5*i:5*i+5:5*i+5], row[s:s+5:s+5]
			dst[i] = (w[0]*r[0] + w[1]*r[1] + w[2]*r[2] + w[3]*r[3] + w[4]*r[4] + half) >> weightBits & laneMask
		}
	default:
		for i, s := range t.start {
			if s < 0 {
				continue
			}
			w := t.weight[i*t.width : (i+1)*t.width]
			acc := uint64(half)
			for j, x := range row[s : s+t.width] {
				acc += w[j] * x
			}
			dst[i] = acc >> weightBits & laneMask
		}
	}
}

// mixPlanes writes the weighted sum of planes as HU: rows of nx voxels, out of
// pairs of them.
func mixPlanes(out []int16, nx int, planes [][]uint64, w []uint64) {
	for at := 0; len(out) > 0; at += nx {
		even := out[:nx]
		odd := even
		if out = out[nx:]; len(out) > 0 {
			odd, out = out[:nx], out[nx:]
		}
		mixPair(odd, even, at, planes, w)
	}
}

// mixPair writes one pair of rows, the even one last: it is both where there
// is no odd one.
func mixPair(odd, even []int16, at int, planes [][]uint64, w []uint64) {
	const shift = weightBits + fracBits
	const half = 1 << (shift - 1) * lanes
	n := len(even)
	odd = odd[:n]
	put := func(i int, sum uint64) {
		odd[i] = int16(uint16(sum>>(32+shift)) ^ bias)
		even[i] = int16(uint16(sum>>shift) ^ bias)
	}
	switch len(planes) {
	case 1:
		for i, a := range planes[0][at:][:n] {
			put(i, w[0]*a+half)
		}
	case 2:
		a, b, w0, w1 := planes[0][at:][:n], planes[1][at:][:n], w[0], w[1]
		for i := range a {
			put(i, w0*a[i]+w1*b[i]+half)
		}
	case 3:
		a, b, c := planes[0][at:][:n], planes[1][at:][:n], planes[2][at:][:n]
		w0, w1, w2 := w[0], w[1], w[2]
		for i := range a {
			put(i, w0*a[i]+w1*b[i]+w2*c[i]+half)
		}
	default:
		for i := range n {
			sum := uint64(half)
			for j, p := range planes {
				sum += w[j] * p[at+i]
			}
			put(i, sum)
		}
	}
}
