package prior

import (
	"slices"

	"nafas/inference/volume"
)

// filled is the share of a finding's ball, laid at a place of the other scan, that
// is nearly as dense there as the finding is here.
func (d *direction) filled(f *Finding, at volume.Vec3) float64 {
	const ballShare, middleShare, aroundMM, nearly = .45, .3, 8.0, .4
	middle := densities(d.from, f.center(), middleShare*f.size())
	around := densities(d.in, at, f.size()/2+aroundMM)
	ball := densities(d.in, at, ballShare*f.size())
	if len(middle) == 0 || len(around) == 0 || len(ball) == 0 {
		return 1
	}
	slices.Sort(around)
	lung := around[len(around)/3] // what is not lung is denser, mostly
	sum := float32(0)
	for _, hu := range middle {
		sum += hu
	}
	level := lung + nearly*(sum/float32(len(middle))-lung)
	n := 0
	for _, hu := range ball {
		if hu > level {
			n++
		}
	}
	return float64(n) / float64(len(ball))
}

// densities samples a ball, about nine samples to its radius.
func densities(im *image, at volume.Vec3, radiusMM float64) (out []float32) {
	const n = 8
	step := max(radiusMM/n, .4)
	steps := int(radiusMM / step)
	for z := -steps; z <= steps; z++ {
		for y := -steps; y <= steps; y++ {
			for x := -steps; x <= steps; x++ {
				o := volume.Vec3{float64(x), float64(y), float64(z)}.Scale(step)
				if o.Norm() > radiusMM {
					continue
				}
				if hu, ok := im.at(im.ToIndex(at.Add(o))); ok {
					out = append(out, hu)
				}
			}
		}
	}
	return out
}
