package lung_test

import (
	"context"
	"flag"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/inference/finding"
	"nafas/inference/lung"
	"nafas/inference/phantom"
	"nafas/inference/phantom/nodule"
	"nafas/inference/volume"
)

// patients is how many phantoms the lobes are counted in; the figures in
// docs/place.md are of 40.
var patients = flag.Int("patients", 2, "phantoms in which lobes are counted")

// firstPatient: the seeds below it served to choose the method's numbers.
const firstPatient = 401

// found is the field with its fissures.
func found(t *testing.T, v *volume.Volume) *lung.Field {
	t.Helper()
	f, err := lung.Find(context.Background(), v)
	require.NoError(t, err)
	require.NoError(t, f.FindFissures(context.Background(), v))
	return f
}

// example is one place of a phantom and what is true of it.
type example struct {
	lps       volume.Vec3
	lobe      finding.Lobe
	pleuraMM  float64
	fissureMM float64
}

// examples draws places at least 3 mm inside the lungs, evenly by volume.
func examples(pt *phantom.Patient, pose *phantom.Pose, seed uint64, count int) []example {
	rng := rand.New(rand.NewPCG(seed, 77))
	var out []example
	for len(out) < count {
		p := volume.Vec3{rng.Float64()*280 - 140, rng.Float64()*200 - 100, rng.Float64()*280 - 150}
		if lobe, pleura, fissure := pt.Where(p); pleura >= 3 {
			out = append(out, example{pose.ToLPS(p), lobe, pleura, fissure})
		}
	}
	return out
}

// reordered is the same volume with its voxels stored in another order: axis n
// of the result is axis from[n] of v, backwards where flip[n].
func reordered(v *volume.Volume, from [3]int, flip [3]bool) *volume.Volume {
	g := volume.Grid{OriginLPSMM: v.OriginLPSMM}
	for n, a := range from {
		g.Size[n], g.SpacingMM[n], g.Axes[n] = v.Size[a], v.SpacingMM[a], v.Axes[a]
		if flip[n] {
			last := float64(v.Size[a]-1) * v.SpacingMM[a]
			g.OriginLPSMM = g.OriginLPSMM.Add(g.Axes[n].Scale(last))
			g.Axes[n] = g.Axes[n].Scale(-1)
		}
	}
	out := &volume.Volume{Grid: g, HU: make([]int16, g.Len())}
	var at [3]int
	o := 0
	for k := range g.Size[2] {
		for j := range g.Size[1] {
			for i := range g.Size[0] {
				for n, x := range [3]int{i, j, k} {
					if flip[n] {
						x = g.Size[n] - 1 - x
					}
					at[from[n]] = x
				}
				out.HU[o] = v.At(at[0], at[1], at[2])
				o++
			}
		}
	}
	return out
}

func TestPlaceIsThePatientsInEveryOrientation(t *testing.T) {
	pt := phantom.NewPatient(firstPatient)
	nodules, err := phantom.Population{Placements: []nodule.Placement{nodule.Free, nodule.Vessel, nodule.Pleura}}.Draw(5, 16)
	require.NoError(t, err)
	spec := phantom.Spec{Columns: 256, Rows: 256, SpacingMM: [3]float64{1.4, 1.4, 1.5}, Nodules: nodules}
	p, err := pt.Examine(context.Background(), spec)
	require.NoError(t, err)
	first := found(t, p.Volume)

	straight := [3]int{0, 1, 2}
	copies := map[string]func() *volume.Volume{
		"prone: rows and columns backwards":      func() *volume.Volume { return reordered(p.Volume, straight, [3]bool{true, true, false}) },
		"feet first: columns and slices":         func() *volume.Volume { return reordered(p.Volume, straight, [3]bool{true, false, true}) },
		"slices from the top, a left-handed set": func() *volume.Volume { return reordered(p.Volume, straight, [3]bool{false, false, true}) },
		"mirrored columns, a left-handed set":    func() *volume.Volume { return reordered(p.Volume, straight, [3]bool{true, false, false}) },
		"turned by 90 degrees in the plane":      func() *volume.Volume { return reordered(p.Volume, [3]int{1, 0, 2}, [3]bool{false, true, false}) },
		"sagittal":                               func() *volume.Volume { return reordered(p.Volume, [3]int{1, 2, 0}, [3]bool{false, true, true}) },
		"coronal":                                func() *volume.Volume { return reordered(p.Volume, [3]int{0, 2, 1}, [3]bool{false, true, false}) },
		"scanned with tilted axes": func() *volume.Volume {
			s := spec
			s.Pose, s.Nodules = p.Spec.Pose, p.Spec.Nodules
			s.Axes = phantom.Pose{TurnDeg: volume.Vec3{8, -6, 12}}.Axes()
			q, err := pt.Examine(context.Background(), s)
			require.NoError(t, err)
			return q.Volume
		},
	}
	for name, copied := range copies {
		t.Run(name, func(t *testing.T) {
			f := found(t, copied())
			for _, n := range p.Nodules {
				lobe, _, _ := pt.Where(p.Spec.Pose.ToChest(n.CenterLPSMM))
				want, got := first.PlaceAt(n.CenterLPSMM, n.DiameterMM/2), f.PlaceAt(n.CenterLPSMM, n.DiameterMM/2)
				require.Equal(t, lobe.Side(), got.Side, "%+v", n)
				require.Equal(t, want.Side, got.Side)
				require.Equal(t, want.Zone, got.Zone, "%+v", n)
				require.InDelta(t, want.PleuraMM, got.PleuraMM, 3, "%+v", n)
				if got.Lobe != finding.LobeUnknown {
					require.Equal(t, lobe, got.Lobe, "%+v", n)
				}
			}
		})
	}
}

