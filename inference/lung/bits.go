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
			// Gathers the low bit of each of 8 bytes.
			eight := binary.LittleEndian.Uint64(row[i:]) * 0x0102040810204080 >> 56
			to[i>>6] |= eight << (i & 63)
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
	r := int(radius)
	wide := m.widened(r)
	ny, nz := m.box[1], m.box[2]
	out := newBits(m.box)
	for dz := -r; dz <= r; dz++ {
		for dy := -r; dy <= r; dy++ {
			left := radius*radius - float64(dy*dy+dz*dz)
			if left < 0 {
				continue
			}
			from := wide[int(math.Sqrt(left))]
			// Rows of one slice are contiguous, and so are those that dy
			// shifts onto each other.
			lines := (ny - max(dy, -dy)) * m.words
			if lines <= 0 {
				continue
			}
			for k := max(0, -dz); k < min(nz, nz-dz); k++ {
				to := out.on[(k*ny+max(0, -dy))*m.words:][:lines]
				src := from.on[((k+dz)*ny+max(0, dy))*m.words:][:lines]
				for i, w := range src {
					to[i] |= w
				}
			}
		}
	}
	return out
}

// widened returns m grown along x by 0, 1, ... r voxels.
func (m bitmask) widened(r int) []bitmask {
	all := []bitmask{m}
	for h := 1; h <= r; h++ {
		last, next := all[h-1], newBits(m.box)
		for y := range m.box[1] * m.box[2] {
			widenRow(next.row(y), last.row(y), m.tail())
		}
		all = append(all, next)
	}
	return all
}

func widenRow(to, from []uint64, tail uint64) {
	for i, w := range from {
		v := w | w<<1 | w>>1
		if i > 0 {
			v |= from[i-1] >> 63
		}
		if i+1 < len(from) {
			v |= from[i+1] << 63
		}
		to[i] = v
	}
	to[len(to)-1] &= tail
}

// erode returns the voxels of m that are farther than radius from every voxel
// of the array that is not in m. The array's border does not erode.
func (m bitmask) erode(radius float64) bitmask { return m.not().dilate(radius).not() }

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

// each calls f with the offset, in the crop and in b, of every voxel that lies
// in both.
func (c crop) each(b box, f func(in, whole int)) {
	var lo, hi [3]int
	for n := range 3 {
		lo[n], hi[n] = max(0, -c.at[n]), min(c.size[n], b[n]-c.at[n])
	}
	for k := lo[2]; k < hi[2]; k++ {
		for j := lo[1]; j < hi[1]; j++ {
			in := (k*c.size[1] + j) * c.size[0]
			whole := ((c.at[2]+k)*b[1]+c.at[1]+j)*b[0] + c.at[0]
			for i := lo[0]; i < hi[0]; i++ {
				f(in+i, whole+i)
			}
		}
	}
}

// where returns, as bits, the voxels in the crop of which m is v.
func (c crop) where(b box, m []uint8, v uint8) bitmask {
	bytes := make([]uint8, c.size.len())
	c.each(b, func(in, whole int) {
		if m[whole] == v {
			bytes[in] = 1
		}
	})
	return pack(c.size, bytes)
}

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
