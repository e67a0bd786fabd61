package volume_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/inference/volume"
)

var identity = [3]volume.Vec3{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}

// rotation turns the identity axes by deg about z, then about x.
func rotation(degZ, degX float64) [3]volume.Vec3 {
	cz, sz := math.Cos(degZ*math.Pi/180), math.Sin(degZ*math.Pi/180)
	cx, sx := math.Cos(degX*math.Pi/180), math.Sin(degX*math.Pi/180)
	return [3]volume.Vec3{{cz, sz * cx, sz * sx}, {-sz, cz * cx, cz * sx}, {0, -sx, cx}}
}

// sample fills a grid with a function of the position.
func sample(g volume.Grid, f func(volume.Vec3) float64) *volume.Volume {
	v := &volume.Volume{Grid: g, HU: make([]int16, g.Len())}
	for k := range g.Size[2] {
		for j := range g.Size[1] {
			for i := range g.Size[0] {
				p := g.ToLPS(volume.Vec3{float64(i), float64(j), float64(k)})
				v.HU[g.Index(i, j, k)] = int16(math.Round(f(p)))
			}
		}
	}
	return v
}

func centred(size [3]int, spacing [3]float64, axes [3]volume.Vec3) volume.Grid {
	g := volume.Grid{Size: size, SpacingMM: spacing, Axes: axes}
	mid := g.ToLPS(volume.Vec3{float64(size[0]-1) / 2, float64(size[1]-1) / 2, float64(size[2]-1) / 2})
	g.OriginLPSMM = volume.Vec3{3, -7, 11}.Sub(mid)
	return g
}

// A linear field is reproduced by linear interpolation and by any symmetric
// average, so every path must give it back up to rounding.
func TestResampleKeepsALinearFieldInEveryOrientation(t *testing.T) {
	ramp := func(p volume.Vec3) float64 { return 7*p[0] - 5*p[1] + 3*p[2] - 200 }
	dst := centred([3]int{22, 20, 18}, [3]float64{1.25, 1.25, 1.25}, identity)
	flips := func(x, y, z float64) [3]volume.Vec3 { return [3]volume.Vec3{{x, 0, 0}, {0, y, 0}, {0, 0, z}} }
	for name, axes := range map[string][3]volume.Vec3{
		"as stored":            identity,
		"prone":                flips(-1, -1, 1),
		"feet first":           flips(-1, 1, -1),
		"left-handed":          flips(1, 1, -1),
		"sagittal":             {{0, 1, 0}, {0, 0, 1}, {1, 0, 0}},
		"rotated in the plane": rotation(12, 0),
		"oblique":              rotation(-7, 9),
	} {
		for _, spacing := range [][3]float64{{0.7, 0.7, 2.5}, {0.6, 0.8, 0.625}, {1.25, 1.25, 1.25}, {2, 1.5, 3}} {
			size := [3]int{}
			for n := range 3 {
				size[n] = int(50/spacing[n]) + 1
			}
			v := sample(centred(size, spacing, axes), ramp)
			got := v.Resample(dst, -1000)
			want := sample(dst, ramp)
			for n := range want.HU {
				require.InDelta(t, want.HU[n], got.HU[n], 1.6, "%s %v voxel %d", name, spacing, n)
			}
		}
	}
}

func TestResampleFillsOnlyBeyondHalfAVoxel(t *testing.T) {
	v := sample(volume.Grid{Size: [3]int{4, 4, 4}, Axes: identity, SpacingMM: [3]float64{2, 2, 2}}, func(volume.Vec3) float64 { return 50 })
	dst := volume.Grid{Size: [3]int{11, 11, 11}, Axes: identity, SpacingMM: [3]float64{1, 1, 1}, OriginLPSMM: volume.Vec3{-2, -2, -2}}
	for name, axes := range map[string][3]volume.Vec3{"aligned": identity, "oblique": rotation(0.5, 0)} {
		w := *v
		w.Axes = axes
		got := w.Resample(dst, -1000)
		for k := range 11 {
			for j := range 11 {
				for i := range 11 {
					// Positions -1..7 mm are within half a 2 mm voxel of 0..6;
					// the turned grid is tested away from that edge only.
					inside := min(i, j, k) >= 1 && max(i, j, k) <= 9
					edge := min(i, j, k) == 1 || max(i, j, k) == 9
					if name == "oblique" && edge {
						continue
					}
					want := int16(-1000)
					if inside {
						want = 50
					}
					require.Equal(t, want, got.At(i, j, k), "%s %d %d %d", name, i, j, k)
				}
			}
		}
	}
}

func TestResampleAveragesWhenItCoarsens(t *testing.T) {
	// A checkerboard of +-400 HU at 0.5 mm holds no signal at 1.25 mm: point
	// sampling would keep its full swing.
	g := volume.Grid{Size: [3]int{80, 80, 80}, Axes: identity, SpacingMM: [3]float64{0.5, 0.5, 0.5}}
	v := &volume.Volume{Grid: g, HU: make([]int16, g.Len())}
	for n := range v.HU {
		i, j, k := n%80, n/80%80, n/6400
		v.HU[n] = int16(400 - 800*((i+j+k)&1))
	}
	dst := volume.Grid{Size: [3]int{28, 28, 28}, Axes: identity, SpacingMM: [3]float64{1.25, 1.25, 1.25}, OriginLPSMM: volume.Vec3{2, 2, 2}}
	for _, hu := range v.Resample(dst, 0).HU {
		require.InDelta(t, 0, hu, 8)
	}
}

func TestResampleOntoItselfChangesNothing(t *testing.T) {
	v := sample(centred([3]int{9, 8, 7}, [3]float64{0.7, 0.8, 2.5}, identity), func(p volume.Vec3) float64 {
		return 30000 * math.Sin(p[0]+2*p[1]+3*p[2])
	})
	v.HU[0], v.HU[1] = math.MinInt16, math.MaxInt16
	require.Equal(t, v.HU, v.Resample(v.Grid, 0).HU)
}

func BenchmarkResampleChest(b *testing.B) {
	src := volume.Grid{Size: [3]int{512, 512, 260}, Axes: identity, SpacingMM: [3]float64{0.7, 0.7, 1.25}}
	v := &volume.Volume{Grid: src, HU: make([]int16, src.Len())}
	for name, mm := range map[string]float64{"1.25mm": 1.25, "2mm": 2} {
		g := src
		for n := range 3 {
			g.Size[n] = int(float64(src.Size[n]) * src.SpacingMM[n] / mm)
			g.SpacingMM[n] = mm
		}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				v.Resample(g, volume.AirHU)
			}
		})
	}
}
