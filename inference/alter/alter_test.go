package alter_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/inference/alter"
	"nafas/inference/volume"
)

const (
	lungHU = -850
	ballHU = 50
)

// ball is a ball of tissue in lung, each voxel the mean over its own box.
func ball(center volume.Vec3, radiusMM float64) *volume.Volume {
	v := &volume.Volume{Grid: volume.Grid{
		Size: [3]int{64, 60, 50}, SpacingMM: [3]float64{.8, .9, 1.25}, OriginLPSMM: volume.Vec3{-25, -130, 40},
		Axes: [3]volume.Vec3{{1, 0, 0}, {0, -1, 0}, {0, 0, -1}},
	}}
	v.HU = make([]int16, v.Len())
	const sub = 4
	at := 0
	for k := range v.Size[2] {
		for j := range v.Size[1] {
			for i := range v.Size[0] {
				d := v.ToLPS(volume.Vec3{float64(i), float64(j), float64(k)}).Sub(center).Norm()
				if v.HU[at] = lungHU; d > radiusMM+1.5 { // more than half a voxel's diagonal
					at++
					continue
				}
				n := 0
				for s := range sub * sub * sub {
					q := volume.Vec3{float64(i), float64(j), float64(k)}
					for a, c := range [3]int{s % sub, s / sub % sub, s / sub / sub} {
						q[a] += (float64(c)+.5)/sub - .5
					}
					if v.ToLPS(q).Sub(center).Norm() < radiusMM {
						n++
					}
				}
				v.HU[at] = int16(math.Round(lungHU + float64(n)/(sub*sub*sub)*(ballHU-lungHU)))
				at++
			}
		}
	}
	return v
}

// middle is the middle of the grid of ball, a part of a voxel off a centre.
var middle = volume.Vec3{.3, -157, 9.6}

// weigh returns the centre and the volume of what is denser than lung.
func weigh(v *volume.Volume) (center volume.Vec3, mm3 float64) {
	for k := range v.Size[2] {
		for j := range v.Size[1] {
			for i := range v.Size[0] {
				if w := float64(v.At(i, j, k)) - lungHU; w != 0 && v.At(i, j, k) != volume.AirHU {
					center = center.Add(v.ToLPS(volume.Vec3{float64(i), float64(j), float64(k)}).Scale(w))
					mm3 += w
				}
			}
		}
	}
	return center.Scale(1 / mm3), mm3 / (ballHU - lungHU) * v.SpacingMM[0] * v.SpacingMM[1] * v.SpacingMM[2]
}

// TestAlterationsKeepABall: wherever a ball of 8 mm was, it still is, and as
// large. Rounding to whole HU at the ball's surface is all that may differ
// where no more than the grid changes; linear interpolation and averages keep
// the sum up to what the ends of the grid and phases cost.
func TestAlterationsKeepABall(t *testing.T) {
	const r = 4.
	v := ball(middle, r)
	at, mm3 := weigh(v)
	require.Less(t, at.Sub(middle).Norm(), .02)
	require.InDelta(t, 4*math.Pi/3*r*r*r, mm3, 2)
	for name, c := range map[string]struct {
		out     *volume.Volume
		mm, mm3 float64
	}{
		"flip i":           {alter.Flip(v, 0), 1e-9, 1e-9},
		"flip j":           {alter.Flip(v, 1), 1e-9, 1e-9},
		"flip k":           {alter.Flip(v, 2), 1e-9, 1e-9},
		"sagittal":         {alter.Permute(v, [3]int{1, 2, 0}), 1e-9, 1e-9},
		"coronal":          {alter.Permute(v, [3]int{0, 2, 1}), 1e-9, 1e-9},
		"a quarter voxel":  {alter.Shift(v, volume.Vec3{.25, .25, .25}), .01, .5},
		"half a voxel":     {alter.Shift(v, volume.Vec3{.5, -.5, .5}), .01, .5},
		"turned":           {alter.Turn(v, 10), .05, 5},
		"turned by 90":     {alter.Turn(v, 90), .05, 5},
		"1 mm":             {alter.Reslice(v, 1), .05, 5},
		"2 mm":             {alter.Reslice(v, 2), .05, 5},
		"3 mm":             {alter.Reslice(v, 3), .05, 8},
		"5 mm":             {alter.Reslice(v, 5), .1, 12},
		"smoothed":         {alter.Smooth(v, .9), .01, 2},
		"sharpened":        {alter.Sharpen(v, .8, 1), .02, 6}, // clipped at -1024
		"cropped":          {alter.Crop(v, middle.Sub(volume.Vec3{9, 9, 9}), middle.Add(volume.Vec3{9, 9, 9})), 1e-9, 1e-9},
		"a circle":         {alter.Circle(v, 20), 1e-9, 1e-9},
		"metal above":      {alter.Metal(v, alter.MetalOptions{CenterLPSMM: volume.Vec3{0, -150, 60}}), 1e-9, 1e-9},
		"no noise":         {alter.Noise(v, 0, 1), 1e-9, 1e-9},
		"the whole dose":   {alter.Dose(v, 1, 1), 1e-9, 1e-9},
		"arms out of view": {alter.Arms(v, alter.ArmsOptions{LeftLPSMM: volume.Vec3{300, 0, 0}, RightLPSMM: volume.Vec3{-300, 0, 0}}), 1e-9, 1e-9},
	} {
		got, size := weigh(c.out)
		require.Less(t, got.Sub(at).Norm(), c.mm+1e-9, name)
		require.InDelta(t, mm3, size, c.mm3, name)
		require.Len(t, c.out.HU, c.out.Len(), name)
	}
	again := ball(middle, r)
	require.Equal(t, again.HU, v.HU, "an alteration leaves its input alone")
	require.Equal(t, again.Grid, v.Grid)
}

