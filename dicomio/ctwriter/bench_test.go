package ctwriter_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/ctwriter"
	"nafas/inference/volume"
)

// BenchmarkWrite writes 20 slices of 512 x 512.
func BenchmarkWrite(b *testing.B) {
	v := &volume.Volume{Grid: volume.Grid{
		Size: [3]int{512, 512, 20}, Axes: [3]volume.Vec3{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}, SpacingMM: [3]float64{0.7, 0.7, 1},
	}}
	v.HU = make([]int16, v.Len())
	dir := b.TempDir()
	b.SetBytes(int64(2 * v.Len()))
	for b.Loop() {
		_, err := ctwriter.Write(dir, v, ctwriter.Options{Seed: "bench"})
		require.NoError(b, err)
	}
}
