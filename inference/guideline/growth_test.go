package guideline_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	g "nafas/inference/guideline"
)

// Lung-RADS: strictly more than 1.5 mm within 12 months.
func TestLungRADSGrowth(t *testing.T) {
	for _, c := range []struct {
		why        string
		now, prior float64
		days       int
		want       g.State
	}{
		{"exactly 1.5 mm is none", 7.5, 6, 365, g.Stable},
		{"also where floating point says 1.5000000000000009", 9.8, 8.3, 365, g.Stable},
		{"1.6 mm is growth", 7.6, 6, 365, g.Growing},
		{"in a leap year too", 7.6, 6, 366, g.Growing},
		{"over a longer time, below 1.5 mm a year", 7.6, 6, 400, g.SlowlyGrowing},
		{"over a longer time, above 1.5 mm a year", 9.1, 6, 730, g.Growing},
		{"exactly 1.5 mm a year", 9, 6, 730, g.SlowlyGrowing},
		{"smaller", 5, 6, 365, g.Stable},
		{"soon", 7.6, 6, 30, g.Growing},
	} {
		s, err := g.LungRADSGrowth(c.now, c.prior, c.days)
		require.NoError(t, err)
		require.Equal(t, c.want, s, c.why)
	}
}

func TestFleischnerGrowthIs2MM(t *testing.T) {
	for now, want := range map[float64]g.State{7.9: g.Stable, 8: g.Growing, 5: g.Stable} {
		s, err := g.FleischnerGrowth(now, 6)
		require.NoError(t, err)
		require.Equal(t, want, s, "6 to %v mm", now)
	}
}

func TestGrowthByVolumeIs25Percent(t *testing.T) {
	for now, want := range map[float64]g.State{124.9: g.Stable, 125: g.Growing, 90: g.Stable} {
		s, err := g.BTSGrowth(now, 100, g.Yes)
		require.NoError(t, err)
		require.Equal(t, want, s, "100 to %v mm3", now)
	}
	for _, c := range []struct {
		why  string
		now  float64
		days int
		want g.State
	}{
		{"25% in 90 days doubles in 280", 125, 90, g.Growing},
		{"less than 25%", 124.9, 10, g.Stable},
		{"doubles in exactly 400 days", 200, 400, g.Stable},
		{"doubles in 399 days", 200, 399, g.Growing},
		{"smaller", 80, 90, g.Stable},
	} {
		s, err := g.NELSONGrowth(c.now, 100, c.days, g.Yes)
		require.NoError(t, err)
		require.Equal(t, c.want, s, c.why)
	}
}

// The facts sheet's worked values.
func TestDoublingTime(t *testing.T) {
	for _, c := range []struct {
		now, prior float64
		days       int
		want       float64
	}{{150, 100, 90, 153.9}, {125, 100, 90, 279.6}, {200, 100, 100, 100}} {
		d, err := g.DoublingTime(c.now, c.prior, c.days, g.Yes)
		require.NoError(t, err)
		require.False(t, d.StableOrShrinking)
		require.InDelta(t, c.want, d.Days, 0.05)
	}
	d, err := g.DoublingTimeFromDiameters(8, 6.5, 365)
	require.NoError(t, err)
	require.InDelta(t, 406.2, d.Days, 0.05)
}

// A nodule that is not larger has no doubling time, and never a negative one.
func TestDoublingTimeOfStableNodules(t *testing.T) {
	for _, now := range []float64{100, 99.9, 1} {
		d, err := g.DoublingTime(now, 100, 90, g.Yes)
		require.NoError(t, err)
		require.Equal(t, g.Doubling{StableOrShrinking: true}, d)
		d, err = g.DoublingTimeFromDiameters(now, 100, 90)
		require.NoError(t, err)
		require.Equal(t, g.Doubling{StableOrShrinking: true}, d)
	}
}

func TestVolumesThatMayNotBeCompared(t *testing.T) {
	for _, a := range []g.Answer{g.No, g.Unsaid} {
		_, err := g.DoublingTime(150, 100, 90, a)
		require.ErrorIs(t, err, g.ErrNotComparable)
		_, err = g.BTSGrowth(150, 100, a)
		require.ErrorIs(t, err, g.ErrNotComparable)
		_, err = g.NELSONGrowth(150, 100, 90, a)
		require.ErrorIs(t, err, g.ErrNotComparable)
		_, err = g.NELSONNewAtFollowUp(150, 100, 90, a)
		require.ErrorIs(t, err, g.ErrNotComparable)
	}
	_, err := g.DoublingTime(150, 100, 90, "perhaps")
	require.ErrorIs(t, err, g.ErrInput)
}

func TestGrowthRefusesWhatCannotBe(t *testing.T) {
	for _, v := range []float64{0, -1, math.NaN(), math.Inf(1), math.Inf(-1)} {
		for _, pair := range [][2]float64{{v, 100}, {100, v}} {
			_, err := g.LungRADSGrowth(pair[0], pair[1], 90)
			require.ErrorIs(t, err, g.ErrInput)
			_, err = g.FleischnerGrowth(pair[0], pair[1])
			require.ErrorIs(t, err, g.ErrInput)
			_, err = g.BTSGrowth(pair[0], pair[1], g.Yes)
			require.ErrorIs(t, err, g.ErrInput)
			_, err = g.DoublingTime(pair[0], pair[1], 90, g.Yes)
			require.ErrorIs(t, err, g.ErrInput)
			_, err = g.DoublingTimeFromDiameters(pair[0], pair[1], 90)
			require.ErrorIs(t, err, g.ErrInput)
			_, err = g.NELSONNewAtFollowUp(pair[0], pair[1], 90, g.Yes)
			require.ErrorIs(t, err, g.ErrInput)
		}
	}
	_, err := g.LungRADSGrowth(7, 6, 0)
	require.ErrorIs(t, err, g.ErrInput)
}

// NELSON, a new nodule at its first follow-up: 590 days or less, or 200 mm3.
func TestNELSONNewAtFollowUp(t *testing.T) {
	for _, c := range []struct {
		why        string
		now, prior float64
		days       int
		want       bool
	}{
		{"doubles in exactly 590 days", 100, 50, 590, true},
		{"doubles in 591 days", 100, 50, 591, false},
		{"200 mm3", 200, 199.9, 90, true},
		{"199.9 mm3 and slow", 199.9, 199.8, 90, false},
		{"smaller", 80, 90, 90, false},
	} {
		suspicious, err := g.NELSONNewAtFollowUp(c.now, c.prior, c.days, g.Yes)
		require.NoError(t, err)
		require.Equal(t, c.want, suspicious, c.why)
	}
	suspicious, err := g.NELSONNewAtFollowUp(250, 100, 90, g.No)
	require.NoError(t, err)
	require.True(t, suspicious, "the volume alone decides")
}
