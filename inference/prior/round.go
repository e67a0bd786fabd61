package prior

import (
	"math"

	"nafas/inference/volume"
)

// round takes away the digits that say nothing: positions to 0.01 mm, changes of
// diameter to 0.1 mm, of volume and in doublings a year to 0.001, days to 0.1.
func (c *Comparison) round() {
	c.LungOverlap = rounded(c.LungOverlap, 1000)
	for i := range c.Current {
		change := &c.Current[i]
		roundPlace(&change.EarlierCenterLPSMM)
		if change.EarlierMeasured != nil {
			own := *change.EarlierMeasured // the exam's stays as it is
			own.Round()
			change.EarlierMeasured = &own
		}
		change.DiameterChangeMM, change.DiameterErrorMM = rounded(change.DiameterChangeMM, 10), rounded(change.DiameterErrorMM, 10)
		if change.Growth != nil {
			change.Growth.round()
		}
	}
	for i := range c.Earlier {
		roundPlace(&c.Earlier[i].CurrentCenterLPSMM)
	}
}

func (g *Growth) round() {
	for _, v := range []*float64{
		&g.VolumeChange, &g.VolumeChangeLow, &g.VolumeChangeHigh, &g.DoublingsPerYear, &g.DoublingsPerYearLow, &g.DoublingsPerYearHigh,
	} {
		*v = rounded(*v, 1000)
	}
	for _, days := range []*float64{&g.DoublingDays, &g.DoublingDaysShort, &g.DoublingDaysLong} {
		*days = rounded(*days, 10)
	}
}

func roundPlace(p *volume.Vec3) {
	for axis := range p {
		p[axis] = rounded(p[axis], 100)
	}
}

// rounded is v to one part of a unit; never -0.
func rounded(v, parts float64) float64 { return math.Round(v*parts)/parts + 0 }
