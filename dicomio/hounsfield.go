package dicomio

import (
	"math"

	"nafas/dicomio/pixel"
	"nafas/inference/volume"
)

// table maps every 16-bit cell to Hounsfield units. One look-up per pixel
// does what the rules ask for in their order: cut the stored bits out of the
// cell, extend the sign, find padding, rescale, clip, and put AirHU where
// nothing was measured.
type table [1 << 16]int16

// tableKey is all that a table depends on.
type tableKey struct {
	allocated, stored, high, representation int
	padding                                 Padding
	slope, intercept                        float64
	// decoded: cells hold stored values already (a codec's output).
	decoded bool
}

func keyOf(in *Instance, fr *Frame, decoded bool) tableKey {
	f := in.Format
	return tableKey{allocated: f.BitsAllocated, stored: f.BitsStored, high: f.HighBit,
		representation: f.PixelRepresentation, padding: in.Padding,
		slope: fr.Slope, intercept: fr.Intercept, decoded: decoded}
}

func (t *table) fill(k tableKey) {
	shift, mask := uint(0), uint16(1<<k.stored-1)
	if !k.decoded {
		shift = uint(k.high + 1 - k.stored)
	}
	for c := range t {
		cell := uint16(c)
		v := k.value(cell >> shift & mask)
		switch {
		case k.isPadding(v), shift == 0 && !k.decoded && k.isPadding(k.whole(cell)):
			t[c] = volume.AirHU
		default:
			t[c] = hounsfield(k.slope*float64(v) + k.intercept)
		}
	}
}

// value reads stored bits as a number.
func (k tableKey) value(bits uint16) int {
	if k.representation == 1 {
		return int(pixel.SignExtend(bits, k.stored))
	}
	return int(bits)
}

// whole reads all 16 bits. Some scanners mark padding by a value that does
// not fit the stored bits (-2000 in an unsigned 12-bit image): cut to them it
// would look like bone.
func (k tableKey) whole(bits uint16) int {
	if k.representation == 1 {
		return int(int16(bits))
	}
	return int(bits)
}

// isPadding compares with Pixel Padding Value and Range Limit, read as the
// pixel representation says whatever their VR was.
func (k tableKey) isPadding(v int) bool {
	if !k.padding.HasValue {
		return false
	}
	from := k.whole(k.padding.Value)
	to := from
	if k.padding.HasLimit {
		to = k.whole(k.padding.Limit)
	}
	return v >= min(from, to) && v <= max(from, to)
}

// hounsfield rounds and clips; what lies below -1024 HU was not measured (no
// tissue is thinner than air), tagged as padding or not.
func hounsfield(hu float64) int16 {
	switch r := math.Round(hu); {
	case r < minValidHU:
		return volume.AirHU
	case r > math.MaxInt16:
		return math.MaxInt16
	default:
		return int16(r)
	}
}

// apply turns cells into HU in place.
func (t *table) apply(hu []int16) {
	for i, c := range cellsOf(hu) {
		hu[i] = t[c]
	}
}

// tables keeps the last table of one worker: slices of a series nearly always
// share it.
type tables struct {
	key   tableKey
	ready bool
	table *table
}

func (ts *tables) get(k tableKey) *table {
	if !ts.ready || ts.key != k {
		if ts.table == nil {
			ts.table = new(table)
		}
		ts.table.fill(k)
		ts.key, ts.ready = k, true
	}
	return ts.table
}
