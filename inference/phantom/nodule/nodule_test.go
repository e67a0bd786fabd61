package nodule_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/inference/phantom/nodule"
	"nafas/inference/volume"
)

var identity = [3]volume.Vec3{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}

func cube(n int, spacing float64) volume.Grid {
	h := -float64(n-1) / 2 * spacing
	return volume.Grid{
		Size: [3]int{n, n, n}, OriginLPSMM: volume.Vec3{h, h, h},
		Axes: identity, SpacingMM: [3]float64{spacing, spacing, spacing},
	}
}

// moments is the volume in mm3 and the centroid of a stamp's coverage.
func moments(g volume.Grid, st *nodule.Stamp) (mm3 float64, center volume.Vec3) {
	at := 0
	for k := range st.Size[2] {
		for j := range st.Size[1] {
			for i := range st.Size[0] {
				a := float64(st.Alpha[at])
				at++
				p := g.ToLPS(volume.Vec3{float64(i + st.Lo[0]), float64(j + st.Lo[1]), float64(k + st.Lo[2])})
				mm3 += a
				center = center.Add(p.Scale(a))
			}
		}
	}
	voxel := g.SpacingMM[0] * g.SpacingMM[1] * g.SpacingMM[2]
	return mm3 * voxel, center.Scale(1 / mm3)
}

func diameter(mm3 float64) float64 { return math.Cbrt(6 * mm3 / math.Pi) }

func TestTruthEqualsGeometry(t *testing.T) {
	rot := func(a float64) [3]volume.Vec3 {
		s, c := math.Sincos(a)
		return [3]volume.Vec3{{c, s, 0}, {-s * c, c * c, s}, {s * s, -s * c, c}}
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for _, tc := range []struct {
		name    string
		axes    [3]volume.Vec3
		spacing [3]float64
		psf     nodule.PSF
	}{
		{"isotropic 1.25 mm, the training grid", identity, [3]float64{1.25, 1.25, 1.25}, nodule.PSF{InPlaneSigmaMM: .6}},
		{"thin CT slices", identity, [3]float64{.7, .7, 1.25}, nodule.PSF{InPlaneSigmaMM: .45, SliceMM: 1.25}},
		{"thick slices, oblique axes", rot(.4), [3]float64{.7, .7, 5}, nodule.PSF{InPlaneSigmaMM: .8, SliceMM: 5}},
		{"flipped normal", [3]volume.Vec3{{1, 0, 0}, {0, 1, 0}, {0, 0, -1}}, [3]float64{.8, .8, 2.5}, nodule.PSF{SliceMM: 2.5}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for range 12 {
				s := nodule.Draw(rng, nodule.DefaultMix())
				s.Spicules = 0 // the truth leaves them out
				want := volume.Vec3{rng.Float64() * 9, rng.Float64() * 9, rng.Float64() * 9}
				g := volume.Grid{Size: [3]int{8, 8, 8}, Axes: tc.axes, SpacingMM: tc.spacing}
				mm3, center := moments(g, nodule.Render(nodule.New(s, want), g, tc.psf))
				// The soft edge of ground-glass and slabs thicker than the
				// nodule cost a little of the volume's exactness.
				require.InDelta(t, s.DiameterMM, diameter(mm3), .05*s.DiameterMM+.15, "%+v", s)
				require.Less(t, center.Sub(want).Norm(), .04*s.DiameterMM+.1+.04*tc.psf.SliceMM, "%+v", s)
			}
		})
	}
}

func TestSameSpecSameShape(t *testing.T) {
	s := nodule.Draw(rand.New(rand.NewPCG(7, 7)), nodule.DefaultMix())
	g := cube(48, 1)
	a := nodule.Render(nodule.New(s, volume.Vec3{1, 2, 3}), g, nodule.PSF{InPlaneSigmaMM: .5})
	b := nodule.Render(nodule.New(s, volume.Vec3{1, 2, 3}), g, nodule.PSF{InPlaneSigmaMM: .5})
	require.Equal(t, a, b)
}

func TestImplantKeepsWhatIsDenser(t *testing.T) {
	g := cube(32, 1)
	v := make([]int16, g.Len())
	for i := range v {
		v[i] = -850
	}
	for k := range 32 { // a bright vessel straight through the nodule
		v[g.Index(16, 16, k)] = 250
	}
	s := nodule.Spec{Kind: nodule.Solid, DiameterMM: 12, HU: 30, Seed: 3}
	nodule.Implant(v, g.Size, nodule.Render(nodule.New(s, volume.Vec3{.5, .5, .5}), g, nodule.PSF{}), nil)
	require.Equal(t, int16(250), v[g.Index(16, 16, 16)], "the vessel stays")
	require.InDelta(t, 30, v[g.Index(13, 16, 16)], 8, "solid inside")
	require.Equal(t, int16(-850), v[g.Index(4, 4, 4)], "untouched outside")
}

