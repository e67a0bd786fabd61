package lung

import (
	"fmt"
	"math"
	"math/bits"
)

const (
	wallVoxels    = 1.5  // airway wall and the voxels it is mixed into
	gasHU         = -900 // bowel gas is darker almost everywhere, lung in many places
	gasShare      = 0.08 // of a piece's core that is denser, at most, in gas; seen: gas 0-0.055, lung 0.71-1
	coreDepth     = 2    // voxels from a piece's surface
	leakShare     = 0.15 // contact with outside air over volume^(2/3): a fold of skin
	bigLeakShare  = 1.0  // the same for big pieces, which may be open in a few slices
	lowPieceShare = 0.15 // pieces this low in the lung's height are bowel
	bigPieceML    = 400.0
	// topShare: a piece that does not reach this high is no lung whatever its
	// size, but a colon full of stool.
	topShare = 0.3
	// A piece this large and tall is lung, however dark: emphysema must never
	// be taken for gas.
	tallML, tallMM = 1000.0, 120.0
)

// lungAir selects, from the air inside the body and outside the airway, the
// pieces that are lung.
func (w *working) lungAir(inside, outside, airway bitmask) (bitmask, error) {
	air := inside.and(w.air).and(airway.dilate(wallVoxels).not())
	l := label(air)
	facts := w.facts(l, air, outside)
	main := part{}
	pieces := 0
	for _, p := range l.parts {
		if float64(p.voxels)*voxelML() < pieceLeastML {
			continue
		}
		pieces++
		if f := facts[p.label]; !f.gas(p) && !f.leaks(p) && p.voxels > main.voxels {
			main = p
		}
	}
	if main.voxels == 0 {
		return bitmask{}, &Error{ErrNoLung, fmt.Sprintf("%d pieces of air of at least %.0f ml inside the body, none of them lung", pieces, pieceLeastML)}
	}
	height := float64(main.hi[2] - main.lo[2])
	floor, ceiling := float64(main.lo[2])+lowPieceShare*height, float64(main.lo[2])+topShare*height
	return l.only(func(p part) bool {
		if p.label == main.label {
			return true
		}
		ml := float64(p.voxels) * voxelML()
		f := facts[p.label]
		low := p.centre(2) < floor && ml < bigPieceML || float64(p.hi[2]) < ceiling
		return ml >= pieceLeastML && !f.gas(p) && !f.leaks(p) && !low
	}), nil
}

// pieceFacts is what is counted of a piece of air.
type pieceFacts struct {
	core, dense int // voxels away from the surface; those of them above gasHU
	contact     int // faces shared with outside air
}

// gas: homogeneous and as dark as free gas.
func (f pieceFacts) gas(p part) bool {
	if float64(p.voxels)*voxelML() >= tallML && float64(p.hi[2]-p.lo[2]+1)*gridMM >= tallMM {
		return false
	}
	return float64(f.dense) < gasShare*float64(f.core)
}

// leaks: open to the outside air over a large part of its surface.
func (f pieceFacts) leaks(p part) bool {
	share := leakShare
	if float64(p.voxels)*voxelML() >= bigPieceML {
		share = bigLeakShare
	}
	return float64(f.contact) > share*math.Pow(float64(p.voxels), 2.0/3)
}

// facts returns what is known of each part, by its label.
func (w *working) facts(l labelling, air, outside bitmask) []pieceFacts {
	out := make([]pieceFacts, len(l.parts)+1)
	core := air.erode(coreDepth)
	rows := int32(w.box[1])
	for _, r := range l.runs {
		f := &out[r.label]
		base := int(r.row) * w.box[0]
		line := core.row(int(r.row))
		for x := r.from; x < r.to; x++ {
			if line[x>>6]>>(x&63)&1 == 0 {
				continue
			}
			f.core++
			if w.hu[base+int(x)] > gasHU {
				f.dense++
			}
		}
		// Within a slice, inside and outside never touch.
		if r.row >= rows {
			f.contact += countRun(outside.row(int(r.row-rows)), r.from, r.to)
		}
		if int(r.row+rows) < w.box[1]*w.box[2] {
			f.contact += countRun(outside.row(int(r.row+rows)), r.from, r.to)
		}
	}
	return out
}

// countRun counts the bits of row in [from, to).
func countRun(row []uint64, from, to int32) int {
	n := 0
	for i := from; i < to; {
		end := min(to, i&^63+64)
		word := row[i>>6] >> uint(i&63)
		if end-i < 64 {
			word &= 1<<uint(end-i) - 1
		}
		n += bits.OnesCount64(word)
		i = end
	}
	return n
}
