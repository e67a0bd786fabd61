package lung

import (
	"math/bits"
	"slices"
)

// outOfVolume marks voxels of the working grid that the source does not cover.
// Resampled values lie above.
const outOfVolume = -32768

const (
	airHU     = -500 // below: air or lung
	paddingHU = -900 // padding is this low or lower
	// outsideAirHU parts the air around the patient (-1000, calibrated) from
	// lung that the field of view cuts (-850; emphysema from -950 on is mixed
	// with vessels and walls).
	outsideAirHU = -975
	rimDepth     = 3 // voxels from the edge of the field of view
	// cutContact bounds the edge of the field of view along a region of cut
	// lung, as a part of its border to the body: half a lung has 0.64 (the
	// diameter of a half circle over its arc). The mattress and the air of a
	// scan that cuts the body on both sides reach 0.9 and more.
	cutContact = 0.75
	// sureContact: a region that touches the edge this little is inside the
	// body, whatever its air looks like.
	sureContact = 0.3
	coreLeast   = 1000 // voxels of the body, at least
)

// working is the scan on the grid of this package.
type working struct {
	box
	hu []int16
	// seen is the field of view: all but padding.
	seen bitmask
	// air is what is below airHU.
	air bitmask
}

// below returns the voxels under a threshold.
func (w *working) below(hu int16) bitmask {
	out := newBits(w.box)
	for r := range w.box[1] * w.box[2] {
		belowRow(out.row(r), w.hu[r*w.box[0]:(r+1)*w.box[0]], hu)
	}
	return out
}

// belowRow sets the bits of the values under a threshold by the sign of the
// difference: a branch would be guessed wrong all over the noise of a scan. A
// word is put together in four parts that do not wait for each other.
func belowRow(to []uint64, values []int16, hu int16) {
	const part = 16
	w := 0
	for ; len(values) >= 4*part; w, values = w+1, values[4*part:] {
		a, b, c, d := values[:part], values[part:2*part], values[2*part:3*part], values[3*part:4*part]
		var p, q, r, s uint64
		for i := range part {
			p = p>>1 | under(a[i], hu)
			q = q>>1 | under(b[i], hu)
			r = r>>1 | under(c[i], hu)
			s = s>>1 | under(d[i], hu)
		}
		to[w] = p>>(3*part) | q>>(2*part) | r>>part | s
	}
	if w < len(to) {
		word := uint64(0)
		for _, v := range values {
			word = word>>1 | under(v, hu)
		}
		to[w] = word >> uint(64-len(values))
	}
}

// under is the highest bit where v is less than hu.
func under(v, hu int16) uint64 { return uint64(int64(v)-int64(hu)) & (1 << 63) }

// fieldOfView marks what was reconstructed: all but the voxels beyond the
// volume and the corners around the reconstruction circle, which hold one
// constant value.
func (w *working) fieldOfView() {
	plane := w.box[0] * w.box[1]
	w.seen = w.below(outOfVolume + 1).not()
	for k := range w.box[2] {
		hideCorners(w.seen.slice(k), w.hu[k*plane:(k+1)*plane])
	}
}

// hideCorners takes out of seen, one slice, what is connected to a corner and
// holds one value of padding.
func hideCorners(seen bitmask, hu []int16) {
	nx, ny := seen.box[0], seen.box[1]
	padded := map[int16]labelling{} // as a rule all corners hold the same
	for _, c := range [][2]int{{0, 0}, {nx - 1, 0}, {0, ny - 1}, {nx - 1, ny - 1}} {
		pad := hu[c[1]*nx+c[0]]
		if !seen.at(c[0], c[1]) || pad > paddingHU {
			continue
		}
		l, ok := padded[pad]
		if !ok {
			l = label(holding(pad, seen, hu))
			padded[pad] = l
		}
		l.takeOut(seen, c)
	}
}

// holding returns the voxels of seen, one slice, that have a value.
func holding(v int16, seen bitmask, hu []int16) bitmask {
	out := newBits(seen.box)
	for j := range seen.box[1] {
		row, values := out.row(j), hu[j*seen.box[0]:(j+1)*seen.box[0]]
		for w := range row {
			n := min(64, len(values))
			word := uint64(0)
			for _, h := range values[:n] {
				word = word>>1 | (uint64(uint16(h^v))-1)&(1<<63) // less than 0 where equal
			}
			row[w], values = word>>uint(64-n), values[n:]
		}
	}
	return out.and(seen)
}

// takeOut takes the part that a place of the slice lies in out of m.
func (l labelling) takeOut(m bitmask, at [2]int) {
	for _, r := range l.runs {
		if int(r.row) != at[1] || at[0] < int(r.from) || at[0] >= int(r.to) {
			continue
		}
		gone := newBits(m.box)
		l.add(gone, r.label)
		for o, w := range gone.on {
			m.on[o] &^= w
		}
		return
	}
}

