package phantom_test

import (
	"bytes"
	"context"
	"math"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/inference/finding"
	"nafas/inference/lung"
	"nafas/inference/phantom"
	"nafas/inference/phantom/nodule"
	"nafas/inference/volume"
)

// patient is examined by all tests that do not need another one.
var patient = sync.OnceValue(func() *phantom.Patient { return phantom.NewPatient(7) })

// small is an examination coarse enough for a test.
func small() phantom.Spec {
	return phantom.Spec{Columns: 160, Rows: 160, SpacingMM: [3]float64{2.2, 2.2, 2.5}}
}

func examine(t *testing.T, s phantom.Spec) *phantom.Phantom {
	t.Helper()
	p, err := patient().Examine(context.Background(), s)
	require.NoError(t, err)
	return p
}

func TestSameSpecSameVoxels(t *testing.T) {
	s := small()
	s.Seed, s.Mimics, s.Nodules = 7, true, phantom.DrawNodules(4, 5, nodule.DefaultMix())
	a := examine(t, s)
	b, err := phantom.Generate(context.Background(), s)
	require.NoError(t, err)
	require.True(t, equal(a.Volume.HU, b.Volume.HU))
	require.Equal(t, a.Nodules, b.Nodules)
	require.Equal(t, a.Mimics, b.Mimics)
	s.Scan = 99
	c := examine(t, s)
	require.False(t, equal(a.Volume.HU, c.Volume.HU), "another examination has other noise")
}

func equal(a, b []int16) bool {
	for i, v := range a {
		if v != b[i] {
			return false
		}
	}
	return len(a) == len(b)
}

// solids is a nodule of every placement; free ones large enough to measure.
func solids() []phantom.Nodule {
	var out []phantom.Nodule
	for i, p := range []nodule.Placement{nodule.Free, nodule.Free, nodule.Vessel, nodule.Pleura} {
		out = append(out, phantom.Nodule{Spec: nodule.Spec{
			Kind: nodule.Solid, Placement: p, DiameterMM: 11 + float64(i), Elongation: 1.3, Lobulation: .1, HU: 40, Seed: uint64(i),
		}})
	}
	return out
}

// TestTruthEqualsWhatIsDrawn subtracts the same patient without nodules.
func TestTruthEqualsWhatIsDrawn(t *testing.T) {
	tilted := phantom.Pose{ShiftMM: volume.Vec3{5, -150, -200}, TurnDeg: volume.Vec3{12, 7, -9}}.Axes()
	for name, change := range map[string]func(*phantom.Spec){
		"axial":                      func(*phantom.Spec) {},
		"axial, slices going down":   func(s *phantom.Spec) { s.Axes = [3]volume.Vec3{{1, 0, 0}, {0, -1, 0}, {0, 0, -1}} },
		"coronal, tilted":            func(s *phantom.Spec) { s.Axes = [3]volume.Vec3{tilted[0], tilted[2].Scale(-1), tilted[1]} },
		"5 mm slices, 3 mm apart":    func(s *phantom.Spec) { s.SpacingMM[2], s.SliceThicknessMM = 3, 5 },
		"sharp, with contrast agent": func(s *phantom.Spec) { s.Kernel, s.Contrast = phantom.Sharp, true },
	} {
		t.Run(name, func(t *testing.T) {
			s := small()
			s.NoiseHU, s.Nodules = -1, solids()
			change(&s)
			with := examine(t, s)
			s.Nodules = nil
			without := examine(t, s)
			require.Len(t, with.Nodules, 4)
			for _, n := range with.Nodules {
				center, mm3 := difference(with.Volume, without.Volume, n)
				require.Less(t, center.Sub(n.CenterLPSMM).Norm(), 1.2, "%+v", n)
				if n.Placement == "vessel" && s.Contrast {
					continue // the vessel inside is denser than the nodule
				}
				d := math.Cbrt(6 * mm3 / math.Pi)
				require.InDelta(t, n.DiameterMM, d, .12*n.DiameterMM, "%+v", n)
			}
		})
	}
}