func TestExactOnesAreUndone(t *testing.T) {
	v := ball(middle, 4)
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range v.HU {
		v.HU[i] = int16(rng.IntN(2000) - 1000)
	}
	for a := range 3 {
		back := alter.Flip(alter.Flip(v, a), a)
		require.Equal(t, v.HU, back.HU)
		require.Less(t, back.OriginLPSMM.Sub(v.OriginLPSMM).Norm(), 1e-9)
		require.Equal(t, v.Axes, back.Axes)
	}
	turned := alter.Permute(v, [3]int{1, 2, 0})
	require.Equal(t, [3]int{60, 50, 64}, turned.Size)
	require.Equal(t, v, alter.Permute(turned, [3]int{2, 0, 1}))
	require.Panics(t, func() { alter.Permute(v, [3]int{0, 0, 2}) })
	// And every voxel is where it was.
	for _, w := range []*volume.Volume{alter.Flip(v, 0), alter.Flip(v, 2), turned, alter.Crop(v, middle.Sub(volume.Vec3{9, 9, 9}), middle.Add(volume.Vec3{9, 9, 9}))} {
		for range 500 {
			i, j, k := rng.IntN(w.Size[0]), rng.IntN(w.Size[1]), rng.IntN(w.Size[2])
			q := v.ToIndex(w.ToLPS(volume.Vec3{float64(i), float64(j), float64(k)}))
			require.Equal(t, v.At(int(math.Round(q[0])), int(math.Round(q[1])), int(math.Round(q[2]))), w.At(i, j, k))
		}
	}
}

func TestResliceAveragesAndStaysInside(t *testing.T) {
	v := ball(middle, 4)
	for _, mm := range []float64{1, 2, 3, 5} {
		w := alter.Reslice(v, mm)
		require.Equal(t, mm, w.SpacingMM[2])
		require.Equal(t, int(49*1.25/mm)+1, w.Size[2])
		lo, hi := v.Bounds()
		wlo, whi := w.Bounds()
		require.GreaterOrEqual(t, wlo[2], lo[2]-1e-9)
		require.LessOrEqual(t, whi[2], hi[2]+1e-9)
		require.InDelta(t, wlo[2]-lo[2], hi[2]-whi[2], 1e-9, "as much is left at either end")
	}
	// Noise of slices that are independent falls by averaging: 5 mm slices of
	// 1.25 mm ones hold about four, interpolation a little more.
	noisy := alter.Noise(constant(v.Grid, 0), 50, 3)
	require.InDelta(t, 50/math.Sqrt(4), deviation(alter.Reslice(noisy, 5).HU), 6)
}

