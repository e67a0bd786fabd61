package detect_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/inference/detect"
	"nafas/inference/lung"
	"nafas/inference/volume"
	"nafas/models/manifest"
)

// field makes a lung field whose region of interest is a box in LPS mm.
func field(lo, hi volume.Vec3) *lung.Field {
	g := volume.Grid{Size: [3]int{60, 60, 60}, SpacingMM: [3]float64{2, 2, 2}, OriginLPSMM: volume.Vec3{-60, -60, -60},
		Axes: [3]volume.Vec3{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}}
	f := &lung.Field{Grid: g, Mask: make([]uint8, g.Len()), ROI: make([]uint8, g.Len())}
	for k := range 60 {
		for j := range 60 {
			for i := range 60 {
				p := g.ToLPS(volume.Vec3{float64(i), float64(j), float64(k)})
				in := true
				for n := range 3 {
					in = in && p[n] >= lo[n] && p[n] <= hi[n]
				}
				if in {
					f.ROI[g.Index(i, j, k)] = 1
				}
			}
		}
	}
	return f
}

// block is air with one box of 100 HU, on a lattice that flips two axes.
func block(lo, hi volume.Vec3) *volume.Volume {
	g := volume.Grid{Size: [3]int{170, 170, 48}, SpacingMM: [3]float64{0.7, 0.7, 2.5}, OriginLPSMM: volume.Vec3{59.3, -59.2, 58.7},
		Axes: [3]volume.Vec3{{-1, 0, 0}, {0, 1, 0}, {0, 0, -1}}}
	v := &volume.Volume{Grid: g, HU: make([]int16, g.Len())}
	for o := range v.HU {
		p := g.ToLPS(volume.Vec3{float64(o % 170), float64(o / 170 % 170), float64(o / 28900)})
		v.HU[o] = -1000
		if p[0] >= lo[0] && p[0] <= hi[0] && p[1] >= lo[1] && p[1] <= hi[1] && p[2] >= lo[2] && p[2] <= hi[2] {
			v.HU[o] = 100
		}
	}
	return v
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}

func TestPrepareKeepsPlacesInEveryOrientationOfTheModel(t *testing.T) {
	lo, hi := volume.Vec3{10, -20, 5}, volume.Vec3{22, -6, 20}
	v, f := block(lo, hi), field(volume.Vec3{-20, -30, -20}, volume.Vec3{40, 30, 40})
	for _, orientation := range []string{"LPS", "RAS", "LAI"} {
		in := manifest.StandardInput()
		in.Orientation = orientation
		p, err := detect.Prepare(context.Background(), v, f, in)
		require.NoError(t, err)
		for n := range 3 {
			extent := float64(p.Grid.Size[n]-1) * 1.25
			require.InDelta(t, []float64{82, 82, 80.25}[n], extent, 3, "axis %d: region and margins, cut at the volume", n)
		}
		inside, region, wrong := 0, 0, 0
		for k := range p.Grid.Size[2] {
			for j := range p.Grid.Size[1] {
				for i := range p.Grid.Size[0] {
					at := p.Grid.ToLPS(volume.Vec3{float64(i), float64(j), float64(k)})
					o := p.Grid.Index(i, j, k)
					depth := 1e9
					out := 1e9
					for n := range 3 {
						depth = min(depth, at[n]-lo[n], hi[n]-at[n])
						out = min(out, at[n]-lo[n]+3, hi[n]+3-at[n])
					}
					if depth > 3 {
						wrong += count(p.HU[o] != 100)
						inside++
					}
					if out < 0 {
						wrong += count(p.HU[o] != -1000)
					}
					if p.ROI[o] != 0 {
						region++
						for n := range 3 {
							wrong += count(at[n] < []float64{-21.1, -31.1, -21.1}[n] || at[n] > []float64{41.1, 31.1, 41.1}[n])
						}
					}
				}
			}
		}
		require.Zero(t, wrong, orientation)
		require.Greater(t, inside, 50)
		require.InDelta(t, 62*62*62/1.953, region, 6000)
	}
}

func TestPrepareKeepsSlicesAtTheModelsSpacing(t *testing.T) {
	v := block(volume.Vec3{-5, -5, -5}, volume.Vec3{5, 5, 5})
	f := field(volume.Vec3{-20, -20, -20}, volume.Vec3{20, 20, 20})
	p, err := detect.Prepare(context.Background(), v, f, manifest.StandardInput())
	require.NoError(t, err)
	for k := range p.Grid.Size[2] {
		z := p.Grid.ToLPS(volume.Vec3{0, 0, float64(k)})
		at := v.ToIndex(z)[2] * 2
		require.InDelta(t, float64(int(at+0.5)), at, 1e-6, "every second slice of the model is one of the scan")
	}
}

func TestPreparedRoundTrip(t *testing.T) {
	v := block(volume.Vec3{-5, -5, -5}, volume.Vec3{5, 5, 5})
	f := field(volume.Vec3{-20, -20, -20}, volume.Vec3{20, 20, 20})
	p, err := detect.Prepare(context.Background(), v, f, manifest.StandardInput())
	require.NoError(t, err)
	dir := t.TempDir()
	meta := detect.Meta{SliceThicknessMM: 2.5, Kernel: "B30f"}
	require.NoError(t, detect.WritePrepared(dir, "1.2.840.1", p, meta))
	got, gotMeta, err := detect.ReadPrepared(dir, "1.2.840.1")
	require.NoError(t, err)
	require.Equal(t, p, got)
	require.Equal(t, meta, gotMeta)

	require.Error(t, detect.WritePrepared(dir, "../1.2", p, meta))
	p.Grid.Axes[0] = volume.Vec3{-1, 0, 0}
	require.Error(t, detect.WritePrepared(dir, "1.2.3", p, meta))
}
