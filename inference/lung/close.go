package lung

import (
	"math"
	"math/bits"
)

const (
	closingMM = 10.0 // juxta-pleural nodules and hilar vessels
	// massMM closes over masses up to about 45 mm across: a ball of this
	// radius cannot follow their outline. It is used at the chest wall and
	// around masses within the lung; towards mediastinum and diaphragm the
	// lung is hollow by nature.
	massMM      = 25.0
	massReachMM = 60.0 // how far from a place in a mass there is lung again
	openMost    = 2    // of 26 directions without lung, in a mass within it
	roiMarginMM = 3.0
)

// closeSides closes each lung by itself (together, the closing would fill the
// mediastinum), fills what it encloses, takes the airway and what lies outside
// the body out, and makes ROI. bodyMid is the body's mean x in voxels.
func (f *Field) closeSides(airway, outside bitmask, bodyMid float64) {
	b := box(f.Grid.Size)
	all := crop{size: b}.where(b, f.Mask, maskNone).not()
	centre := [2]float64{bodyMid, meanY(all)}
	closed := make([]uint8, len(f.Mask))
	copy(closed, f.Mask)
	never := airway.or(outside)
	for _, side := range []uint8{maskLeft, maskRight, maskUndetermined} {
		f.closeSide(closed, side, centre, never)
	}
	f.Mask = closed
	f.ROI = f.grown(roiMarginMM)
}

func meanY(m bitmask) float64 {
	n, sum := 0, 0
	for r := range m.box[1] * m.box[2] {
		c := countRun(m.row(r), 0, int32(m.box[0]))
		n += c
		sum += c * (r % m.box[1])
	}
	return float64(sum) / float64(max(n, 1))
}

// closeSide adds to closed what the closing of one side adds to Mask, but for
// what is never lung.
func (f *Field) closeSide(closed []uint8, side uint8, centre [2]float64, never bitmask) {
	b := box(f.Grid.Size)
	m := crop{size: b}.where(b, f.Mask, side)
	lo, hi := m.bounds()
	if hi[0] < 0 {
		return
	}
	c := cropTo(lo, hi, int(math.Ceil(massMM/gridMM))+1)
	lung := c.where(b, f.Mask, side).closed(closingMM / gridMM).holesFilled()
	grown := lung.closed(massMM / gridMM).and(lung.not())
	centre[0], centre[1] = centre[0]-float64(c.at[0]), centre[1]-float64(c.at[1])
	add := lung.bytes()
	for r := range grown.box[1] * grown.box[2] {
		for w, word := range grown.row(r) {
			for ; word != 0; word &= word - 1 {
				x := w*64 + bits.TrailingZeros64(word)
				if lung.atChestWall(x, r, centre) || lung.surrounds(x, r) {
					add[r*c.size[0]+x] = 1
				}
			}
		}
	}
	c.rows(b, func(in, whole, n int) {
		to := closed[whole : whole+n]
		for i, on := range add[in : in+n] {
			if on != 0 && to[i] == maskNone && !never.at(whole%b[0]+i, whole/b[0]) {
				to[i] = side
			}
		}
	})
}

// atChestWall reports whether the lung lies between a place outside it and the
// centre of the chest and not beyond the place, in its axial slice: so it is
// with a mass at the ribs, and not with heart, hilum or diaphragm.
func (m bitmask) atChestWall(x, row int, centre [2]float64) bool {
	y := row % m.box[1]
	first := row - y
	dx, dy := float64(x)-centre[0], float64(y)-centre[1]
	dist := math.Hypot(dx, dy)
	if dist < 1 {
		return false
	}
	dx, dy = dx/dist, dy/dist
	lungAt := func(s float64) (set, in bool) {
		i, j := int(math.Round(float64(x)+s*dx)), int(math.Round(float64(y)+s*dy))
		if i < 0 || i >= m.box[0] || j < 0 || j >= m.box[1] {
			return false, false
		}
		return m.at(i, first+j), true
	}
	for s := 1.0; ; s++ {
		set, in := lungAt(s)
		if set {
			return false
		}
		if !in {
			break
		}
	}
	for s := 1.0; s < min(dist, massReachMM/gridMM); s++ {
		if set, _ := lungAt(-s); set {
			return true
		}
	}
	return false
}

// surrounds reports whether there is lung in nearly every direction from a
// place outside it: a mass within the lung that a strand ties to the pleura.
func (m bitmask) surrounds(x, row int) bool {
	y, z := row%m.box[1], row/m.box[1]
	open := 0
	for d := range 27 {
		step := [3]int{d%3 - 1, d/3%3 - 1, d/9 - 1}
		if step != [3]int{} && !m.meets([3]int{x, y, z}, step) {
			open++
		}
		if open > openMost {
			return false
		}
	}
	return true
}

// meets reports whether a voxel of m lies in one direction within massReachMM.
func (m bitmask) meets(from, step [3]int) bool {
	length := math.Sqrt(float64(step[0]*step[0] + step[1]*step[1] + step[2]*step[2]))
	for s := 1; float64(s)*length <= massReachMM/gridMM; s++ {
		i, j, k := from[0]+s*step[0], from[1]+s*step[1], from[2]+s*step[2]
		if i < 0 || j < 0 || k < 0 || i >= m.box[0] || j >= m.box[1] || k >= m.box[2] {
			return false
		}
		if m.at(i, k*m.box[1]+j) {
			return true
		}
	}
	return false
}

// grown returns the mask of both lungs dilated by mm.
func (f *Field) grown(mm float64) []uint8 {
	b := box(f.Grid.Size)
	return crop{size: b}.where(b, f.Mask, maskNone).not().dilate(mm / gridMM).bytes()
}