func TestPlaceInPhantoms(t *testing.T) {
	var given, right, all int
	var pleura, fissure []float64
	for seed := uint64(firstPatient); seed < firstPatient+uint64(*patients); seed++ {
		pt := phantom.NewPatient(seed)
		// Slices of 0.75, 1.25 and 2.5 mm in turn.
		thick := []float64{1.25, 2.5, 0.75}[(seed-firstPatient)%3]
		p, err := pt.Examine(context.Background(), phantom.Spec{Columns: 320, Rows: 320, SpacingMM: [3]float64{1.1, 1.1, thick}, Contrast: seed%2 == 0})
		require.NoError(t, err)
		f := found(t, p.Volume)
		for _, e := range examples(pt, p.Spec.Pose, seed, 300) {
			got := f.PlaceAt(e.lps, 0)
			all++
			require.Equal(t, e.lobe.Side(), got.Side)
			require.NotEqual(t, finding.ZoneUnknown, got.Zone)
			require.True(t, got.Estimated)
			if got.Lobe != finding.LobeUnknown {
				given++
				if got.Lobe == e.lobe {
					right++
				}
			}
			if e.pleuraMM < 12 {
				pleura = append(pleura, math.Abs(got.PleuraMM-e.pleuraMM))
			}
			if got.FissureSeen && e.fissureMM < 12 {
				fissure = append(fissure, math.Abs(got.FissureMM-e.fissureMM))
			}
		}
	}
	t.Logf("lobe right in %d of %d, withheld in %d of %d", right, given, all-given, all)
	t.Logf("off by, median and 95 %%: pleura %.1f and %.1f mm (%d), fissure %.1f and %.1f mm (%d)",
		part(pleura, .5), part(pleura, .95), len(pleura), part(fissure, .5), part(fissure, .95), len(fissure))
	require.GreaterOrEqual(t, float64(right), 0.985*float64(given))
	require.GreaterOrEqual(t, float64(given), 0.8*float64(all))
	require.Less(t, part(pleura, .5), 1.5)
	require.Less(t, part(fissure, .5), 1.5)
}

// part is a quantile.
func part(of []float64, share float64) float64 {
	slices.Sort(of)
	return of[int(share*float64(len(of)-1))]
}

func TestZones(t *testing.T) {
	// The right lung spans -100 to 140 mm, its thirds end at -20 and 60.
	for name, c := range map[string]struct {
		extent float64 // of the scan along z; its middle stays at the lungs'
		want   map[float64]finding.Zone
	}{
		"whole": {290, map[float64]finding.Zone{
			120: finding.ZoneUpper, 68: finding.ZoneUpper, 52: finding.ZoneMiddle, 20: finding.ZoneMiddle,
			-12: finding.ZoneMiddle, -28: finding.ZoneLower, -80: finding.ZoneLower,
		}},
		// Scanned from -35 to 75 mm: how much is missing at either end is not
		// known, so that what is a third of the rest may be another of the lung.
		"cut above and below": {110, map[float64]finding.Zone{65: finding.ZoneUnknown, -25: finding.ZoneUnknown}},
	} {
		t.Run(name, func(t *testing.T) {
			v, _, _ := plainTorso().scan(asStored, [3]float64{3, 3, 3}, [3]float64{380, 300, c.extent})
			f, err := lung.Find(context.Background(), v)
			require.NoError(t, err)
			for z, want := range c.want {
				got := f.PlaceAt(volume.Vec3{-75, 0, z}, 3)
				require.Equal(t, want, got.Zone, "z %v", z)
				require.Equal(t, want != finding.ZoneUnknown, got.Estimated)
				require.Equal(t, finding.SideRight, got.Side)
			}
		})
	}
}

