package phantom

import (
	"nafas/inference/finding"
	"nafas/inference/volume"
)

// Where tells what holds at a position of the chest frame: the lobe (unknown
// outside the lungs), and the distances in mm, positive inside, to the pleura
// of its lung and to the nearest fissure. It is the truth for what says where
// in the lung a place is.
func (pt *Patient) Where(chestMM volume.Vec3) (lobeOf finding.Lobe, pleuraMM, fissureMM float64) {
	var d [surfaces]float64
	if !pt.atlas.exact(chestMM, &d) {
		return finding.LobeUnknown, -1e3, 0
	}
	right := d[rightLung] < d[leftLung]
	pleuraMM, fissureMM = -min(d[rightLung], d[leftLung]), fissureDistance(&d, right)
	if pleuraMM <= 0 {
		return finding.LobeUnknown, pleuraMM, fissureMM
	}
	names := [5]finding.Lobe{
		finding.LobeLeftUpper, finding.LobeLeftLower,
		finding.LobeRightLower, finding.LobeRightUpper, finding.LobeRightMiddle,
	}
	return names[lobe(&d, right)], pleuraMM, fissureMM
}