func constant(g volume.Grid, hu int16) *volume.Volume {
	v := &volume.Volume{Grid: g, HU: make([]int16, g.Len())}
	for i := range v.HU {
		v.HU[i] = hu
	}
	return v
}

func deviation(hu []int16) float64 {
	var sum, squares float64
	for _, v := range hu {
		sum, squares = sum+float64(v), squares+float64(v)*float64(v)
	}
	n := float64(len(hu))
	return math.Sqrt(squares/n - sum*sum/n/n)
}

func TestNoiseHasTheAskedStrength(t *testing.T) {
	g := ball(middle, 4).Grid
	for _, hu := range []float64{10, 40} {
		require.InDelta(t, hu, deviation(alter.Noise(constant(g, 0), hu, 5).HU), .06*hu)
	}
	require.Equal(t, alter.Noise(constant(g, 0), 20, 5), alter.Noise(constant(g, 0), 20, 5))
	require.NotEqual(t, alter.Noise(constant(g, 0), 20, 5).HU, alter.Noise(constant(g, 0), 20, 6).HU)
	require.Equal(t, constant(g, volume.AirHU).HU, alter.Noise(constant(g, volume.AirHU), 20, 5).HU, "what was not measured has no noise")

	// A quarter of the dose doubles the noise: from one noise to another one
	// of the same colour.
	scan := alter.Noise(constant(g, -860), 15, 1)
	require.InDelta(t, 30, deviation(alter.Dose(scan, .25, 2).HU), 4)
}

func TestKernels(t *testing.T) {
	v := ball(middle, 8)
	center := func(v *volume.Volume) int16 {
		q := v.ToIndex(middle)
		return v.At(int(math.Round(q[0])), int(math.Round(q[1])), int(math.Round(q[2])))
	}
	require.InDelta(t, ballHU, center(alter.Smooth(v, .7)), 3, "the inside of a ball of 16 mm stays")
	require.InDelta(t, ballHU, center(alter.Sharpen(v, .8, 1)), 3)
	steep := func(v *volume.Volume) float64 {
		most := 0.
		for i := 1; i < len(v.HU); i++ {
			most = max(most, math.Abs(float64(v.HU[i])-float64(v.HU[i-1])))
		}
		return most
	}
	require.Less(t, steep(alter.Smooth(v, .7)), .8*steep(v))
	require.Greater(t, steep(alter.Sharpen(v, .8, 1)), 1.1*steep(v))
	require.Greater(t, slices.Max(alter.Sharpen(v, .8, 1).HU), int16(ballHU+20), "edges overshoot")
}

func TestCropAndCircle(t *testing.T) {
	v := ball(middle, 4)
	box := volume.Vec3{6, 7, 8}
	c := alter.Crop(v, middle.Sub(box), middle.Add(box))
	lo, hi := c.Bounds()
	for a := range 3 {
		require.GreaterOrEqual(t, lo[a], middle[a]-box[a])
		require.LessOrEqual(t, hi[a], middle[a]+box[a])
		require.InDelta(t, 2*box[a], hi[a]-lo[a], 2*v.SpacingMM[a])
	}
	whole := alter.Crop(v, volume.Vec3{-1e5, -1e5, -1e5}, volume.Vec3{1e5, 1e5, 1e5})
	require.Equal(t, v, whole)
	require.Panics(t, func() { alter.Crop(v, volume.Vec3{500, 500, 500}, volume.Vec3{600, 600, 600}) })

	round := alter.Circle(v, 20)
	require.EqualValues(t, volume.AirHU, round.At(0, 0, 0))
	require.NotEqualValues(t, volume.AirHU, round.At(32, 30, 0))
	air := 0
	for _, hu := range round.HU {
		if hu == volume.AirHU {
			air++
		}
	}
	area := float64(len(v.HU)-air) / float64(v.Size[2]) * .8 * .9
	require.InDelta(t, math.Pi*400, area, 15)
}

