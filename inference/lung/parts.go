package lung

import (
	"math/bits"
	"slices"
)

// run is a stretch of set voxels in one row, [from, to).
type run struct {
	row, from, to int32
	label         int32
}

// labelling is a mask divided into its 6-connected parts. Part labels count
// from 1 in scan order, so that the same mask gives the same labels.
type labelling struct {
	box
	runs  []run
	parts []part // parts[l-1] has label l
}

// part is a set of voxels, as a rule a connected one.
type part struct {
	label  int32
	voxels int
	lo, hi [3]int // inclusive bounds
	sum    [3]float64
}

func (p part) centre(axis int) float64 { return p.sum[axis] / float64(p.voxels) }

func (p part) onBorder(b box) bool {
	for n := range 3 {
		if p.lo[n] == 0 || p.hi[n] == b[n]-1 {
			return true
		}
	}
	return false
}

// label divides m, by runs and union-find.
func label(m bitmask) labelling {
	l := labelling{box: m.box}
	rows := m.box[1] * m.box[2]
	first := make([]int32, rows+1)
	for r := range rows {
		first[r] = int32(len(l.runs))
		l.runs = appendRuns(l.runs, m.row(r), int32(r))
	}
	first[rows] = int32(len(l.runs))
	parent := make([]int32, len(l.runs))
	for i := range parent {
		parent[i] = int32(i)
	}
	for r := range rows {
		if r%m.box[1] > 0 {
			l.join(parent, first[r-1], first[r], first[r+1])
		}
		if r >= m.box[1] {
			l.joinRows(parent, first[r-m.box[1]], first[r-m.box[1]+1], first[r], first[r+1])
		}
	}
	for i := range l.runs {
		root := find(parent, int32(i))
		if root == int32(i) {
			l.parts = append(l.parts, newPart(int32(len(l.parts)+1), l.box))
			l.runs[i].label = int32(len(l.parts))
		} else {
			l.runs[i].label = l.runs[root].label
		}
		l.parts[l.runs[i].label-1].take(l.runs[i], l.box)
	}
	return l
}

func newPart(label int32, b box) part {
	return part{label: label, lo: b, hi: [3]int{-1, -1, -1}}
}

// take adds a run to the part's sums.
func (p *part) take(r run, b box) {
	n := int(r.to - r.from)
	y, z := int(r.row)%b[1], int(r.row)/b[1]
	p.voxels += n
	p.lo = [3]int{min(p.lo[0], int(r.from)), min(p.lo[1], y), min(p.lo[2], z)}
	p.hi = [3]int{max(p.hi[0], int(r.to)-1), max(p.hi[1], y), max(p.hi[2], z)}
	p.sum[0] += float64(n) * float64(r.from+r.to-1) / 2
	p.sum[1] += float64(n * y)
	p.sum[2] += float64(n * z)
}

func appendRuns(runs []run, row []uint64, r int32) []run {
	open := false
	for w, word := range row {
		at := int32(w * 64)
		for bit := 0; bit < 64; {
			rest := word >> uint(bit)
			if open {
				rest = ^rest
			}
			n := bits.TrailingZeros64(rest)
			if bit+n >= 64 {
				break
			}
			bit += n
			if open {
				runs[len(runs)-1].to = at + int32(bit)
			} else {
				runs = append(runs, run{row: r, from: at + int32(bit), to: int32(len(row) * 64)})
			}
			open = !open
		}
	}
	return runs
}

// join unites the runs of two neighbouring rows that lie after each other in
// the list: [a, b) and [b, c).
func (l *labelling) join(parent []int32, a, b, c int32) { l.joinRows(parent, a, b, b, c) }

// joinRows unites overlapping runs of [a, aEnd) and [b, bEnd).
func (l *labelling) joinRows(parent []int32, a, aEnd, b, bEnd int32) {
	for a < aEnd && b < bEnd {
		p, q := l.runs[a], l.runs[b]
		if p.from < q.to && q.from < p.to {
			unite(parent, a, b)
		}
		if p.to < q.to {
			a++
		} else {
			b++
		}
	}
}

func find(parent []int32, i int32) int32 {
	for parent[i] != i {
		parent[i] = parent[parent[i]]
		i = parent[i]
	}
	return i
}

// unite keeps the smaller index as the root, so that a root precedes its runs.
func unite(parent []int32, a, b int32) {
	a, b = find(parent, a), find(parent, b)
	parent[max(a, b)] = min(a, b)
}

// add sets the voxels of one part in m.
func (l labelling) add(m bitmask, label int32) {
	for _, r := range l.runs {
		if r.label == label {
			setRun(m.row(int(r.row)), r.from, r.to)
		}
	}
}

// only returns the voxels of the parts that keep accepts.
func (l labelling) only(keep func(part) bool) bitmask {
	m := newBits(l.box)
	yes := make([]bool, len(l.parts)+1)
	for _, p := range l.parts {
		yes[p.label] = keep(p)
	}
	for _, r := range l.runs {
		if yes[r.label] {
			setRun(m.row(int(r.row)), r.from, r.to)
		}
	}
	return m
}

func setRun(row []uint64, from, to int32) {
	for i := from; i < to; {
		end := min(to, i&^63+64)
		n := uint(end - i)
		word := ^uint64(0)
		if n < 64 {
			word = 1<<n - 1
		}
		row[i>>6] |= word << uint(i&63)
		i = end
	}
}

// largest returns the part with most voxels, the first of equals.
func largest(ps []part) (part, bool) {
	if len(ps) == 0 {
		return part{}, false
	}
	return slices.MaxFunc(ps, func(a, b part) int { return a.voxels - b.voxels }), true
}
