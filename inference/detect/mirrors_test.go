package detect_test

import (
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/inference/detect"
	"nafas/models/manifest"
)

// watcher is blocks that keeps what it was shown.
type watcher struct {
	blocks
	images [][]float32
}

func (w *watcher) Run(ctx context.Context, in map[string]detect.Tensor) (map[string]detect.Tensor, error) {
	w.images = append(w.images, append([]float32{}, in["image"].Data...))
	return w.blocks.Run(ctx, in)
}

func withMirrors(t testing.TB, axes ...string) *manifest.Model {
	m := example(t)
	m.Mirrors = &manifest.Mirrors{Axes: axes, Size: [3]int{16, 24, 32}, Most: 2}
	return m
}

func TestMirrorsShowTheNetworkMirrorImages(t *testing.T) {
	m := withMirrors(t, "x", "yz")
	p := speckle([3]int{40, 44, 48})
	w := &watcher{}
	d, err := detect.New(m, detect.Networks{First: w})
	require.NoError(t, err)
	at := [3]int{20, 7, 40}
	_, err = d.Refine(context.Background(), p, candidates(p, at))
	require.NoError(t, err)
	require.Len(t, w.images, 2)
	require.Equal(t, []int64{1, 1, 32, 24, 16}, w.sizes[0])
	o := 0
	for z := range 32 {
		for y := range 24 {
			for x := range 16 {
				for n, v := range [][3]int{{15 - x, y, z}, {x, 23 - y, 31 - z}} {
					v = [3]int{at[0] + v[0] - 8, at[1] + v[1] - 12, at[2] + v[2] - 16}
					want := m.Input.Padding
					if inside := p.Grid.Size; min(v[0], v[1], v[2]) >= 0 && v[0] < inside[0] && v[1] < inside[1] && v[2] < inside[2] {
						want = m.Input.Value(float64(p.HU[p.Grid.Index(v[0], v[1], v[2])]))
					}
					require.InDelta(t, want, w.images[n][o], 1e-6, "image %d at %d %d %d", n, x, y, z)
				}
				o++
			}
		}
	}
}

// TestMirrorsAverageLogits: a bright cell beside the crop's middle counts in
// every image, one farther away in none.
func TestMirrorsAverageLogits(t *testing.T) {
	m := withMirrors(t, "x", "y", "z")
	p := scan([3]int{64, 64, 64}, lps, nil)
	fill := func(lo [3]int, hu int16) {
		for v := range 8 {
			p.HU[p.Grid.Index(lo[0]+v&1, lo[1]+v>>1&1, lo[2]+v>>2)] = hu
		}
	}
	fill([3]int{20, 20, 20}, 300)
	fill([3]int{24, 20, 20}, 600)
	fill([3]int{45, 45, 45}, -400)
	found := candidates(p, [3]int{45, 45, 45}, [3]int{20, 20, 20}, [3]int{5, 5, 5})
	d, err := detect.New(m, detect.Networks{First: &blocks{}})
	require.NoError(t, err)
	got, err := d.Refine(context.Background(), p, found)
	require.NoError(t, err)
	require.Len(t, got, 2, "the third is not looked at, so it is dropped")
	require.Equal(t, found[1].CenterLPSMM, got[0].CenterLPSMM)
	require.Equal(t, found[0].CenterLPSMM, got[1].CenterLPSMM)
	// A mirrored cell is a cell: each image shows the bright one whole.
	want := (math.Log(.8/.2) + 3*10*m.Input.Value(300)) / 4
	require.InDelta(t, 1/(1+math.Exp(-want)), got[0].Score, 1e-4)
	require.InDelta(t, .8, found[1].Score, 1e-9, "the caller's list is not written to")
}

func TestMirrorsRefuseOutputThatIsNotTheManifests(t *testing.T) {
	p := speckle([3]int{40, 40, 40})
	for name, spoil := range map[string]func(map[string]detect.Tensor){
		"another name": func(out map[string]detect.Tensor) { delete(out, "heat") },
		"another size": func(out map[string]detect.Tensor) {
			out["heat"] = detect.Tensor{Shape: []int64{1, 1, 1, 1, 1}, Data: make([]float32, 1)}
		},
		"not a number": func(out map[string]detect.Tensor) {
			for i := range out["heat"].Data {
				out["heat"].Data[i] = float32(math.NaN())
			}
		},
	} {
		d, err := detect.New(withMirrors(t, "x"), detect.Networks{First: &blocks{spoil: spoil}})
		require.NoError(t, err)
		_, err = d.Refine(context.Background(), p, candidates(p, [3]int{20, 20, 20}))
		require.ErrorIs(t, err, detect.ErrOutput, name)
	}
}

func TestMirrorsStopBetweenCandidates(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	p := speckle([3]int{60, 30, 40})
	b := &blocks{onRun: cancel}
	d, err := detect.New(withMirrors(t, "x"), detect.Networks{First: b})
	require.NoError(t, err)
	_, err = d.Refine(ctx, p, candidates(p, [3]int{5, 15, 10}, [3]int{15, 15, 10}))
	require.ErrorIs(t, err, context.Canceled)
	require.Len(t, b.sizes, 1)
}
