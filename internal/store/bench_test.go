package store_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/ctwriter"
	"nafas/inference/volume"
	"nafas/internal/store"
	"nafas/internal/triage"
)

// BenchmarkTakeIn300 takes in a CT of 300 slices of 512x512 as one sender
// does: from the first byte to the receipt.
func BenchmarkTakeIn300(b *testing.B) {
	v := &volume.Volume{Grid: volume.Grid{
		Size: [3]int{512, 512, 300}, Axes: [3]volume.Vec3{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}, SpacingMM: [3]float64{0.7, 0.7, 1},
	}}
	v.HU = make([]int16, v.Len())
	r := rand.New(rand.NewPCG(1, 2))
	for i := range v.HU {
		v.HU[i] = int16(r.IntN(2000) - 1000)
	}
	for n := 0; b.Loop(); n++ {
		b.StopTimer()
		files, err := ctwriter.Instances(v, ctwriter.Options{Seed: fmt.Sprint(n)})
		require.NoError(b, err)
		s, err := store.Open(b.Context(), b.TempDir(), store.Options{Log: silent()})
		require.NoError(b, err)
		service := triage.New(s, s, triage.ReadHeader, nil, triage.Options{MinFreeBytes: 1, Log: silent()})
		b.StartTimer()
		u, err := service.Begin(b.Context(), triage.Submission{Complete: true})
		require.NoError(b, err)
		for _, f := range files {
			require.NoError(b, u.Put(b.Context(), "f", bytes.NewReader(f)))
		}
		receipt, err := u.Commit(b.Context())
		require.NoError(b, err)
		require.Equal(b, 300, receipt.Accepted)
		b.StopTimer()
		require.NoError(b, s.Close())
		b.StartTimer()
	}
}
