// Package archivetest writes archives of small synthetic studies for tests, with
// the truth of what is to become of every input.
package archivetest

import (
	"math"
	"math/rand/v2"

	"nafas/inference/volume"
)

// slices and spacingMM of a chest: 200 mm of it, coarse, so that thousands are
// read in minutes.
const slices = 40

// spacingMM is along columns, rows and slices.
var spacingMM = [3]float64{6.5, 7.25, 5}

// chest is a body with two lungs in air, and bright spots in the lungs at places
// that r draws.
func chest(r *rand.Rand) *volume.Volume {
	v := &volume.Volume{Grid: volume.Grid{
		Size: [3]int{48, 40, slices}, OriginLPSMM: volume.Vec3{-151.5, -140.25, -300.5},
		Axes: [3]volume.Vec3{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}, SpacingMM: spacingMM,
	}}
	v.HU = make([]int16, v.Len())
	for k := range slices {
		for j := range 40 {
			for i := range 48 {
				v.HU[v.Index(i, j, k)] = tissue(float64(i)-23.5, float64(j)-19.5, k, r)
			}
		}
	}
	for range r.IntN(4) {
		spot(v, r)
	}
	return v
}

// tissue is what a voxel holds, with some noise, x and y from the middle.
func tissue(x, y float64, k int, r *rand.Rand) int16 {
	noise := int16(r.IntN(21)) - 10
	inside := k >= 3 && k < slices-3
	switch {
	case inside && (math.Hypot((x-9)/7, y/9) < 1 || math.Hypot((x+9)/7, y/9) < 1):
		return -850 + noise
	case math.Hypot(x/22, y/16) < 1:
		return 40 + noise
	}
	return -1000
}

// spot sets a bright ball into one of the lungs. The test model marks what is
// brighter than about 330 HU, the more surely the brighter.
func spot(v *volume.Volume, r *rand.Rand) {
	side := []float64{14.5, 32.5}[r.IntN(2)]
	at := [3]float64{side + 4*(r.Float64()-.5), 19.5 + 6*(r.Float64()-.5), 8 + float64(r.IntN(slices-16))}
	radius, hu := 14+6*r.Float64(), int16(310+r.IntN(70))
	for k := range slices {
		for j := range 40 {
			for i := range 48 {
				d := math.Hypot(math.Hypot((float64(i)-at[0])*spacingMM[0], (float64(j)-at[1])*spacingMM[1]), (float64(k)-at[2])*spacingMM[2])
				if d < radius {
					v.HU[v.Index(i, j, k)] = hu
				}
			}
		}
	}
}
