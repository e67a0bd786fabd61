package lung

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// box is the extent of a dense array of voxels, x fastest.
type box [3]int

func (b box) len() int { return b[0] * b[1] * b[2] }

// bitmask is a mask with one bit a voxel; every row begins a new word. Balls
// of 10 mm are laid over millions of voxels here, 64 voxels at a time.
type bitmask struct {
	box
	words int // per row
	on    []uint64
}

func newBits(b box) bitmask {
	words := (b[0] + 63) / 64
	return bitmask{box: b, words: words, on: make([]uint64, words*b[1]*b[2])}
}

// pack makes a bitmask from bytes that are 0 or 1.
func pack(b box, m []uint8) bitmask {
	out := newBits(b)
	for r := range b[1] * b[2] {
		row, to := m[r*b[0]:(r+1)*b[0]], out.row(r)
		i := 0
		for ; i+8 <= len(row); i += 8 {
			to[i>>6] |= gather(binary.LittleEndian.Uint64(row[i:])) << (i & 63)
		}
		for ; i < len(row); i++ {
			to[i>>6] |= uint64(row[i]) << (i & 63)
		}
	}
	return out
}

// bytes is the inverse of pack.
func (m bitmask) bytes() []uint8 {
	out := make([]uint8, m.len())
	for r := range m.box[1] * m.box[2] {
		base := r * m.box[0]
		for w, word := range m.row(r) {
			for ; word != 0; word &= word - 1 {
				out[base+w*64+bits.TrailingZeros64(word)] = 1
			}
		}
	}
	return out
}

// row returns row r, counted through all slices.
func (m bitmask) row(r int) []uint64 { return m.on[r*m.words : (r+1)*m.words] }

// tail masks the bits of a row's last word that are voxels.
func (m bitmask) tail() uint64 { return math.MaxUint64 >> uint(m.words*64-m.box[0]) }

func (m bitmask) not() bitmask {
	out := newBits(m.box)
	for o, w := range m.on {
		out.on[o] = ^w
	}
	for o := m.words - 1; o < len(out.on); o += m.words {
		out.on[o] &= m.tail()
	}
	return out
}

func (m bitmask) and(n bitmask) bitmask {
	out := newBits(m.box)
	for o, w := range m.on {
		out.on[o] = w & n.on[o]
	}
	return out
}

func (m bitmask) or(n bitmask) bitmask {
	out := newBits(m.box)
	for o, w := range m.on {
		out.on[o] = w | n.on[o]
	}
	return out
}

// count is the number of voxels set.
func (m bitmask) count() int {
	n := 0
	for _, w := range m.on {
		n += bits.OnesCount64(w)
	}
	return n
}

// dilate returns m grown by a ball of the given radius in voxels. What lies
// beyond the array counts as empty.
func (m bitmask) dilate(radius float64) bitmask {
	return m.nearVoxels(int(radius), func(near bitmask) bitmask { return near.dilateAll(radius) })
}

// erode returns the voxels of m that are farther than radius from every voxel
// of the array that is not in m. The array's border does not erode.
func (m bitmask) erode(radius float64) bitmask {
	return m.nearVoxels(int(radius), func(near bitmask) bitmask { return near.not().dilateAll(radius).not() })
}

// nearVoxels returns what f makes of the rows and slices within margin of the
// voxels of m, and nothing beyond.
func (m bitmask) nearVoxels(margin int, f func(bitmask) bitmask) bitmask {
	out := newBits(m.box)
	lo, hi := m.bounds()
	if hi[0] < 0 {
		return out
	}
	for n := 1; n < 3; n++ {
		lo[n], hi[n] = max(0, lo[n]-margin), min(m.box[n]-1, hi[n]+margin)
	}
	rows := (hi[1] - lo[1] + 1) * m.words
	near := newBits(box{m.box[0], hi[1] - lo[1] + 1, hi[2] - lo[2] + 1})
	place := func(k int) []uint64 { return m.on[((lo[2]+k)*m.box[1]+lo[1])*m.words:][:rows] }
	for k := range near.box[2] {
		copy(near.on[k*rows:], place(k))
	}
	m.on = out.on
	for k, made := 0, f(near); k < near.box[2]; k++ {
		copy(place(k), made.on[k*rows:][:rows])
	}
	return out
}