func TestZoneOfALungCutAtItsBase(t *testing.T) {
	// The scan ends at 0 mm: 140 mm of lung are seen, of 310 at most.
	v, _, _ := plainTorso().scan(asStored, [3]float64{3, 3, 3}, whole)
	g := v.Grid
	drop := int(math.Round(-g.OriginLPSMM[2] / 3))
	g.OriginLPSMM[2] += float64(drop) * 3
	g.Size[2] -= drop
	cut := &volume.Volume{Grid: g, HU: v.HU[drop*g.Size[0]*g.Size[1]:]}
	f := found(t, cut)
	for z, want := range map[float64]finding.Zone{
		130: finding.ZoneUpper,   // 10 mm below the apex: in the upper third of any lung
		80:  finding.ZoneUnknown, // the middle of 140 mm, the upper third of 310
		10:  finding.ZoneUnknown,
	} {
		require.Equal(t, want, f.PlaceAt(volume.Vec3{-75, 0, z}, 3).Zone, "z %v", z)
	}
}

func TestGapToThePleura(t *testing.T) {
	c := plainTorso()
	c.noduleMM = 0
	v, _, _ := c.scan(asStored, [3]float64{2, 2, 2.5}, whole)
	f := found(t, v)
	// The right lung is an ellipsoid around (-75, 0, 20) of half-axes 60, 80,
	// 120; at its middle height its outer border is at x = -135.
	for name, c := range map[string]struct {
		x, radius, want float64
		near            bool
	}{
		"deep":                      {-95, 5, 35, false}, // its centre is 40 mm from the border
		"a little off":              {-120, 5, 10, false},
		"nearly touching":           {-128, 5, 2, true},
		"touching":                  {-130, 5, 0, true},
		"centre in the chest wall":  {-137, 4, 0, true},
		"a large one, from deep in": {-105, 28, 2, true},
	} {
		t.Run(name, func(t *testing.T) {
			got := f.PlaceAt(volume.Vec3{c.x, 0, 20}, c.radius)
			require.InDelta(t, c.want, got.PleuraMM, 1.6)
			require.Equal(t, c.near, got.Juxtapleural)
		})
	}
	require.Equal(t, finding.Place{}, f.PlaceAt(volume.Vec3{0, -100, -140}, 5), "in no lung")
}

func TestTheEndOfTheScanIsNoPleura(t *testing.T) {
	c := plainTorso()
	c.fieldOfMM, c.noduleMM = 122, 0
	v, _, _ := c.scan(asStored, [3]float64{2, 2, 2.5}, whole)
	f := found(t, v)
	// 6 mm inside the circle, 19 mm from the chest wall behind it and more from
	// the other borders.
	got := f.PlaceAt(volume.Vec3{-116, 0, 20}, 3)
	require.Equal(t, finding.SideRight, got.Side)
	require.Greater(t, got.PleuraMM, 12.0)
	require.False(t, got.Juxtapleural)
}

func TestNoFissureNoLobe(t *testing.T) {
	// A torso has none.
	v, _, _ := plainTorso().scan(asStored, [3]float64{1.5, 1.5, 1.5}, whole)
	f := found(t, v)
	for z := -80.0; z <= 120; z += 20 {
		for _, x := range []float64{-75, 75} {
			got := f.PlaceAt(volume.Vec3{x, 0, z}, 3)
			require.Equal(t, finding.LobeUnknown, got.Lobe)
			require.False(t, got.FissureSeen || got.Perifissural)
		}
	}
}

