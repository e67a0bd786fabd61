package prior

import (
	"context"
	"math"
	"slices"
)

// grow says of every pair how it changed.
func (c *comparing) grow(context.Context) error {
	for i := range c.out.Current {
		out, now := &c.out.Current[i], c.current.Findings[i].Measured
		if out.State != Paired {
			continue
		}
		then := out.EarlierMeasured
		out.NoGrowth = slices.Clone(c.out.NotComparable)
		if now == nil || then == nil || !now.Reliable() || !then.Reliable() {
			out.NoGrowth = append(out.NoGrowth, NotMeasured)
			continue
		}
		thick := max(c.current.thicknessMM(), c.earlier.thicknessMM())
		out.DiameterChangeMM = now.MeanDiameterMM - then.MeanDiameterMM
		out.DiameterErrorMM = diameterError(now, then, c.current.thicknessMM(), c.earlier.thicknessMM())
		if len(out.NoGrowth) == 0 {
			out.Growth = growth(math.Log(now.VolumeMM3/then.VolumeMM3), logError(now, then, thick), c.days)
		}
	}
	return nil
}

const daysPerYear = 365.25

// growth is what a logarithm of the ratio of two volumes says, with its 95 %
// half-width.
func growth(log, error95 float64, days int) *Growth {
	perYear := func(log float64) float64 { return daysPerYear * log / math.Ln2 / float64(days) }
	g := &Growth{
		VolumeChange: math.Expm1(log), VolumeChangeLow: math.Expm1(log - error95), VolumeChangeHigh: math.Expm1(log + error95),
		DoublingsPerYear: perYear(log), DoublingsPerYearLow: perYear(log - error95), DoublingsPerYearHigh: perYear(log + error95),
	}
	doubling := func(perYear float64) float64 {
		if perYear <= 0 {
			return 0
		}
		return daysPerYear / perYear
	}
	g.DoublingDays = doubling(g.DoublingsPerYear)
	g.DoublingDaysShort, g.DoublingDaysLong = doubling(g.DoublingsPerYearHigh), doubling(g.DoublingsPerYearLow)
	switch {
	case g.VolumeChangeLow > 0:
		g.Trend = TrendGrowing
	case g.VolumeChangeHigh < 0:
		g.Trend = TrendShrinking
	case g.DoublingsPerYearHigh < daysPerYear/stableDays && g.DoublingsPerYearLow > -daysPerYear/stableDays:
		g.Trend = TrendStable
	}
	return g
}

// stableDays: a doubling time above 600 days needs no work-up (BTS 2015); what
// surely grows, or shrinks, no faster is stable.
const stableDays = 600