// TestArms draws arms into an empty field with a slab of tissue between them.
func TestArms(t *testing.T) {
	g := volume.Grid{
		Size: [3]int{130, 60, 30}, SpacingMM: [3]float64{4, 4, 5}, OriginLPSMM: volume.Vec3{-258, -118, 0},
		Axes: [3]volume.Vec3{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
	}
	v := constant(g, -990)
	for i := 35; i < 95; i++ {
		for k := range g.Size[2] {
			for j := range g.Size[1] {
				v.HU[g.Index(i, j, k)] = 0
			}
		}
	}
	o := alter.ArmsOptions{LeftLPSMM: volume.Vec3{190, 10, 0}, RightLPSMM: volume.Vec3{-190, 10, 0}, StreakHU: 12, Seed: 9}
	w := alter.Arms(v, o)
	mean := func(x, y float64) float64 {
		var sum float64
		for k := range g.Size[2] {
			q := g.ToIndex(volume.Vec3{x, y, 0})
			sum += float64(w.At(int(math.Round(q[0])), int(math.Round(q[1])), k))
		}
		return sum / float64(g.Size[2])
	}
	for _, s := range []float64{-1, 1} {
		require.InDelta(t, 900, mean(s*190, 10), 40, "bone")
		require.InDelta(t, 50, mean(s*190, 10+30), 30, "muscle")
		require.InDelta(t, -990, mean(s*190, 10+60), 1, "air")
	}
	require.InDelta(t, -40, mean(0, 10), 8, "the dark band; the streaks' mean over 30 slices has a deviation of 2")
	require.InDelta(t, 0, mean(0, -118), 1, "far from the arms nothing changes")
	require.Equal(t, w, alter.Arms(v, o))
	// Stored the other way round, the arms lie at the same places.
	back := alter.Flip(alter.Arms(alter.Flip(v, 0), o), 0)
	worst := 0.
	for i := range w.HU {
		worst = max(worst, math.Abs(float64(w.HU[i])-float64(back.HU[i])))
	}
	require.LessOrEqual(t, worst, 1.)
}

func TestMetal(t *testing.T) {
	g := volume.Grid{
		Size: [3]int{100, 100, 40}, SpacingMM: [3]float64{1, 1, 2}, OriginLPSMM: volume.Vec3{-49.5, -49.5, 0},
		Axes: [3]volume.Vec3{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
	}
	v := constant(g, 40)
	w := alter.Metal(v, alter.MetalOptions{CenterLPSMM: volume.Vec3{.5, .5, 40}, RadiusMM: 5, HalfLengthMM: 12, Seed: 3})
	var metal float64
	for _, hu := range w.HU {
		if hu == 3071 {
			metal++
		}
	}
	require.InDelta(t, math.Pi*25*24, metal*2, 450, "a rod of 10 x 24 mm; voxels at its surface are mixed")
	ring := func(r float64, k int) float64 {
		var all []int16
		for a := range 360 {
			sin, cos := math.Sincos(float64(a) * math.Pi / 180)
			q := g.ToIndex(volume.Vec3{.5 + r*cos, .5 + r*sin, 0})
			all = append(all, w.At(int(math.Round(q[0])), int(math.Round(q[1])), k))
		}
		return deviation(all)
	}
	require.Greater(t, ring(15, 20), 100.)
	require.InDelta(t, 600*5/40., ring(40, 20), 25, "streaks fall off with the distance")
	require.Zero(t, ring(15, 2), "and end with the rod")
	require.Zero(t, ring(15, 38))
}

// TestStandard applies the whole list to a chest of boxes.
func TestStandard(t *testing.T) {
	v := ball(middle, 4)
	lo, hi := middle.Sub(volume.Vec3{18, 18, 22}), middle.Add(volume.Vec3{18, 18, 22})
	before := slices.Clone(v.HU)
	names := map[string]bool{}
	for _, a := range alter.Standard() {
		require.False(t, names[a.Name], "%s is there twice", a.Name)
		names[a.Name] = true
		require.NotEmpty(t, a.What)
		w := a.Apply(v, lo, hi)
		require.Len(t, w.HU, w.Len(), a.Name)
		require.Equal(t, before, v.HU, a.Name)
		if a.Exact {
			sorted := func(hu []int16) []int16 { return slices.Sorted(slices.Values(hu)) }
			require.Equal(t, sorted(v.HU), sorted(w.HU), a.Name)
		}
	}
}
