package detect_test

import (
	"context"
	"errors"
	"math"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/inference/detect"
	"nafas/inference/finding"
	"nafas/inference/volume"
	"nafas/models/manifest"
)

// example is the manifest of the manifest package's own tests.
func example(t testing.TB) *manifest.Model {
	t.Helper()
	m, err := manifest.Load(os.DirFS("../../models/manifest/testdata/example"))
	require.NoError(t, err)
	return m
}

// blocks is a network without learning: a cell's logit is 10 times the mean of
// its 2x2x2 voxels, its diameter 8 mm, its offsets x .25, y 0, z -.25.
type blocks struct {
	sizes [][]int64
	spoil func(out map[string]detect.Tensor)
	onRun func()
}

func (b *blocks) Close() error { return nil }

func (b *blocks) Run(ctx context.Context, in map[string]detect.Tensor) (map[string]detect.Tensor, error) {
	if b.onRun != nil {
		b.onRun()
	}
	image := in["image"]
	b.sizes = append(b.sizes, image.Shape)
	n := [3]int{int(image.Shape[2]), int(image.Shape[3]), int(image.Shape[4])}
	c := [3]int{n[0] / 2, n[1] / 2, n[2] / 2}
	cells := c[0] * c[1] * c[2]
	heat, shape := make([]float32, cells), make([]float32, 4*cells)
	xChannel, zChannel := 3, 1
	for o := range cells {
		at := [3]int{o / (c[1] * c[2]), o / c[2] % c[1], o % c[2]}
		sum := float32(0)
		for v := range 8 {
			sum += image.Data[((2*at[0]+v>>2)*n[1]+2*at[1]+v>>1&1)*n[2]+2*at[2]+v&1]
		}
		heat[o] = 10 * sum / 8
		shape[o] = float32(math.Log(8))
		shape[xChannel*cells+o], shape[zChannel*cells+o] = 0.25, -0.25
	}
	dims := []int64{1, 1, int64(c[0]), int64(c[1]), int64(c[2])}
	out := map[string]detect.Tensor{
		"heat":  {Shape: dims, Data: heat},
		"shape": {Shape: []int64{1, 4, dims[2], dims[3], dims[4]}, Data: shape},
	}
	if b.spoil != nil {
		b.spoil(out)
	}
	return out, nil
}

// scan is a region of interest of air with bright cells; the brightness falls
// with their order.
func scan(size [3]int, axes [3]volume.Vec3, cells [][3]int) *detect.Prepared {
	g := volume.Grid{Size: size, SpacingMM: [3]float64{1.25, 1.25, 1.25}, OriginLPSMM: volume.Vec3{-50, 20, 300}, Axes: axes}
	p := &detect.Prepared{Grid: g, HU: make([]int16, g.Len()), ROI: make([]uint8, g.Len())}
	for o := range p.HU {
		p.HU[o], p.ROI[o] = -1100, 1
	}
	for n, c := range cells {
		for v := range 8 {
			p.HU[g.Index(2*c[0]+v&1, 2*c[1]+v>>1&1, 2*c[2]+v>>2)] = int16(400 - 20*n)
		}
	}
	return p
}

var (
	lps   = [3]volume.Vec3{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}
	ras   = [3]volume.Vec3{{-1, 0, 0}, {0, -1, 0}, {0, 0, 1}}
	spots = [][3]int{{10, 9, 8}, {40, 12, 30}, {22, 33, 47}, {3, 44, 60}, {50, 2, 2}}
)

func detector(t testing.TB, m *manifest.Model, r detect.Runner) *detect.Detector {
	t.Helper()
	d, err := detect.New(m, detect.Networks{First: r})
	require.NoError(t, err)
	return d
}

// expected are the places of spots by the head's formula.
func expected(g volume.Grid) []volume.Vec3 {
	var out []volume.Vec3
	for _, c := range spots {
		out = append(out, g.ToLPS(volume.Vec3{
			(float64(c[0])+0.5)*2 - 0.5 + 0.5, (float64(c[1])+0.5)*2 - 0.5, (float64(c[2])+0.5)*2 - 0.5 - 0.5,
		}))
	}
	return out
}

func TestDetectPutsHitsBackInPlaceForEveryTiling(t *testing.T) {
	for name, change := range map[string]func(m *manifest.Model){
		"one tile":           func(*manifest.Model) {},
		"tiles along z":      func(m *manifest.Model) { m.Input.Tile[2] = 64 },
		"tiles along all":    func(m *manifest.Model) { m.Input.Tile = [3]int{64, 64, 64} },
		"no overlap":         func(m *manifest.Model) { m.Input.Tile = [3]int{48, 48, 48}; noOverlap(m) },
		"large overlap":      func(m *manifest.Model) { m.Input.Tile = [3]int{64, 64, 64}; m.Input.Overlap = [3]int{32, 32, 32} },
		"multiples of eight": func(m *manifest.Model) { m.Input.Multiple = [3]int{8, 8, 8}; m.Input.Tile = [3]int{72, 72, 72} },
	} {
		m := example(t)
		change(m)
		p := scan([3]int{105, 97, 131}, lps, spots)
		got, err := detector(t, m, &blocks{}).Detect(context.Background(), p, nil)
		require.NoError(t, err, name)
		require.Len(t, got, len(spots), name)
		for i, want := range expected(p.Grid) {
			require.InDelta(t, 0, got[i].CenterLPSMM.Sub(want).Norm(), 0.01, "%s: hit %d", name, i)
			require.InDelta(t, 8, got[i].DiameterMM, 0.01)
			value := m.Input.Value(float64(400 - 20*i))
			require.InDelta(t, 1/(1+math.Exp(-10*value)), got[i].Score, 1e-4)
		}
	}
}

