package triage_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/ctwriter"
	"nafas/inference/volume"
	"nafas/internal/triage"
)

// The inbox reads headers out of buffers that the next instance comes into.
func TestAHeaderDoesNotReferToItsBytes(t *testing.T) {
	v := &volume.Volume{Grid: volume.Grid{
		Size: [3]int{8, 8, 1}, SpacingMM: [3]float64{1, 1, 1}, Axes: [3]volume.Vec3{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
	}, HU: make([]int16, 64)}
	images, err := ctwriter.Instances(v, ctwriter.Options{Seed: "header", Patient: ctwriter.Patient{ID: "P", Issuer: "I", Name: "A^B", BirthDate: "19600101"}})
	require.NoError(t, err)
	want, err := triage.ReadHeader(append([]byte(nil), images[0]...))
	require.NoError(t, err)
	require.NotEmpty(t, want.Patient.Name)
	got, err := triage.ReadHeader(images[0])
	require.NoError(t, err)
	for i := range images[0] {
		images[0][i] = 0xFF
	}
	require.Equal(t, want, got)
}
