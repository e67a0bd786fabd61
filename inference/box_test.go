package inference_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/inference/detect"
	"nafas/inference/lung"
	"nafas/inference/onnx"
	"nafas/inference/phantom"
	"nafas/internal/ortlib/ortlibtest"
	"nafas/models"
)

// referenceBox is the lung box that detectors are compared on, in voxels of
// 1.25 mm: that of a large man.
var referenceBox = [3]int{240, 176, 240}

// BenchmarkReferenceBox is the shipped model's networks over the reference
// box: a synthetic chest's lungs, padded or cut to its size. "every voxel" has
// no region of interest to leave tiles out by.
func BenchmarkReferenceBox(b *testing.B) {
	p := inReferenceBox(chestOf(b))
	everywhere := *p
	everywhere.ROI = make([]uint8, len(p.ROI))
	for o := range everywhere.ROI {
		everywhere.ROI[o] = 1
	}
	for _, c := range []struct {
		name string
		scan *detect.Prepared
	}{{"lungs", p}, {"every voxel", &everywhere}} {
		for _, threads := range []int{1, 2} {
			b.Run(fmt.Sprintf("%s/threads=%d", c.name, threads), func(b *testing.B) {
				d := shippedDetector(b, threads)
				for b.Loop() {
					_, err := d.Detect(context.Background(), c.scan, nil)
					require.NoError(b, err)
				}
			})
		}
	}
}

func chestOf(b *testing.B) *detect.Prepared {
	b.Helper()
	ctx := context.Background()
	made, err := phantom.Generate(ctx, phantom.Spec{Seed: 3, Columns: 288, Rows: 288})
	require.NoError(b, err)
	f, err := lung.Find(ctx, made.Volume)
	require.NoError(b, err)
	m, err := models.Open("")
	require.NoError(b, err)
	p, err := detect.Prepare(ctx, made.Volume, f, m.Input)
	require.NoError(b, err)
	return p
}

// inReferenceBox copies the middle of p into the middle of the box.
func inReferenceBox(p *detect.Prepared) *detect.Prepared {
	g := p.Grid
	g.Size = referenceBox
	var shift [3]int
	for n := range 3 {
		shift[n] = (referenceBox[n] - p.Grid.Size[n]) / 2
		g.OriginLPSMM = g.OriginLPSMM.Sub(g.Axes[n].Scale(float64(shift[n]) * g.SpacingMM[n]))
	}
	out := &detect.Prepared{Grid: g, HU: make([]int16, g.Len()), ROI: make([]uint8, g.Len())}
	for k := range g.Size[2] {
		for j := range g.Size[1] {
			for i := range g.Size[0] {
				at := [3]int{i - shift[0], j - shift[1], k - shift[2]}
				o := g.Index(i, j, k)
				out.HU[o] = -1000
				if inGrid(at, p.Grid.Size) {
					from := p.Grid.Index(at[0], at[1], at[2])
					out.HU[o], out.ROI[o] = p.HU[from], p.ROI[from]
				}
			}
		}
	}
	return out
}

func inGrid(at, size [3]int) bool {
	return min(at[0], at[1], at[2]) >= 0 && at[0] < size[0] && at[1] < size[1] && at[2] < size[2]
}

// shippedDetector is the default model on the real library.
func shippedDetector(b *testing.B, threads int) *detect.Detector {
	b.Helper()
	m, err := models.Open("")
	require.NoError(b, err)
	rt, err := onnx.Open(ortlibtest.Path(b))
	require.NoError(b, err)
	session := func(file func() ([]byte, error)) *onnx.Session {
		network, err := file()
		require.NoError(b, err)
		s, err := rt.NewSession(network, onnx.Options{Threads: threads})
		require.NoError(b, err)
		b.Cleanup(func() { require.NoError(b, s.Close()) })
		return s
	}
	networks := detect.Networks{First: session(m.ONNX)}
	if m.Second != nil {
		networks.Second = session(m.SecondONNX)
	}
	d, err := detect.New(m, networks)
	require.NoError(b, err)
	return d
}