func noOverlap(m *manifest.Model) {
	m.Input.Overlap, m.Input.Halo = [3]int{}, [3]int{}
}

func TestDetectInTheModelsAxesAndOrientation(t *testing.T) {
	m := example(t)
	m.Input.Axes, m.Input.Orientation = "xyz", "RAS"
	// Axes are x, y, z now: the channels that blocks fills change places.
	m.Head.Heatmap.Offset = [3]int{3, 2, 1}
	m.Input.Tile = [3]int{64, 64, 64}
	p := scan([3]int{105, 97, 131}, ras, spots)
	got, err := detector(t, m, &blocks{}).Detect(context.Background(), p, nil)
	require.NoError(t, err)
	require.Len(t, got, len(spots))
	for i, want := range expected(p.Grid) {
		require.InDelta(t, 0, got[i].CenterLPSMM.Sub(want).Norm(), 0.01)
	}
}

func TestDetectIsTheSameForEveryTiling(t *testing.T) {
	p := scan([3]int{120, 110, 140}, lps, nil)
	noise := uint32(7)
	for o := range p.HU {
		noise = noise*1664525 + 1013904223
		p.HU[o] = int16(noise>>22) - 700
	}
	run := func(tile [3]int) []finding.Candidate {
		m := example(t)
		m.Input.Tile = tile
		got, err := detector(t, m, &blocks{}).Detect(context.Background(), p, nil)
		require.NoError(t, err)
		return got
	}
	first := run([3]int{320, 256, 160})
	require.Len(t, first, 100)
	for _, tile := range [][3]int{{64, 64, 64}, {320, 80, 96}} {
		for i, c := range run(tile) {
			require.InDelta(t, first[i].Score, c.Score, 1.001e-4, "blending equal values rounds in float32")
		}
	}
}

func TestDetectKeepsToTheRegionOfInterest(t *testing.T) {
	p := scan([3]int{128, 96, 256}, lps, spots)
	clear(p.ROI)
	// The first and the fourth spot are allowed.
	for _, c := range [][3]int{spots[0], spots[3]} {
		for v := range 27 {
			p.ROI[p.Grid.Index(2*c[0]+v%3, 2*c[1]+v/3%3-1, 2*c[2]+v/9-1)] = 1
		}
	}
	m := example(t)
	m.Input.Tile[2] = 64
	net := &blocks{}
	got, err := detector(t, m, net).Detect(context.Background(), p, nil)
	require.NoError(t, err)
	require.Len(t, got, 2)
	want := expected(p.Grid)
	require.InDelta(t, 0, got[0].CenterLPSMM.Sub(want[0]).Norm(), 0.01)
	require.InDelta(t, 0, got[1].CenterLPSMM.Sub(want[3]).Norm(), 0.01)
	require.LessOrEqual(t, len(net.sizes), 3, "tiles without region of interest are left out")
	for _, s := range net.sizes {
		require.LessOrEqual(t, s[2]*s[3]*s[4], int64(64*64*64), "tiles are cut down to the region of interest")
		for _, n := range s[2:] {
			require.Zero(t, n%16)
		}
	}
}

func TestDetectMergesAtOnePlace(t *testing.T) {
	// 8 mm nodules: merged below max(5, 1 * 4) mm. Cells are 2.5 mm apart.
	p := scan([3]int{64, 64, 64}, lps, [][3]int{{10, 10, 10}, {11, 10, 10}, {12, 10, 10}, {10, 13, 10}})
	m := example(t)
	got, err := detector(t, m, &blocks{}).Detect(context.Background(), p, nil)
	require.NoError(t, err)
	require.Len(t, got, 2, "neighbours are no peaks; 7.5 mm away is another")
	m.Merge.Radius = 2
	got, err = detector(t, m, &blocks{}).Detect(context.Background(), p, nil)
	require.NoError(t, err)
	require.Len(t, got, 1)
	m.Merge.Radius, m.Merge.Most = 0, 1
	got, err = detector(t, m, &blocks{}).Detect(context.Background(), p, nil)
	require.NoError(t, err)
	require.Len(t, got, 1)
}

