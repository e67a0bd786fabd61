package detect_test

import (
	"context"
	"testing"

	"nafas/inference/detect"
	"nafas/inference/volume"
	"nafas/models/manifest"
)

// BenchmarkPrepare is for a chest of 512x512x260 voxels of 0.7 x 0.7 x 1.25 mm
// whose lungs span 280 x 200 x 280 mm.
func BenchmarkPrepare(b *testing.B) {
	g := volume.Grid{Size: [3]int{512, 512, 260}, SpacingMM: [3]float64{0.7, 0.7, 1.25}, OriginLPSMM: volume.Vec3{-179, -179, -162}, Axes: lps}
	v := &volume.Volume{Grid: g, HU: make([]int16, g.Len())}
	f := field(volume.Vec3{-60, -60, -60}, volume.Vec3{60, 60, 60})
	// The test field spans 120 mm; stretch its voxels to a chest's size.
	f.Grid.SpacingMM = [3]float64{4.7, 3.4, 4.7}
	f.Grid.OriginLPSMM = volume.Vec3{-140, -100, -140}
	for b.Loop() {
		if _, err := detect.Prepare(context.Background(), v, f, manifest.StandardInput()); err != nil {
			b.Fatal(err)
		}
	}
}

// still answers with the same zeros, so that what is measured is ours.
type still struct {
	out map[string]map[string]detect.Tensor
}

func (s still) Close() error { return nil }

func (s still) Run(_ context.Context, in map[string]detect.Tensor) (map[string]detect.Tensor, error) {
	d := in["image"].Shape
	key := string(rune(d[2])) + string(rune(d[3])) + string(rune(d[4]))
	if s.out[key] == nil {
		n := d[2] * d[3] * d[4] / 8
		s.out[key] = map[string]detect.Tensor{
			"heat":  {Shape: []int64{1, 1, d[2] / 2, d[3] / 2, d[4] / 2}, Data: make([]float32, n)},
			"shape": {Shape: []int64{1, 4, d[2] / 2, d[3] / 2, d[4] / 2}, Data: make([]float32, 4*n)},
		}
	}
	return s.out[key], nil
}

// BenchmarkTiles is everything around the network: filling, blending and
// decoding the tiles of a chest of 240 x 176 x 240 voxels.
func BenchmarkTiles(b *testing.B) {
	p := scan([3]int{240, 176, 240}, lps, nil)
	d := detector(b, example(b), still{map[string]map[string]detect.Tensor{}})
	for b.Loop() {
		if _, err := d.Detect(context.Background(), p, nil); err != nil {
			b.Fatal(err)
		}
	}
}