// dilateAll is dilate over the whole array. What a slice adds to those above
// and below it, at one distance, is the same disc.
func (m bitmask) dilateAll(radius float64) bitmask {
	r := int(radius)
	wide := m.spaced(r).widened(r)
	ny, nz := m.box[1], m.box[2]
	plane := ny * m.words
	out, disc := newBits(m.box), make([]uint64, plane)
	var lines [][]uint64
	for z := range nz {
		for dz := 0; dz <= r; dz++ {
			lines = lines[:0]
			for dy := -r; dy <= r; dy++ {
				left := radius*radius - float64(dy*dy+dz*dz)
				if left < 0 {
					continue
				}
				// Rows of one slice are contiguous, and so are those that dy
				// shifts onto each other.
				from := wide[int(math.Sqrt(left))]
				lines = append(lines, from.on[(z*(ny+2*r)+r+dy)*m.words:][:plane])
			}
			clear(disc)
			addLines(disc, lines)
			lines = append(lines[:0], disc)
			for _, k := range []int{z - dz, z + dz} {
				if k >= 0 && k < nz {
					addLines(out.on[k*plane:][:plane], lines)
				}
			}
		}
	}
	return out
}

// addLines adds lines to one of their length, four at a time: to is read and
// written as often as there are groups.
func addLines(to []uint64, lines [][]uint64) {
	for ; len(lines) >= 4; lines = lines[4:] {
		a, b, c, d := lines[0][:len(to)], lines[1][:len(to)], lines[2][:len(to)], lines[3][:len(to)]
		for i := range to {
			to[i] |= a[i] | b[i] | c[i] | d[i]
		}
	}
	for _, line := range lines {
		for i, w := range line[:len(to)] {
			to[i] |= w
		}
	}
}

// spaced returns m with empty rows before and after those of each slice.
func (m bitmask) spaced(margin int) bitmask {
	out := newBits(box{m.box[0], m.box[1] + 2*margin, m.box[2]})
	for k := range m.box[2] {
		copy(out.slice(k).on[margin*m.words:], m.slice(k).on)
	}
	return out
}

// widened returns m grown along x by 0, 1, ... r voxels.
func (m bitmask) widened(r int) []bitmask {
	all := []bitmask{m}
	for h := 1; h <= r; h++ {
		next := newBits(m.box)
		m.widen(next.on, all[h-1].on)
		all = append(all, next)
	}
	return all
}

// widen sets to, rows as m has them, to from grown along x by one voxel. Most
// rows are of one or two words.
func (m bitmask) widen(to, from []uint64) {
	tail := m.tail()
	switch m.words {
	case 1:
		for i, w := range from {
			to[i] = (w | w<<1 | w>>1) & tail
		}
	case 2:
		for i := 0; i+2 <= len(from) && i+2 <= len(to); i += 2 {
			a, b := from[i], from[i+1]
			to[i] = a | a<<1 | a>>1 | b<<63
			to[i+1] = (b | b<<1 | b>>1 | a>>63) & tail
		}
	default:
		for o := 0; o < len(from); o += m.words {
			widenRow(to[o:o+m.words], from[o:o+m.words], tail)
		}
	}
}

func widenRow(to, from []uint64, tail uint64) {
	before := uint64(0)
	for i, w := range from {
		v := w | w<<1 | w>>1 | before>>63
		if i+1 < len(from) {
			v |= from[i+1] << 63
		}
		to[i], before = v, w
	}
	to[len(to)-1] &= tail
}

// closed fills what a ball of the given radius cannot enter. The array must
// leave that radius free around m.
func (m bitmask) closed(radius float64) bitmask { return m.dilate(radius).erode(radius) }