func TestImplantOutsideTheVolumeIsDropped(t *testing.T) {
	g := cube(8, 1)
	for at, cut := range map[volume.Vec3]bool{{-40, 0, 0}: false, {0, 40, 0}: false, {0, 0, 40}: false, {4, 4, 4}: true} {
		v := make([]float32, g.Len())
		nodule.Implant(v, g.Size, nodule.Render(nodule.New(nodule.Spec{DiameterMM: 9, HU: 40}, at), g, nodule.PSF{}), nil)
		require.Equal(t, cut, slices.ContainsFunc(v, func(hu float32) bool { return hu != 0 }), "%v", at)
	}
}

func TestRenderSlicedKeepsVolumeAndPlace(t *testing.T) {
	g := cube(64, 1.25)
	s := nodule.Spec{Kind: nodule.Solid, DiameterMM: 14, Elongation: 1.2, Lobulation: .1, HU: 30, Seed: 5}
	want := volume.Vec3{2.2, -1.3, 4.1}
	n := nodule.New(s, want)
	st := nodule.RenderSliced(n, g, nodule.PSF{InPlaneSigmaMM: .6, SliceMM: 3}, 3, .8)
	mm3, center := moments(g, st)
	require.InDelta(t, 14, diameter(mm3), .4)
	require.Less(t, center.Sub(want).Norm(), .3)
}

func TestMeasureOfACutNodule(t *testing.T) {
	n := nodule.New(nodule.Spec{DiameterMM: 20, HU: 30}, volume.Vec3{5, 0, 0})
	c, d, share := n.Measure(func(p volume.Vec3) bool { return p[0] > 5 })
	require.InDelta(t, .5, share, .03)
	require.InDelta(t, 20*math.Cbrt(.5), d, .4)
	// A half ball's centroid lies 3r/8 from its flat side.
	require.InDelta(t, 5+3*10./8, c[0], .3)
}

func TestDrawFollowsTheMix(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 9))
	const n = 6000
	kinds := map[nodule.Kind]int{}
	places := map[nodule.Placement]int{}
	var logs float64
	spiculated, above6 := 0, 0
	for range n {
		s := nodule.Draw(rng, nodule.DefaultMix())
		kinds[s.Kind]++
		places[s.Placement]++
		logs += math.Log(s.DiameterMM)
		require.GreaterOrEqual(t, s.DiameterMM, 4.)
		require.LessOrEqual(t, s.DiameterMM, 30.)
		if s.DiameterMM > 6 && s.Kind == nodule.Solid {
			above6++
			if s.Spicules > 0 {
				spiculated++
			}
		}
	}
	require.InDelta(t, .62, float64(kinds[nodule.Solid]+kinds[nodule.Calcified])/n, .03)
	require.InDelta(t, .19, float64(kinds[nodule.GroundGlass])/n, .03)
	require.InDelta(t, .33, float64(places[nodule.Pleura])/n, .03)
	require.InDelta(t, .35, float64(spiculated)/float64(above6), .04)
	require.InDelta(t, 9, math.Exp(logs/n), .7, "clipping at 4 mm lifts the median of 8.5")
}

func TestMimicsAreNotCompact(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	g := cube(64, 1.25)
	for range 20 {
		for _, s := range []nodule.Shape{nodule.DrawStrands(rng, volume.Vec3{}), nodule.DrawPlate(rng, volume.Vec3{})} {
			st := nodule.Render(s, g, nodule.PSF{InPlaneSigmaMM: .6})
			mm3, _ := moments(g, st)
			lo, hi := s.BoundsMM()
			require.Greater(t, hi.Sub(lo).Norm(), 2.5*diameter(mm3))
			require.Positive(t, mm3)
		}
	}
}

func TestNamesRoundTrip(t *testing.T) {
	for k := nodule.Solid; k <= nodule.Calcified; k++ {
		got, err := nodule.ParseKind(k.String())
		require.NoError(t, err)
		require.Equal(t, k, got)
	}
	for p := nodule.Free; p <= nodule.Pleura; p++ {
		got, err := nodule.ParsePlacement(p.String())
		require.NoError(t, err)
		require.Equal(t, p, got)
	}
	_, err := nodule.ParseKind("x")
	require.Error(t, err)
}

func BenchmarkRender(b *testing.B) {
	g := cube(64, 1.25)
	for _, d := range []float64{5, 10, 25} {
		b.Run(map[float64]string{5: "5mm", 10: "10mm", 25: "25mm"}[d], func(b *testing.B) {
			s := nodule.Spec{DiameterMM: d, Elongation: 1.3, Lobulation: .1, Spicules: 6, HU: 30, TextureHU: 15, Seed: 1}
			for b.Loop() {
				nodule.Render(nodule.New(s, volume.Vec3{}), g, nodule.PSF{InPlaneSigmaMM: .6})
			}
		})
	}
	b.Run("strands", func(b *testing.B) {
		rng := rand.New(rand.NewPCG(5, 5))
		for b.Loop() {
			nodule.Render(nodule.DrawStrands(rng, volume.Vec3{}), g, nodule.PSF{InPlaneSigmaMM: .6})
		}
	})
	b.Run("plate", func(b *testing.B) {
		rng := rand.New(rand.NewPCG(5, 5))
		for b.Loop() {
			nodule.Render(nodule.DrawPlate(rng, volume.Vec3{}), g, nodule.PSF{InPlaneSigmaMM: .6})
		}
	})
}
