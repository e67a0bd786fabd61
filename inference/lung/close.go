package lung

// closeSides closes each lung by itself (together, the closing would fill the
// mediastinum), fills what it encloses, takes the airway out, and makes ROI.
func (f *Field) closeSides(airway bitmask) {
	closed := make([]uint8, len(f.Mask))
	copy(closed, f.Mask)
	for _, side := range []uint8{maskLeft, maskRight, maskUndetermined} {
		f.closeSide(closed, side)
	}
	for o, a := range airway.bytes() {
		if a != 0 && f.Mask[o] == maskNone {
			closed[o] = maskNone
		}
	}
	f.Mask = closed
	f.ROI = f.grown(roiMarginMM)
}

// closeSide adds to closed what the closing of one side adds to Mask.
func (f *Field) closeSide(closed []uint8, side uint8) {
	b := box(f.Grid.Size)
	lo, hi := bounds(b, f.Mask, func(v uint8) bool { return v == side })
	if hi[0] < 0 {
		return
	}
	const radius = closingMM / gridMM
	c := cropTo(b, lo, hi, int(radius)+1)
	m := c.where(b, f.Mask, side).closed(radius).holesFilled().bytes()
	c.each(b, func(in, whole int) {
		if m[in] != 0 && closed[whole] == maskNone {
			closed[whole] = side
		}
	})
}

// grown returns the mask of both lungs dilated by mm.
func (f *Field) grown(mm float64) []uint8 {
	b := box(f.Grid.Size)
	lo, hi := bounds(b, f.Mask, func(v uint8) bool { return v != maskNone })
	c := cropTo(b, lo, hi, int(mm/gridMM)+1)
	m := c.where(b, f.Mask, maskNone).not().dilate(mm / gridMM).bytes()
	out := make([]uint8, len(f.Mask))
	c.each(b, func(in, whole int) { out[whole] = m[in] })
	return out
}

// bounds returns the inclusive bounds of the voxels that on accepts; hi is -1
// where there are none.
func bounds(b box, m []uint8, on func(uint8) bool) (lo, hi [3]int) {
	lo, hi = [3]int{b[0], b[1], b[2]}, [3]int{-1, -1, -1}
	o := 0
	for k := range b[2] {
		for j := range b[1] {
			for i := range b[0] {
				if on(m[o]) {
					lo = [3]int{min(lo[0], i), min(lo[1], j), min(lo[2], k)}
					hi = [3]int{max(hi[0], i), max(hi[1], j), max(hi[2], k)}
				}
				o++
			}
		}
	}
	return lo, hi
}
