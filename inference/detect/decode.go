package detect

import (
	"cmp"
	"math"
	"slices"

	"nafas/inference/finding"
	"nafas/inference/volume"
	"nafas/models/manifest"
)

// Decode turns maps into candidates, best first.
func (d *Detector) Decode(p *Prepared, m *Maps) []finding.Candidate {
	var found []finding.Candidate
	for _, k := range d.head.decode(m.fields, p.Grid.Size) {
		if !d.anywhere && !p.allows(k.at, k.diameterMM) {
			continue
		}
		at := p.Grid.ToLPS(volume.Vec3(k.at))
		for n := range 3 {
			at[n] = roundTo(at[n], 0.01)
		}
		found = append(found, finding.Candidate{CenterLPSMM: at, DiameterMM: roundTo(k.diameterMM, 0.01), Score: roundTo(k.score, 1e-4)})
	}
	slices.SortStableFunc(found, compare)
	return merge(found, d.merge)
}

// compare orders by falling score, then by position (z, y, x, diameter).
func compare(a, b finding.Candidate) int {
	return cmp.Or(
		cmp.Compare(b.Score, a.Score),
		cmp.Compare(a.CenterLPSMM[2], b.CenterLPSMM[2]),
		cmp.Compare(a.CenterLPSMM[1], b.CenterLPSMM[1]),
		cmp.Compare(a.CenterLPSMM[0], b.CenterLPSMM[0]),
		cmp.Compare(a.DiameterMM, b.DiameterMM),
	)
}

// outsideMost is how far, in diameters, a candidate's centre may lie outside of
// the region of interest: where a mass sits on the chest wall with a broad
// base, the region, which is made of what is lung, ends within it. No size
// allows more than outsideMostMM: a network may answer with any diameter.
const (
	outsideMost   = 1. / 6
	outsideMostMM = 10
)

// allows reports whether the voxel nearest to a candidate's centre is in the
// region of interest, or a voxel of it near enough for the candidate's size.
func (p *Prepared) allows(at [3]float64, diameterMM float64) bool {
	var v, lo, hi [3]int
	reach := min(diameterMM*outsideMost, outsideMostMM)
	for n := range 3 {
		x := math.RoundToEven(at[n])
		if !(x >= 0 && x < float64(p.Grid.Size[n])) {
			return false
		}
		v[n] = int(x)
		voxels := reach / p.Grid.SpacingMM[n]
		lo[n] = max(0, int(math.Ceil(at[n]-voxels)))
		hi[n] = min(p.Grid.Size[n]-1, int(math.Floor(at[n]+voxels)))
	}
	return p.ROI[p.Grid.Index(v[0], v[1], v[2])] != 0 || p.touches(lo, hi, at, reach)
}

// touches reports whether a voxel of the region of interest, among those of a
// box, lies within reach, in mm, of a place.
func (p *Prepared) touches(lo, hi [3]int, at [3]float64, reach float64) bool {
	for k := lo[2]; k <= hi[2]; k++ {
		for j := lo[1]; j <= hi[1]; j++ {
			for i := lo[0]; i <= hi[0]; i++ {
				var d2 float64
				for n, x := range [3]int{i, j, k} {
					d := (float64(x) - at[n]) * p.Grid.SpacingMM[n]
					d2 += d * d
				}
				if d2 <= reach*reach && p.ROI[p.Grid.Index(i, j, k)] != 0 {
					return true
				}
			}
		}
	}
	return false
}

// merge keeps, of candidates at one place, the best; found is in order.
func merge(found []finding.Candidate, m manifest.Merge) []finding.Candidate {
	var kept []finding.Candidate
	for _, c := range found {
		if len(kept) == m.Most {
			break
		}
		taken := slices.ContainsFunc(kept, func(k finding.Candidate) bool {
			reach := max(m.LeastMM, m.Radius*max(c.DiameterMM, k.DiameterMM)/2)
			return c.CenterLPSMM.Sub(k.CenterLPSMM).Norm() < reach
		})
		if !taken {
			kept = append(kept, c)
		}
	}
	return kept
}

// roundTo rounds to a multiple of unit, half away from zero, to the nearest
// decimal that prints short.
func roundTo(x, unit float64) float64 {
	per := math.Round(1 / unit)
	return math.Round(x*per) / per
}
