package lung

import "nafas/inference/finding"

const (
	// A slice counts as lung's height where the lung has this share of its
	// largest slice: recesses and specks do not stretch the thirds.
	heightShare = 0.02
	// cutShare: an end where this share of the largest slice meets the end of
	// what was scanned is cut. A missing tip of a recess is less.
	cutShare = 0.1
	// An adult's lung is at most this high in a scan.
	heightMostMM = 310.0
)

// extent is how far one lung reaches along the patient's z, in slices of the
// working grid, and whether the scan cuts it there.
type extent struct {
	lo, hi       int // hi is below lo where there is no lung
	cutLo, cutHi bool
}

// extentOf measures the lung that has one label. seen is what was scanned.
func extentOf(b box, mask []uint8, seen bitmask, label uint8) extent {
	area, up, down := make([]int, b[2]), 0, 0
	plane := b[0] * b[1]
	hidden := func(o, k int) bool {
		return k < 0 || k >= b[2] || !seen.at(o%b[0], k*b[1]+o/b[0])
	}
	for k := range b[2] {
		for o, l := range mask[k*plane : (k+1)*plane] {
			if l != label {
				continue
			}
			area[k]++
			if hidden(o, k+1) {
				up++
			}
			if hidden(o, k-1) {
				down++
			}
		}
	}
	most := 0
	for _, a := range area {
		most = max(most, a)
	}
	e := extent{lo: b[2], hi: -1}
	for k, a := range area {
		if a > 0 && float64(a) >= heightShare*float64(most) {
			e.lo, e.hi = min(e.lo, k), k
		}
	}
	e.cutLo, e.cutHi = float64(down) > cutShare*float64(most), float64(up) > cutShare*float64(most)
	return e
}

// zone names the third of the lung at a height in slices. Where the scan cuts
// the lung, a third is named only if it is the same one for every height that
// the lung can have.
func (e extent) zone(z float64) finding.Zone {
	if e.hi < e.lo {
		return finding.ZoneUnknown
	}
	lo, hi := float64(e.lo)-0.5, float64(e.hi)+0.5
	named := third(z, lo, hi)
	missing := max(0, heightMostMM/gridMM-(hi-lo))
	if e.cutLo && third(z, lo-missing, hi) != named || e.cutHi && third(z, lo, hi+missing) != named {
		return finding.ZoneUnknown
	}
	return named
}

func third(z, lo, hi float64) finding.Zone {
	switch share := (z - lo) / (hi - lo); {
	case share < 1.0/3:
		return finding.ZoneLower
	case share < 2.0/3:
		return finding.ZoneMiddle
	}
	return finding.ZoneUpper
}
