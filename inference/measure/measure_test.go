package measure_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/inference/lung"
	"nafas/inference/measure"
	"nafas/inference/volume"
)

// axial is a grid of 60 x 60 x 60 voxels round the origin.
func axial() volume.Grid {
	return volume.Grid{
		Size: [3]int{60, 60, 60}, SpacingMM: [3]float64{.7, .7, 1}, OriginLPSMM: volume.Vec3{-20.65, -20.65, -29.5},
		Axes: [3]volume.Vec3{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
	}
}

// scene samples attenuations on a grid whose whole volume is lung, with the
// partial volume of 27 samples a voxel.
func scene(g volume.Grid, hu func(p volume.Vec3) float64) (*volume.Volume, *lung.Field) {
	v := &volume.Volume{Grid: g, HU: make([]int16, g.Len())}
	for k := range g.Size[2] {
		for j := range g.Size[1] {
			for i := range g.Size[0] {
				sum := 0.0
				for s := range 27 {
					d := volume.Vec3{float64(s%3-1) / 3, float64(s/3%3-1) / 3, float64(s/9-1) / 3}
					sum += hu(g.ToLPS(volume.Vec3{float64(i), float64(j), float64(k)}.Add(d)))
				}
				v.HU[g.Index(i, j, k)] = int16(math.Round(sum / 27))
			}
		}
	}
	lo, hi := g.Bounds()
	f := &lung.Field{Grid: volume.Grid{
		Size: [3]int{}, SpacingMM: [3]float64{2, 2, 2}, OriginLPSMM: lo.Sub(volume.Vec3{4, 4, 4}),
		Axes: [3]volume.Vec3{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
	}}
	for a := range 3 {
		f.Grid.Size[a] = int((hi[a]-lo[a])/2) + 6
	}
	f.Mask = make([]uint8, f.Grid.Len())
	for i := range f.Mask {
		f.Mask[i] = 1
	}
	return v, f
}

const lungHU = -850

// ball is soft tissue in lung.
func ball(radius, hu float64) func(volume.Vec3) float64 {
	return func(p volume.Vec3) float64 {
		if p.Norm() < radius {
			return hu
		}
		return lungHU
	}
}

func ballMM3(radius float64) float64 { return 4. / 3 * math.Pi * radius * radius * radius }

func TestBalls(t *testing.T) {
	for _, c := range []struct {
		name       string
		hu, radius float64
		kind       measure.Kind
	}{
		{"solid", 30, 6, measure.KindSolid},
		{"a large one", 30, 14, measure.KindSolid},
		{"a small one", 30, 3, measure.KindSolid},
		{"ground glass", -600, 6, measure.KindGroundGlass},
		{"calcium", 500, 5, measure.KindCalcified},
	} {
		t.Run(c.name, func(t *testing.T) {
			v, f := scene(axial(), ball(c.radius, c.hu))
			m := measure.Measure(v, f, volume.Vec3{.8, -.5, .5}, 2*c.radius*.9)
			require.True(t, m.Reliable(), m.Doubt)
			// These balls are sharper than any scanner's image, for which the
			// border is moved.
			require.InEpsilon(t, ballMM3(c.radius), m.VolumeMM3, .14)
			require.InDelta(t, 2*c.radius, m.MeanDiameterMM, .5)
			require.GreaterOrEqual(t, m.LongAxisMM, m.ShortAxisMM)
			require.InDelta(t, m.LongAxisMM, m.LongAxisLPSMM[0].Sub(m.LongAxisLPSMM[1]).Norm(), .05+1e-9)
			require.Equal(t, c.kind, m.Kind)
			require.Less(t, m.CenterLPSMM.Norm(), .3)
			require.InDelta(t, 29.5, m.Slice, .6)
			require.Greater(t, m.Seen, .95)
			require.InEpsilon(t, m.VolumeMM3, float64(m.Mask.Voxels)*.7*.7, .12)
			require.True(t, m.Mask.At(30, 30, 30))
			require.False(t, m.Mask.At(0, 0, 0))
			require.Positive(t, m.VolumeError)
			require.InDelta(t, 1, m.KindConfidence, .35)
			require.Equal(t, m, measure.Measure(v, f, volume.Vec3{.8, -.5, .5}, 2*c.radius*.9), "the same again")
		})
	}
}

// The mean diameter is that of the two axes as they are shown, halves upwards, which
// is what guidelines make of them: one report has one number.
func TestTheMeanIsOfTheAxes(t *testing.T) {
	for n := range 12 {
		radius := 4 + .07*float64(n)
		v, f := scene(axial(), func(p volume.Vec3) float64 { return ball(radius, 30)(volume.Vec3{p[0], 1.15 * p[1], p[2]}) })
		m := measure.Measure(v, f, volume.Vec3{}, 2*radius)
		require.True(t, m.Reliable(), m.Doubt)
		twentieths := int(math.Round(10*m.LongAxisMM) + math.Round(10*m.ShortAxisMM))
		require.Equal(t, float64((twentieths+1)/2)/10, m.MeanDiameterMM, "%v and %v", m.LongAxisMM, m.ShortAxisMM)
	}
}

// In slices that are thicker than was tried neither kind nor volume is called sure.
func TestThickSlices(t *testing.T) {
	for _, c := range []struct {
		sliceMM float64
		sure    bool
	}{{2.5, true}, {3, false}, {5, false}} {
		g := axial()
		g.SpacingMM[2], g.OriginLPSMM[2] = c.sliceMM, -30*c.sliceMM
		v, f := scene(g, ball(6, 30))
		m := measure.Measure(v, f, volume.Vec3{}, 12)
		require.True(t, m.Reliable(), m.Doubt)
		require.Equal(t, c.sure, m.KindConfidence >= .8, "%v mm: the least that guidelines take", c.sliceMM)
		require.Equal(t, c.sure, m.VolumeError <= .25, "%v mm: the most that guidelines take", c.sliceMM)
	}
}

func TestACoreInAHalo(t *testing.T) {
	v, f := scene(axial(), func(p volume.Vec3) float64 {
		switch r := p.Norm(); {
		case r < 4:
			return 20
		case r < 8:
			return -600
		}
		return lungHU
	})
	m := measure.Measure(v, f, volume.Vec3{}, 15)
	require.True(t, m.Reliable(), m.Doubt)
	require.Equal(t, measure.KindPartSolid, m.Kind)
	require.InEpsilon(t, ballMM3(8), m.VolumeMM3, .1)
	require.InDelta(t, 8, m.SolidDiameterMM, 1)
}

// A vessel that passes is cut off where it leaves, and a chest wall is no part
// of what lies on it.
func TestWhatIsAttached(t *testing.T) {
	on := func(hu func(volume.Vec3) float64, more func(volume.Vec3) bool) func(volume.Vec3) float64 {
		return func(p volume.Vec3) float64 {
			if more(p) {
				return 40
			}
			return hu(p)
		}
	}
	v, f := scene(axial(), on(ball(5, 30), func(p volume.Vec3) bool { return math.Hypot(p[1], p[2]) < 1.5 }))
	m := measure.Measure(v, f, volume.Vec3{}, 10)
	require.True(t, m.Reliable(), m.Doubt)
	require.InEpsilon(t, ballMM3(5), m.VolumeMM3, .15)
	require.Less(t, m.Seen, 1.)

	v, f = scene(axial(), on(ball(6, 30), func(p volume.Vec3) bool { return p[1] > 3 }))
	for i := range f.Mask {
		if f.Grid.ToLPS(volume.Vec3{0, float64(i / f.Grid.Size[0] % f.Grid.Size[1]), 0})[1] > 3 {
			f.Mask[i] = 0
		}
	}
	m = measure.Measure(v, f, volume.Vec3{}, 12)
	require.True(t, m.Reliable(), m.Doubt)
	cap := math.Pi * 9 * (18 - 3) / 3 // of the ball behind the wall, 3 mm high
	require.InEpsilon(t, ballMM3(6)-cap, m.VolumeMM3, .15)
}

// The same scene in other orders and directions of voxels has the same size at
// the same place.
func TestWhateverTheGrid(t *testing.T) {
	hu := func(p volume.Vec3) float64 {
		q := p.Sub(volume.Vec3{3, -2, 1})
		if q[0]*q[0]/49+q[1]*q[1]/25+q[2]*q[2]/36 < 1 {
			return 30
		}
		return lungHU
	}
	v, f := scene(axial(), hu)
	want := measure.Measure(v, f, volume.Vec3{3, -2, 1}, 12)
	require.True(t, want.Reliable())
	require.InEpsilon(t, 4./3*math.Pi*7*5*6, want.VolumeMM3, .08)
	require.InDelta(t, 14, want.LongAxisMM, .5)
	require.InDelta(t, 10, want.ShortAxisMM, .5)
	for name, axes := range map[string][3]volume.Vec3{
		"feet first, prone": {{-1, 0, 0}, {0, -1, 0}, {0, 0, 1}},
		"mirrored":          {{-1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
		"from below":        {{1, 0, 0}, {0, 1, 0}, {0, 0, -1}},
		"turned":            {{.8, .6, 0}, {-.6, .8, 0}, {0, 0, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			g := axial()
			g.Axes = axes
			middle := volume.Vec3{29.5, 29.5, 29.5}
			g.OriginLPSMM = volume.Vec3{}
			g.OriginLPSMM = g.OriginLPSMM.Sub(g.ToLPS(middle))
			v, f := scene(g, hu)
			got := measure.Measure(v, f, volume.Vec3{3, -2, 1}, 12)
			require.InEpsilon(t, want.VolumeMM3, got.VolumeMM3, .03)
			require.InDelta(t, want.LongAxisMM, got.LongAxisMM, .3)
			require.Less(t, want.CenterLPSMM.Sub(got.CenterLPSMM).Norm(), .2)
		})
	}
}

func TestDoubts(t *testing.T) {
	g := axial()
	faint := func(volume.Vec3) float64 { return lungHU }
	for _, c := range []struct {
		name     string
		hu       func(volume.Vec3) float64
		at       volume.Vec3
		diameter float64
		want     measure.Doubt
		body     bool
	}{
		{"nothing there", faint, volume.Vec3{}, 8, measure.DoubtFaint, false},
		{"tissue all around", func(volume.Vec3) float64 { return 40 }, volume.Vec3{}, 8, measure.DoubtNoLung, false},
		{"cut by the end of the scan", func(p volume.Vec3) float64 { return ball(6, 30)(p.Sub(volume.Vec3{0, 0, 28})) }, volume.Vec3{0, 0, 27}, 12, measure.DoubtCut, true},
		{"much smaller than the detector says", ball(4, 30), volume.Vec3{}, 18, measure.DoubtSize, true},
		{"outside of the scan", faint, volume.Vec3{500, 0, 0}, 8, measure.DoubtNoLung, false},
		{"a place that is none", faint, volume.Vec3{math.NaN(), 0, 0}, 8, measure.DoubtNoLung, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			v, f := scene(g, c.hu)
			m := measure.Measure(v, f, c.at, c.diameter)
			require.Equal(t, c.want, m.Doubt)
			require.Equal(t, c.body, m.HasBody())
			require.False(t, m.Reliable())
		})
	}
}

func BenchmarkMeasure(b *testing.B) {
	v, f := scene(axial(), ball(5, 30))
	for b.Loop() {
		measure.Measure(v, f, volume.Vec3{.5, .5, .5}, 10)
	}
}

// Thick is what tells a core from a vessel: within a nodule and beyond it a vessel
// is as thick, and a core stands alone or is thicker than the vessel it lies on.
func TestAVesselIsNoCore(t *testing.T) {
	const tissue = 40
	glass := func(radius float64) func(volume.Vec3) float64 { return ball(radius, -600) }
	along := volume.Vec3{.8, .5, .33}.Unit()
	through := func(radius float64) func(volume.Vec3) bool {
		return func(p volume.Vec3) bool { return p.Sub(volume.Vec3{0, 1, 0}).Cross(along).Norm() < radius }
	}
	core := func(radius, off float64) func(volume.Vec3) bool {
		return func(p volume.Vec3) bool { return p.Sub(volume.Vec3{off, 1, 0}).Norm() < radius }
	}
	nothing := func(volume.Vec3) bool { return false }
	for _, c := range []struct {
		name        string
		glassMM     float64
		vessel, add func(volume.Vec3) bool
		want        measure.Kind
	}{
		{"ground glass crossed by a vessel", 7, through(1.6), nothing, measure.KindGroundGlass},
		{"ground glass crossed by a thin vessel", 6, through(1), nothing, measure.KindGroundGlass},
		{"ground glass crossed by a thick vessel", 9, through(2.4), nothing, measure.KindGroundGlass},
		{"a vessel that ends within it is a vessel still", 8, func(p volume.Vec3) bool { return through(1.6)(p) && p.Dot(along) > 2 }, nothing, measure.KindGroundGlass},
		{"a core that the vessel runs into", 8, through(1.2), core(3.2, 1), measure.KindPartSolid},
		{"a core beside nothing, of little of the volume", 10, nothing, core(3, 3), measure.KindPartSolid},
		{"a core of two thirds of the diameter", 7, nothing, core(4.6, 0), measure.KindPartSolid},
		{"ground glass alone", 7, nothing, nothing, measure.KindGroundGlass},
	} {
		t.Run(c.name, func(t *testing.T) {
			v, f := scene(axial(), func(p volume.Vec3) float64 {
				if c.vessel(p) || c.add(p) {
					return tissue
				}
				return glass(c.glassMM)(p)
			})
			m := measure.Measure(v, f, volume.Vec3{}, 2*c.glassMM)
			require.True(t, m.Reliable(), m.Doubt)
			require.Equal(t, c.want, m.Kind)
			require.Equal(t, c.want == measure.KindPartSolid, m.SolidVolumeMM3 > 0)
		})
	}
}

// What lies on the chest wall is solid where the wall is: that is no core, and a
// core beside the wall is one.
func TestGroundGlassAtTheWall(t *testing.T) {
	for _, c := range []struct {
		name string
		core float64
		want measure.Kind
	}{
		{"without a core", 0, measure.KindGroundGlass},
		{"with a core", 3.2, measure.KindPartSolid},
	} {
		t.Run(c.name, func(t *testing.T) {
			v, f := scene(axial(), func(p volume.Vec3) float64 {
				if p[1] > 5 || p.Sub(volume.Vec3{0, -1, 0}).Norm() < c.core {
					return 40
				}
				return ball(8, -600)(p)
			})
			for i := range f.Mask {
				if f.Grid.ToLPS(volume.Vec3{0, float64(i / f.Grid.Size[0] % f.Grid.Size[1]), 0})[1] > 5 {
					f.Mask[i] = 0
				}
			}
			m := measure.Measure(v, f, volume.Vec3{}, 14)
			require.True(t, m.Reliable(), m.Doubt)
			require.Equal(t, c.want, m.Kind)
		})
	}
}

// A cavity is part of the nodule, whose border is that of its wall and whose kind
// is the wall's.
func TestCavities(t *testing.T) {
	for _, c := range []struct {
		name         string
		radius, hole float64
		off          volume.Vec3
	}{
		{"a small hole", 7, 2, volume.Vec3{}},
		{"half of it is air", 8, 4.2, volume.Vec3{}},
		{"a thin wall", 10, 7, volume.Vec3{}},
		{"a hole to one side", 10, 5, volume.Vec3{3, 0, 0}},
	} {
		t.Run(c.name, func(t *testing.T) {
			v, f := scene(axial(), func(p volume.Vec3) float64 {
				if p.Sub(c.off).Norm() < c.hole {
					return -930
				}
				return ball(c.radius, 30)(p)
			})
			m := measure.Measure(v, f, volume.Vec3{.6, -.4, .5}, 2*c.radius*1.1)
			require.True(t, m.Reliable(), m.Doubt)
			require.InEpsilon(t, ballMM3(c.radius), m.VolumeMM3, .1)
			require.InDelta(t, 2*c.radius, m.MeanDiameterMM, .6)
			require.Equal(t, measure.KindSolid, m.Kind)
		})
	}
}