// difference is the centre of mass, and the volume in units of a full change
// from lung to nodule, of what a nodule changed.
func difference(with, without *volume.Volume, n phantom.Truth) (volume.Vec3, float64) {
	const full = 40 + 860
	var center volume.Vec3
	var mass float64
	for k := range with.Size[2] {
		for j := range with.Size[1] {
			for i := range with.Size[0] {
				at := with.Index(i, j, k)
				d := float64(with.HU[at]) - float64(without.HU[at])
				if d == 0 {
					continue
				}
				p := with.ToLPS(volume.Vec3{float64(i), float64(j), float64(k)})
				if p.Sub(n.CenterLPSMM).Norm() < n.DiameterMM/2+7 {
					center, mass = center.Add(p.Scale(d)), mass+d
				}
			}
		}
	}
	voxel := with.SpacingMM[0] * with.SpacingMM[1] * with.SpacingMM[2]
	return center.Scale(1 / mass), mass / full * voxel
}

// TestOrientationChangesNothingButTheGrid looks at the same places of the same
// patient in two grids.
func TestOrientationChangesNothingButTheGrid(t *testing.T) {
	s := small()
	s.NoiseHU = -1
	a := examine(t, s)
	s.Axes = [3]volume.Vec3{{0, 1, 0}, {0, 0, -1}, {-1, 0, 0}} // sagittal
	s.Pose = a.Spec.Pose
	b := examine(t, s)
	rng := rand.New(rand.NewPCG(1, 1))
	far, count := 0, 0
	for range 4000 {
		p := a.Spec.Pose.ShiftMM.Add(volume.Vec3{rng.Float64()*240 - 120, rng.Float64()*160 - 80, rng.Float64()*200 - 100})
		va, oka := nearest(a.Volume, p)
		vb, okb := nearest(b.Volume, p)
		if !oka || !okb {
			continue
		}
		count++
		if math.Abs(va-vb) > 150 {
			far++
		}
	}
	require.Greater(t, count, 3000)
	require.Less(t, float64(far)/float64(count), .1, "edges and vessels differ by part of a voxel")
}

func nearest(v *volume.Volume, p volume.Vec3) (float64, bool) {
	q := v.ToIndex(p)
	var at [3]int
	for a := range 3 {
		at[a] = int(math.Round(q[a]))
		if at[a] < 0 || at[a] >= v.Size[a] {
			return 0, false
		}
	}
	return float64(v.At(at[0], at[1], at[2])), true
}

func TestPriorOfTheSamePatient(t *testing.T) {
	s := small()
	s.Nodules = solids()
	now := examine(t, s)
	before := now.Prior(123, func(n phantom.Nodule) float64 {
		if n.ID == 2 {
			return 0 // grew since
		}
		return phantom.EarlierDiameterMM(n.DiameterMM, 180, 180)
	})
	prior := examine(t, before)
	require.Len(t, prior.Nodules, 3)
	require.NotEqual(t, now.Spec.Pose, prior.Spec.Pose)
	for _, old := range prior.Nodules {
		recent := now.Nodules[old.ID-1]
		require.Equal(t, recent.ID, old.ID)
		require.Equal(t, recent.Placement, old.Placement)
		if old.Placement != nodule.Pleura.String() { // where the wall cuts, the share changes
			require.InDelta(t, recent.DiameterMM/math.Cbrt(2), old.DiameterMM, 1e-6, "half the volume, one doubling time before")
		}
		want := prior.Spec.Pose.ToLPS(now.Spec.Pose.ToChest(recent.CenterLPSMM))
		require.Less(t, want.Sub(old.CenterLPSMM).Norm(), 2.)
		hu, ok := nearest(prior.Volume, old.CenterLPSMM)
		require.True(t, ok)
		require.Greater(t, hu, -350.)
	}
}