func TestDetectOrdersTies(t *testing.T) {
	p := scan([3]int{64, 64, 64}, lps, nil)
	for _, c := range [][3]int{{20, 4, 4}, {4, 4, 20}, {4, 20, 4}, {4, 4, 4}} {
		for v := range 8 {
			p.HU[p.Grid.Index(2*c[0]+v&1, 2*c[1]+v>>1&1, 2*c[2]+v>>2)] = 300
		}
	}
	got, err := detector(t, example(t), &blocks{}).Detect(context.Background(), p, nil)
	require.NoError(t, err)
	require.Len(t, got, 4)
	var order [][3]int
	for _, c := range got {
		i := p.Grid.ToIndex(c.CenterLPSMM)
		order = append(order, [3]int{int(i[0]) / 2, int(i[1]) / 2, int(i[2]+1) / 2})
	}
	require.Equal(t, [][3]int{{4, 4, 4}, {20, 4, 4}, {4, 20, 4}, {4, 4, 20}}, order)
}

func TestDetectStopsBetweenTiles(t *testing.T) {
	p := scan([3]int{64, 64, 256}, lps, spots[:1])
	m := example(t)
	m.Input.Tile[2] = 64
	ctx, cancel := context.WithCancel(context.Background())
	net := &blocks{onRun: cancel}
	progress := 0
	_, err := detector(t, m, net).Detect(ctx, p, func(done, total int) { progress = done })
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, 1, progress)
	require.Len(t, net.sizes, 1)
}

func TestDetectRefusesWrongOutputs(t *testing.T) {
	for name, spoil := range map[string]func(out map[string]detect.Tensor){
		"no shape":     func(out map[string]detect.Tensor) { delete(out, "shape") },
		"other shape":  func(out map[string]detect.Tensor) { v := out["heat"]; v.Shape[2]--; out["heat"] = v },
		"not a number": func(out map[string]detect.Tensor) { out["heat"].Data[7] = float32(math.NaN()) },
		"infinite":     func(out map[string]detect.Tensor) { out["shape"].Data[7] = float32(math.Inf(-1)) },
	} {
		_, err := detector(t, example(t), &blocks{spoil: spoil}).Detect(context.Background(), scan([3]int{32, 32, 32}, lps, nil), nil)
		require.ErrorIs(t, err, detect.ErrOutput, name)
	}
}

func TestDetectWithoutRegionOfInterest(t *testing.T) {
	p := scan([3]int{32, 32, 32}, lps, spots[:1])
	clear(p.ROI)
	net := &blocks{}
	got, err := detector(t, example(t), net).Detect(context.Background(), p, nil)
	require.NoError(t, err)
	require.Empty(t, got)
	require.Empty(t, net.sizes)
}

// answers gives fixed outputs.
type answers struct {
	out map[string]detect.Tensor
	err error
}

func (a answers) Run(context.Context, map[string]detect.Tensor) (map[string]detect.Tensor, error) {
	return a.out, a.err
}
func (answers) Close() error { return nil }

func tensor(t *testing.T, m *manifest.Model, v manifest.Values) detect.Tensor {
	t.Helper()
	data, err := m.Values(v)
	require.NoError(t, err)
	return detect.Tensor{Shape: v.Shape, Data: data}
}

// A network that is not what its manifest says gives answers that would be
// dropped as lying outside of the lungs: a failure, and no empty list.
func TestAnswersThatCannotBeMeant(t *testing.T) {
	for name, spoil := range map[string]func(map[string]detect.Tensor){
		"centres far from their cells": func(out map[string]detect.Tensor) {
			s := out["shape"].Data
			for i := range s {
				s[i] = 1e30
			}
		},
		"one score everywhere": func(out map[string]detect.Tensor) {
			h := out["heat"].Data
			for i := range h {
				h[i] = 3
			}
		},
	} {
		_, err := detector(t, example(t), &blocks{spoil: spoil}).Detect(context.Background(), scan([3]int{32, 32, 32}, lps, spots[:1]), nil)
		require.ErrorIs(t, err, detect.ErrOutput, name)
	}
}

func TestVerify(t *testing.T) {
	m := example(t)
	good := func() map[string]detect.Tensor {
		return map[string]detect.Tensor{
			"heat":  tensor(t, m, m.SelfTest.Outputs[0]),
			"shape": tensor(t, m, m.SelfTest.Outputs[1]),
		}
	}
	out := good()
	out["heat"].Data[0] += 5e-4
	d, err := detect.Verify(context.Background(), m, detect.Networks{First: answers{out: out}})
	require.NoError(t, err)
	require.InDelta(t, 5e-4, d, 1e-6)

	out["heat"].Data[0] += 1e-3
	_, err = detect.Verify(context.Background(), m, detect.Networks{First: answers{out: out}})
	require.ErrorIs(t, err, detect.ErrSelfTest)
	out["heat"].Data[0] = float32(math.NaN())
	_, err = detect.Verify(context.Background(), m, detect.Networks{First: answers{out: out}})
	require.ErrorIs(t, err, detect.ErrSelfTest)
	delete(out, "heat")
	_, err = detect.Verify(context.Background(), m, detect.Networks{First: answers{out: out}})
	require.ErrorIs(t, err, detect.ErrOutput)
	broken := errors.New("broken")
	_, err = detect.Verify(context.Background(), m, detect.Networks{First: answers{err: broken}})
	require.ErrorIs(t, err, broken)
}
