package prior_test

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/inference/measure"
	"nafas/inference/prior"
)

func siteOf(e prior.Exam, f prior.Finding) measure.Site {
	return measure.Site{Volume: e.Volume, Field: e.Field, CenterLPSMM: f.CenterLPSMM, DiameterMM: f.DiameterMM}
}

// A change of volume is that of both measured alike, and not of what each exam has
// by itself, which may have another margin.
func TestGrowthIsOfBothMeasuredAlike(t *testing.T) {
	p := aPair(t)
	c, err := prior.Compare(t.Context(), p.current, p.earlier, p.days)
	require.NoError(t, err)
	told, looked, otherwise := 0, 0, 0
	for i, x := range c.Current {
		if x.Growth == nil {
			continue
		}
		now := p.current.Findings[i]
		alone := math.Log(now.Measured.VolumeMM3 / x.EarlierMeasured.VolumeMM3)
		if math.Abs(math.Log1p(x.Growth.VolumeChange)-alone) > .05 {
			otherwise++
		}
		if x.Earlier < 0 {
			looked++
			continue
		}
		told++
		log, ok := measure.LogRatio(siteOf(p.current, now), siteOf(p.earlier, p.earlier.Findings[x.Earlier]))
		require.True(t, ok)
		require.InDelta(t, math.Expm1(log), x.Growth.VolumeChange, .001)
	}
	require.GreaterOrEqual(t, told, 10)
	require.Positive(t, looked)
	require.Positive(t, otherwise)
}

// A large nodule whose kind is told otherwise in the two exams: 100 days in 180 are
// told from stable, which a band of all that another margin makes would not.
func TestOtherKindsAreToldApart(t *testing.T) {
	p := aPair(t)
	largest := slices.MaxFunc(p.current.Findings, func(a, b prior.Finding) int {
		size := func(f prior.Finding) float64 {
			if f.Measured.Reliable() && f.Measured.Seen > .9 {
				return f.Measured.VolumeMM3
			}
			return 0
		}
		return int(size(a) - size(b))
	})
	require.Greater(t, largest.DiameterMM, 8.)
	half := func(kind measure.Kind) float64 {
		now, then := p.current, p.current
		m := *largest.Measured
		m.Kind = kind
		other := largest
		other.Measured = &m
		now.Findings, then.Findings = []prior.Finding{largest}, []prior.Finding{other}
		c, err := prior.Compare(t.Context(), now, then, 180)
		require.NoError(t, err)
		g := c.Current[0].Growth
		require.NotNil(t, g)
		require.InDelta(t, 0, g.VolumeChange, .02, "it is the same scan")
		return (math.Log1p(g.VolumeChangeHigh) - math.Log1p(g.VolumeChangeLow)) / 2
	}
	same := half(largest.Measured.Kind)
	require.InDelta(t, math.Log(1.25), same, .001, "never less than between two scans of one day")
	for _, kind := range []measure.Kind{measure.KindSolid, measure.KindPartSolid, measure.KindGroundGlass} {
		if kind == largest.Measured.Kind {
			continue
		}
		other := half(kind)
		require.Greater(t, other, same+.2, "%s", kind)
		require.Less(t, 2*other, math.Ln2*180/100, "%s", kind)
	}
}