// holesFilled sets the voxels that cannot be reached from the array's border.
func (m bitmask) holesFilled() bitmask {
	outer := newBits(m.box)
	empty := label(m.not())
	for _, p := range empty.parts {
		if p.onBorder(m.box) {
			empty.add(outer, p.label)
		}
	}
	return outer.not()
}

// slice is a view of slice k.
func (m bitmask) slice(k int) bitmask {
	n := m.box[1] * m.words
	return bitmask{box{m.box[0], m.box[1], 1}, m.words, m.on[k*n : (k+1)*n]}
}

// at reports whether voxel x of row r is set.
func (m bitmask) at(x, r int) bool { return m.on[r*m.words+x>>6]>>(x&63)&1 != 0 }

// crop is a box laid over a larger one; it may reach beyond it.
type crop struct {
	at   [3]int
	size box
}

// cropTo encloses lo..hi (inclusive) with a margin.
func cropTo(lo, hi [3]int, margin int) crop {
	var c crop
	for n := range 3 {
		c.at[n] = lo[n] - margin
		c.size[n] = hi[n] - lo[n] + 1 + 2*margin
	}
	return c
}

// rows calls f with the offsets, in the crop and in b, of the first voxel of
// every row that lies in both, and with how many do.
func (c crop) rows(b box, f func(in, whole, n int)) {
	var lo, hi [3]int
	for n := range 3 {
		lo[n], hi[n] = max(0, -c.at[n]), min(c.size[n], b[n]-c.at[n])
	}
	if lo[0] >= hi[0] {
		return
	}
	for k := lo[2]; k < hi[2]; k++ {
		for j := lo[1]; j < hi[1]; j++ {
			in := (k*c.size[1] + j) * c.size[0]
			whole := ((c.at[2]+k)*b[1]+c.at[1]+j)*b[0] + c.at[0]
			f(in+lo[0], whole+lo[0], hi[0]-lo[0])
		}
	}
}

// where returns, as bits, the voxels in the crop of which m is v.
func (c crop) where(b box, m []uint8, v uint8) bitmask {
	out := newBits(c.size)
	c.rows(b, func(in, whole, n int) {
		orEqual(out.row(in/c.size[0]), in%c.size[0], m[whole:whole+n], v)
	})
	return out
}

const (
	eachByte = 0x0101010101010101
	lowSeven = 0x7f * eachByte
)

// orEqual sets, from bit x of row on, the bits of the bytes that are v.
func orEqual(row []uint64, x int, m []uint8, v uint8) {
	i := 0
	for ; i+8 <= len(m); i += 8 {
		differ := binary.LittleEndian.Uint64(m[i:]) ^ uint64(v)*eachByte
		// The high bit of each byte that is 0: adding carries into it from
		// any other.
		same := ^(differ&lowSeven + lowSeven | differ | lowSeven) >> 7
		eight, at := gather(same), x+i
		row[at>>6] |= eight << (at & 63)
		if over := eight >> (64 - at&63); over != 0 {
			row[at>>6+1] |= over
		}
	}
	for ; i < len(m); i++ {
		if m[i] == v {
			row[(x+i)>>6] |= 1 << ((x + i) & 63)
		}
	}
}

// gather collects the low bit of each of 8 bytes.
func gather(eight uint64) uint64 { return eight * 0x0102040810204080 >> 56 }

// bounds returns the inclusive bounds of the voxels set; hi is -1 where there
// are none.
func (m bitmask) bounds() (lo, hi [3]int) {
	lo, hi = m.box, [3]int{-1, -1, -1}
	for r := range m.box[1] * m.box[2] {
		row := m.row(r)
		for w, word := range row {
			if word == 0 {
				continue
			}
			y, z := r%m.box[1], r/m.box[1]
			lo = [3]int{min(lo[0], w*64+bits.TrailingZeros64(word)), min(lo[1], y), min(lo[2], z)}
			hi = [3]int{max(hi[0], w*64+63-bits.LeadingZeros64(word)), max(hi[1], y), max(hi[2], z)}
		}
	}
	return lo, hi
}