// After another breath places move with the chest, and nodules keep their size.
func TestABreath(t *testing.T) {
	s := small()
	s.NoiseHU, s.Nodules = -1, solids()
	now := examine(t, s)
	before := now.Prior(123, func(n phantom.Nodule) float64 { return n.DiameterMM })
	before.Pose = &phantom.Pose{ShiftMM: volume.Vec3{4, -160, -90}, TurnDeg: volume.Vec3{3, -2, 4}, Stretch: volume.Vec3{1.05, .95, 1.1}}
	prior := examine(t, before)
	turned := phantom.Pose{ShiftMM: before.Pose.ShiftMM, TurnDeg: before.Pose.TurnDeg}
	for i, old := range prior.Nodules {
		recent := now.Nodules[i]
		chest := now.Spec.Pose.ToChest(recent.CenterLPSMM)
		require.Less(t, prior.Spec.Pose.ToLPS(chest).Sub(old.CenterLPSMM).Norm(), 2.)
		require.Less(t, prior.Spec.Pose.ToChest(prior.Spec.Pose.ToLPS(chest)).Sub(chest).Norm(), 1e-9)
		stretched := turned.ToLPS(volume.Vec3{1.05 * chest[0], .95 * chest[1], 1.1 * chest[2]})
		require.Less(t, prior.Spec.Pose.ToLPS(chest).Sub(stretched).Norm(), 1e-9)
		require.InEpsilon(t, recent.DiameterMM, old.DiameterMM, .05, "the wall may cut it a little otherwise")
		hu, ok := nearest(prior.Volume, old.CenterLPSMM)
		require.True(t, ok)
		require.Greater(t, hu, -350.)
	}
	for _, stretch := range []volume.Vec3{{1, 0, 1}, {1, 1, 3}, {math.NaN(), 1, 1}} {
		before.Pose.Stretch = stretch
		_, err := phantom.Generate(t.Context(), before)
		require.ErrorContains(t, err, "stretched", stretch)
	}
}

func TestLungsAreFound(t *testing.T) {
	other := phantom.NewPatient(22)
	for _, pt := range []*phantom.Patient{patient(), other} {
		s := small()
		s.Nodules = solids()
		p, err := pt.Examine(context.Background(), s)
		require.NoError(t, err)
		f, err := lung.Find(context.Background(), p.Volume)
		require.NoError(t, err)
		require.InDelta(t, 4500, f.VolumeML, 2500)
		for _, n := range p.Nodules {
			want := finding.SideLeft
			if p.Spec.Pose.ToChest(n.CenterLPSMM)[0] < 0 {
				want = finding.SideRight
			}
			require.Equal(t, want, f.SideAt(n.CenterLPSMM), "%+v", n)
		}
	}
}

func TestWhere(t *testing.T) {
	for name, c := range map[string]struct {
		at   volume.Vec3
		want finding.Lobe
	}{
		"apex on the right":        {volume.Vec3{-70, 0, 80}, finding.LobeRightUpper},
		"in front on the right":    {volume.Vec3{-80, -55, -20}, finding.LobeRightMiddle},
		"behind on the right":      {volume.Vec3{-80, 60, -20}, finding.LobeRightLower},
		"apex on the left":         {volume.Vec3{70, 0, 80}, finding.LobeLeftUpper},
		"in front on the left":     {volume.Vec3{90, -60, 0}, finding.LobeLeftUpper},
		"behind on the left":       {volume.Vec3{80, 60, -20}, finding.LobeLeftLower},
		"in the chest wall":        {volume.Vec3{150, 0, 0}, finding.LobeUnknown},
		"far outside of the chest": {volume.Vec3{500, 0, 0}, finding.LobeUnknown},
	} {
		lobe, pleura, fissure := patient().Where(c.at)
		require.Equal(t, c.want, lobe, name)
		require.Equal(t, lobe != finding.LobeUnknown, pleura > 0, name)
		require.GreaterOrEqual(t, fissure, 0.0, name)
	}
}