// body returns the largest piece of tissue, without the table and cables: one
// layer of voxels is taken off, which parts what merely touches, and put back.
func (w *working) body() bitmask {
	tissue := w.air.not()
	cores := label(tissue.erode(1))
	core, ok := largest(cores.parts)
	if !ok || core.voxels < coreLeast {
		return newBits(w.box)
	}
	only := cores.only(func(p part) bool { return p.label == core.label })
	// A ball of 2 puts back the layer and its corners, inside the tissue only.
	return only.dilate(2).and(tissue)
}

// inside returns the voxels that the body encloses within their axial slice,
// and those of the outside. Slices are taken one by one because in three
// dimensions the lungs are open: at the mouth, and where the scan begins and
// ends. Lung that the field of view cuts counts as inside.
func (w *working) inside(body bitmask) (inside, outside bitmask) {
	inside, outside = body.not().and(w.seen), newBits(w.box)
	plane := w.box[0] * w.box[1]
	var edges rim
	for k := range w.box[2] {
		edges.of(w.seen.slice(k))
		in, out := inside.slice(k), outside.slice(k)
		l := label(in)
		touches := l.touching(edges.first)
		for _, p := range l.parts {
			if !touches[p.label] {
				continue
			}
			region := newBits(l.box)
			l.add(region, p.label)
			if isCutLung(region, edges, body.slice(k), w.hu[k*plane:(k+1)*plane]) {
				continue
			}
			for o, word := range region.on {
				in.on[o] &^= word
				out.on[o] |= word
			}
		}
	}
	return inside, outside
}

// touching says, by its label, of each part whether it has voxels of m.
func (l labelling) touching(m bitmask) []bool {
	out := make([]bool, len(l.parts)+1)
	for _, r := range l.runs {
		out[r.label] = out[r.label] || countRun(m.row(int(r.row)), r.from, r.to) > 0
	}
	return out
}

// rim is the edge of the field of view in one slice: its outermost voxels, and
// the rimDepth-1 layers within. It is the same in most slices.
type rim struct {
	seen        []uint64
	first, next bitmask
}

func (r *rim) of(seen bitmask) {
	if slices.Equal(r.seen, seen.on) {
		return
	}
	r.seen = seen.on
	r.first = seen.and(edge(seen, 1))
	r.next = seen.and(edge(seen, rimDepth)).and(r.first.not())
}

// edge returns the voxels within depth of the array's border or of what is
// not set.
func edge(m bitmask, depth int) bitmask {
	out := m.not().dilate(float64(depth))
	for j := range m.box[1] {
		row := out.row(j)
		if j < depth || j >= m.box[1]-depth {
			setRun(row, 0, int32(m.box[0]))
			continue
		}
		setRun(row, 0, int32(min(depth, m.box[0])))
		setRun(row, int32(max(0, m.box[0]-depth)), int32(m.box[0]))
	}
	return out
}

// isCutLung tells lung that the field of view cuts from the air around the
// patient, by the shape of the region and by the median of the air just inside
// the edge of the field of view (its outermost voxels are mixed with padding).
func isCutLung(region bitmask, edges rim, body bitmask, hu []int16) bool {
	contact, enclosed := float64(region.and(edges.first).count()), float64(border(region, body))
	if contact > cutContact*enclosed {
		return false
	}
	if contact < sureContact*enclosed {
		return true
	}
	var air []int16
	inner := region.and(edges.next)
	for j := range inner.box[1] {
		for w, word := range inner.row(j) {
			for ; word != 0; word &= word - 1 {
				if v := hu[j*inner.box[0]+w*64+bits.TrailingZeros64(word)]; v < airHU {
					air = append(air, v)
				}
			}
		}
	}
	if len(air) == 0 {
		return false // a sliver, or table alone
	}
	slices.Sort(air)
	return air[len(air)/2] >= outsideAirHU
}

// border counts the pairs of 4-neighbours, one in a and one in b, of one slice.
func border(a, b bitmask) int {
	n := 0
	for j := range a.box[1] {
		row := a.row(j)
		for _, other := range []int{j - 1, j + 1} {
			if other < 0 || other >= a.box[1] {
				continue
			}
			for w, word := range b.row(other) {
				n += bits.OnesCount64(word & row[w])
			}
		}
		line := b.row(j)
		for w, word := range row {
			up, down := word<<1, word>>1
			if w > 0 {
				up |= row[w-1] >> 63
			}
			if w+1 < len(row) {
				down |= row[w+1] << 63
			}
			n += bits.OnesCount64(up&line[w]) + bits.OnesCount64(down&line[w])
		}
	}
	return n
}