// TestFissuresOfALungAtTheEdge: the field of view cuts both lungs at their
// sides, so that they reach the working grid's border.
func TestFissuresOfALungAtTheEdge(t *testing.T) {
	// In this patient the surface strays in the foremost tip of a lung, far
	// from where it is seen.
	pt := phantom.NewPatient(301)
	p, err := pt.Examine(context.Background(), phantom.Spec{Columns: 170, Rows: 200, SpacingMM: [3]float64{1.4, 1.4, 1.5}})
	require.NoError(t, err)
	f := found(t, p.Volume)
	given := 0
	for _, e := range examples(pt, p.Spec.Pose, 3, 800) {
		if at := p.Volume.ToIndex(e.lps); at[0] < 3 || at[0] > 166 {
			continue
		}
		if got := f.PlaceAt(e.lps, 3); got.Lobe != finding.LobeUnknown {
			require.Equal(t, e.lobe, got.Lobe, "%+v", e)
			given++
		}
	}
	require.Greater(t, given, 500)
}

func TestPerifissural(t *testing.T) {
	pt := phantom.NewPatient(firstPatient)
	p, err := pt.Examine(context.Background(), phantom.Spec{Columns: 256, Rows: 256, SpacingMM: [3]float64{1.4, 1.4, 1.25}})
	require.NoError(t, err)
	f := found(t, p.Volume)
	var on, onSaid, off, offSaid int
	for _, e := range examples(pt, p.Spec.Pose, 9, 1500) {
		got := f.PlaceAt(e.lps, 3)
		switch {
		case e.fissureMM < 3:
			on++
			require.True(t, got.Lobe == finding.LobeUnknown || got.Lobe == e.lobe)
			if got.Perifissural {
				onSaid++
			}
		case e.fissureMM > 12:
			off++
			if got.Perifissural {
				offSaid++
			}
		}
	}
	t.Logf("perifissural: %d of %d at a fissure, %d of %d away from it", onSaid, on, offSaid, off)
	require.Greater(t, off, 500)
	require.LessOrEqual(t, float64(offSaid), 0.01*float64(off))
	require.GreaterOrEqual(t, float64(onSaid), 0.75*float64(on))
}

func TestFindFissuresStops(t *testing.T) {
	v, _, _ := plainTorso().scan(asStored, [3]float64{3, 3, 4}, whole)
	f, err := lung.Find(context.Background(), v)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	require.ErrorIs(t, f.FindFissures(ctx, v), context.Canceled)
}

// TestFissuresAreLookedForWhereAFindingIs: and are the same whether the other
// lung is looked at or not.
func TestFissuresAreLookedForWhereAFindingIs(t *testing.T) {
	p, err := phantom.NewPatient(firstPatient).Examine(context.Background(), phantom.Spec{Columns: 192, Rows: 192, SpacingMM: [3]float64{1.9, 1.9, 2}})
	require.NoError(t, err)
	both := found(t, p.Volume)
	f, err := lung.Find(context.Background(), p.Volume)
	require.NoError(t, err)
	left, right := volume.Vec3{}, volume.Vec3{}
	for o, label := range f.Mask {
		at := f.Grid.ToLPS(volume.Vec3{float64(o % f.Grid.Size[0]), float64(o / f.Grid.Size[0] % f.Grid.Size[1]), float64(o / (f.Grid.Size[0] * f.Grid.Size[1]))})
		if o%997 != 0 || both.PlaceAt(at, 1).Lobe == finding.LobeUnknown {
			continue
		}
		if label == 1 {
			left = at
		} else if label == 2 {
			right = at
		}
	}
	require.NoError(t, f.FindFissures(context.Background(), p.Volume, right))
	require.Equal(t, both.PlaceAt(right, 1), f.PlaceAt(right, 1))
	require.Equal(t, finding.LobeUnknown, f.PlaceAt(left, 1).Lobe)
	require.NoError(t, f.FindFissures(context.Background(), p.Volume, right, left))
	require.Equal(t, both.PlaceAt(left, 1), f.PlaceAt(left, 1))
}

func TestPlaceIsDeterministic(t *testing.T) {
	pt := phantom.NewPatient(firstPatient)
	p, err := pt.Examine(context.Background(), phantom.Spec{Columns: 192, Rows: 192, SpacingMM: [3]float64{1.9, 1.9, 2}})
	require.NoError(t, err)
	a, b := found(t, p.Volume), found(t, p.Volume)
	for _, e := range examples(pt, p.Spec.Pose, 4, 100) {
		require.Equal(t, a.PlaceAt(e.lps, 4), b.PlaceAt(e.lps, 4))
	}
}