func TestMimicsAreListed(t *testing.T) {
	s := small()
	s.Mimics = true
	p := examine(t, s)
	kinds := map[string]int{}
	for _, m := range p.Mimics {
		require.Equal(t, phantom.RoleMimic, m.Role)
		require.Positive(t, m.DiameterMM)
		kinds[m.Kind]++
	}
	for _, k := range []string{"bifurcation", "scar", "fissure-thickening", "atelectasis", "apical-cap", "mucus-plug"} {
		require.Positive(t, kinds[k], k)
	}
}

func TestNoiseHasTheAskedStrength(t *testing.T) {
	for _, k := range []phantom.Kernel{phantom.Soft, phantom.Standard, phantom.Sharp} {
		s := small()
		s.Kernel, s.NoiseHU, s.Slices = k, 30, 4
		noisy := examine(t, s)
		s.NoiseHU = -1
		clean := examine(t, s)
		var squares, n float64
		for at, v := range noisy.Volume.HU {
			i, j := at%160, at/160%160
			if i > 65 && i < 95 && j > 65 && j < 95 && v > -900 {
				d := float64(v) - float64(clean.Volume.HU[at])
				squares, n = squares+d*d, n+1
			}
		}
		require.InDelta(t, 30, math.Sqrt(squares/n), 4, "kernel %q", k)
	}
}

func TestBadSpecs(t *testing.T) {
	for name, change := range map[string]func(*phantom.Spec){
		"spacing":          func(s *phantom.Spec) { s.SpacingMM[1] = -1 },
		"axes":             func(s *phantom.Spec) { s.Axes = [3]volume.Vec3{{1, 0, 0}, {1, 0, 0}, {0, 0, 1}} },
		"size":             func(s *phantom.Spec) { s.Slices = 1 << 20 },
		"thickness":        func(s *phantom.Spec) { s.SliceThicknessMM = 1e3 },
		"kernel":           func(s *phantom.Spec) { s.Kernel = "brilliant" },
		"diameter":         func(s *phantom.Spec) { s.Nodules = []phantom.Nodule{{}} },
		"no place for it":  func(s *phantom.Spec) { s.Nodules, s.FieldShiftMM = solids(), volume.Vec3{0, 0, 900} },
		"a nodule too big": func(s *phantom.Spec) { s.Nodules = []phantom.Nodule{{Spec: nodule.Spec{DiameterMM: 79}}} },
	} {
		t.Run(name, func(t *testing.T) {
			s := small()
			s.Slices = 20
			change(&s)
			_, err := patient().Examine(context.Background(), s)
			require.Error(t, err)
		})
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := patient().Examine(ctx, small())
	require.ErrorIs(t, err, context.Canceled)
}

func TestWriteTruth(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, phantom.WriteTruth(&b, "1.2.3",
		[]phantom.Truth{{Role: phantom.RoleNodule, ID: 3, Kind: "solid", Placement: "free", CenterLPSMM: volume.Vec3{1, -2.5, 3}, DiameterMM: 8}},
		[]phantom.Truth{{Role: phantom.RoleMimic, ID: 1, Kind: "scar", DiameterMM: 12}}))
	require.Equal(t, `seriesuid,coordX,coordY,coordZ,diameter_mm,role,kind,placement,id
1.2.3,1.000,-2.500,3.000,8.000,nodule,solid,free,3
1.2.3,0.000,0.000,0.000,12.000,mimic,scar,,1
`, b.String())
}

func BenchmarkGenerate300Slices(b *testing.B) {
	for b.Loop() {
		_, err := phantom.Generate(context.Background(), phantom.Spec{
			Seed: 1, Slices: 300, Mimics: true, Nodules: phantom.DrawNodules(1, 8, nodule.DefaultMix()),
		})
		require.NoError(b, err)
	}
}
