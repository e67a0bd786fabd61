package measure

import (
	"math"

	"nafas/inference/volume"
)

// Round takes away the digits that say nothing: positions to 0.01 mm, volumes to
// 0.1 mm3, densities to 0.1 HU, shares to 0.001.
func (m *Measurement) Round() {
	for _, p := range []*volume.Vec3{
		&m.CenterLPSMM, &m.LongAxisLPSMM[0], &m.LongAxisLPSMM[1], &m.ShortAxisLPSMM[0], &m.ShortAxisLPSMM[1],
	} {
		for axis := range p {
			p[axis] = rounded(p[axis], 100)
		}
	}
	for _, v := range []*float64{&m.VolumeMM3, &m.SolidVolumeMM3, &m.MeanHU, &m.MinHU, &m.MaxHU} {
		*v = rounded(*v, 10)
	}
	for _, share := range []*float64{&m.VolumeError, &m.KindConfidence, &m.Seen} {
		*share = rounded(*share, 1000)
	}
}

// rounded is v to one part of a unit; never -0.
func rounded(v, parts float64) float64 { return math.Round(v*parts)/parts + 0 }
