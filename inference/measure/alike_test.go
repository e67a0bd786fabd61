package measure_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/inference/measure"
	"nafas/inference/volume"
)

func site(hu func(volume.Vec3) float64, diameterMM float64) measure.Site {
	v, f := scene(axial(), hu)
	return measure.Site{Volume: v, Field: f, CenterLPSMM: volume.Vec3{.5, -.4, .3}, DiameterMM: diameterMM}
}

// aloneMM3 is what one scan has by itself.
func aloneMM3(s measure.Site) float64 {
	return measure.Measure(s.Volume, s.Field, s.CenterLPSMM, s.DiameterMM).VolumeMM3
}

func TestTheRatioOfOneMargin(t *testing.T) {
	for _, c := range []struct {
		name      string
		now, then measure.Site
		log       float64
	}{
		{"solid, grown", site(ball(7, 30), 14), site(ball(6, 30), 12), 3 * math.Log(7./6)},
		{"ground glass, grown", site(ball(8, -600), 16), site(ball(6, -600), 12), 3 * math.Log(8./6)},
		{"calcified, shrunk", site(ball(4, 500), 8), site(ball(5, 500), 10), 3 * math.Log(4./5)},
		{"as it was", site(ball(6, 30), 12), site(ball(6, 30), 12), 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			log, ok := measure.LogRatio(c.now, c.then)
			require.True(t, ok)
			require.InDelta(t, c.log, log, .04)
			require.InDelta(t, math.Log(aloneMM3(c.now)/aloneMM3(c.then)), log, .02, "nothing is gained where both have one margin")
			back, ok := measure.LogRatio(c.then, c.now)
			require.True(t, ok)
			require.Equal(t, -log, back)
		})
	}
}

// haloed is a core of 5 mm radius in a halo.
func haloed(haloMM float64) func(volume.Vec3) float64 {
	return func(p volume.Vec3) float64 {
		switch r := p.Norm(); {
		case r < 5:
			return 20
		case r < 5+haloMM:
			return -600
		}
		return lungHU
	}
}

// A halo that is told in one scan and not in the other, since it is hardly wider, is
// no growth.
func TestAHaloToldOnce(t *testing.T) {
	const narrowestMM, stepMM = 1.5, .1
	radius := func(n int) float64 { return 5 + narrowestMM + stepMM*float64(n) }
	then := site(haloed(narrowestMM), 11)
	jumps := 0
	for n := 1; n <= 5; n++ {
		now := site(haloed(radius(n)-5), 11)
		grown := 3 * math.Log(radius(n)/radius(n-1))
		log, ok := measure.LogRatio(now, then)
		require.True(t, ok)
		require.InDelta(t, grown, log, .1, "a halo of %.1f mm", radius(n)-5)
		if math.Log(aloneMM3(now)/aloneMM3(then)) > grown+.2 {
			jumps++
		}
		then = now
	}
	require.Positive(t, jumps, "from some width on a halo is told, and a nodule measured alone in each of two scans has grown")
}

func TestNoRatioOfNothing(t *testing.T) {
	there, empty := site(ball(6, 30), 12), site(func(volume.Vec3) float64 { return lungHU }, 12)
	for _, pair := range [][2]measure.Site{{there, empty}, {empty, there}, {empty, empty}} {
		_, ok := measure.LogRatio(pair[0], pair[1])
		require.False(t, ok)
	}
}
