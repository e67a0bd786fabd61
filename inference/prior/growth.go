package prior

import (
	"context"
	"math"
	"slices"

	"nafas/inference/measure"
)

// grow says of every pair how it changed.
func (c *comparing) grow(ctx context.Context) error {
	return each(ctx, len(c.out.Current), c.growOne)
}

func (c *comparing) growOne(i int) {
	out, now := &c.out.Current[i], c.current.Findings[i].Measured
	if out.State != Paired {
		return
	}
	then := out.EarlierMeasured
	out.NoGrowth = slices.Clone(c.out.NotComparable)
	if now == nil || then == nil || !now.Reliable() || !then.Reliable() {
		out.NoGrowth = append(out.NoGrowth, NotMeasured)
		return
	}
	out.DiameterChangeMM = now.MeanDiameterMM - then.MeanDiameterMM
	out.DiameterErrorMM = diameterError(now, then, c.current.thicknessMM(), c.earlier.thicknessMM())
	if len(out.NoGrowth) > 0 {
		return
	}
	log, ok := measure.LogRatio(c.current.site(&c.current.Findings[i]), c.siteThen(i))
	if !ok {
		out.NoGrowth = append(out.NoGrowth, NotMeasured)
		return
	}
	out.Growth = growth(log, logError(now, then, max(c.current.thicknessMM(), c.earlier.thicknessMM())), c.days)
}

// siteThen is where the earlier exam has the partner of a finding.
func (c *comparing) siteThen(i int) measure.Site {
	if j := c.out.Current[i].Earlier; j >= 0 {
		return c.earlier.site(&c.earlier.Findings[j])
	}
	return c.looked[i]
}

// site is what was measured of a finding.
func (e *Exam) site(f *Finding) measure.Site {
	return measure.Site{Volume: e.Volume, Field: e.Field, CenterLPSMM: f.CenterLPSMM, DiameterMM: f.DiameterMM}
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
