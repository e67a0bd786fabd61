package lung

import (
	"math"

	"nafas/inference/finding"
	"nafas/inference/volume"
)

const (
	// NearMM is the gap up to which a ball is called juxtapleural or
	// perifissural: it touches, within what the working grid resolves.
	NearMM = 3.0
	// borderMM is from the centre of the nearest voxel outside the lung to the
	// border between the two.
	borderMM = gridMM / 2
	// deepestMM is deeper than any place in a lung.
	deepestMM = 128.0
)

// PlaceMethod names the method and its version; another version may place
// otherwise.
const PlaceMethod = "fissure surfaces 1"

// PlaceAt says where in the lung a ball lies: its centre in patient LPS mm,
// its radius in mm. Lobe and the distance to a fissure are given only after
// FindFissures, and where a fissure was seen.
func (f *Field) PlaceAt(lpsMM volume.Vec3, radiusMM float64) finding.Place {
	at := f.Grid.ToIndex(lpsMM)
	label := f.nearest(at)
	p := finding.Place{Side: sideOf(label)}
	if p.Side == finding.SideUnknown {
		return p
	}
	p.Zone = f.extent[label].zone(at[2])
	p.PleuraMM = max(0, f.depthMM(at, label)-radiusMM)
	p.Juxtapleural = p.PleuraMM <= NearMM
	lobe, fissureMM, seen := f.fissures[label].lobe(lpsMM, label)
	p.Lobe, p.FissureSeen = lobe, seen
	if seen {
		p.FissureMM = max(0, fissureMM-radiusMM)
		p.Perifissural = p.FissureMM <= NearMM
	}
	p.Estimated = p.Zone != finding.ZoneUnknown || p.Lobe != finding.LobeUnknown
	return p
}

// depthMM is the distance from a place of the working grid to the nearest
// border of the lung with the given label, 0 outside it. Where the scan ends
// is no border: what lies beyond was not seen.
func (f *Field) depthMM(at volume.Vec3, label uint8) float64 {
	for reach := 8.0; ; reach *= 2 {
		d := f.toBorder(at, label, reach)
		if d <= reach || reach*gridMM >= deepestMM {
			return max(0, min(d*gridMM-borderMM, deepestMM))
		}
	}
}

// toBorder is the distance, in voxels, to the nearest scanned voxel of another
// label; infinite where there is none in a box of the given half-width.
func (f *Field) toBorder(at volume.Vec3, label uint8, reach float64) float64 {
	best := math.Inf(1)
	lo, hi := f.around(at, reach)
	for k := lo[2]; k <= hi[2]; k++ {
		for j := lo[1]; j <= hi[1]; j++ {
			row := k*f.Grid.Size[1] + j
			off := volume.Vec3{0, float64(j) - at[1], float64(k) - at[2]}
			aside := off.Dot(off)
			for i := lo[0]; i <= hi[0] && aside < best; i++ {
				if f.Mask[row*f.Grid.Size[0]+i] == label || !f.seen.at(i, row) {
					continue
				}
				x := float64(i) - at[0]
				best = min(best, aside+x*x)
			}
		}
	}
	return math.Sqrt(best)
}

// around returns the voxels (inclusive bounds) within reach voxels of a place.
func (f *Field) around(at volume.Vec3, reach float64) (lo, hi [3]int) {
	for n := range 3 {
		lo[n] = max(0, int(math.Ceil(at[n]-reach)))
		hi[n] = min(f.Grid.Size[n]-1, int(math.Floor(at[n]+reach)))
	}
	return lo, hi
}
