package inference_test

import (
	"math"

	"nafas/inference/volume"
)

// spot is a ball; the test network marks what is above 330 HU.
type spot struct {
	at         volume.Vec3
	diameterMM float64
	hu         float64
}

// chest is a body of 40 HU with two ellipsoid lungs and spots, on a grid of
// 2 x 2 x 3 mm whose rows and columns run as axes say.
func chest(axes [3]volume.Vec3, spots []spot) *volume.Volume {
	return scanned(volume.Grid{Size: [3]int{160, 120, 75}, SpacingMM: [3]float64{2, 2, 3}, Axes: axes}, spots)
}

// scanned is the same body on any grid, in the grid's middle.
func scanned(g volume.Grid, spots []spot) *volume.Volume {
	var last volume.Vec3
	for n := range last {
		last[n] = float64(g.Size[n] - 1)
	}
	g.OriginLPSMM = volume.Vec3{5, -10, 200}.Sub(g.ToLPS(last.Scale(.5)))
	v := &volume.Volume{Grid: g, HU: make([]int16, g.Len())}
	for o := range v.HU {
		p := g.ToLPS(volume.Vec3{float64(o % g.Size[0]), float64(o / g.Size[0] % g.Size[1]), float64(o / g.Size[0] / g.Size[1])})
		v.HU[o] = int16(math.Round(density(p, spots)))
	}
	return v
}

func density(p volume.Vec3, spots []spot) float64 {
	for _, s := range spots {
		if p.Sub(s.at).Norm() < s.diameterMM/2 {
			return s.hu
		}
	}
	inside := func(c, r volume.Vec3) bool {
		d := p.Sub(c)
		return d[0]*d[0]/r[0]/r[0]+d[1]*d[1]/r[1]/r[1]+d[2]*d[2]/r[2]/r[2] < 1
	}
	switch {
	case math.Hypot((p[0]-5)/150, (p[1]+10)/100) > 1:
		return -1000
	case inside(volume.Vec3{-65, -10, 200}, volume.Vec3{52, 65, 90}), inside(volume.Vec3{75, -10, 200}, volume.Vec3{50, 65, 90}):
		// Grain stands for vessels.
		return -850 + 90*math.Sin(p[0]/2)*math.Sin(p[1]/2)*math.Sin(p[2]/3)
	}
	return 40
}
