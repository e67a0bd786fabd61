package browser

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/ctwriter"
	"nafas/inference/phantom"
	"nafas/inference/phantom/nodule"
	"nafas/inference/volume"
)

// chest is a small phantom with two nodules that brightSpots finds, stored with
// the given axes (columns, rows, slices).
func chest(t *testing.T, axes [3]volume.Vec3) *phantom.Phantom {
	t.Helper()
	solid := func(seed uint64, diameterMM float64) phantom.Nodule {
		mix := nodule.Mix{Solid: 1, Free: 1, MedianMM: diameterMM, MinMM: diameterMM, MaxMM: diameterMM}
		return phantom.Nodule{Spec: nodule.Draw(rand.New(rand.NewPCG(seed, 1)), mix)}
	}
	side := 350.0 / 128
	pose := phantom.Pose{ShiftMM: volume.Vec3{4, -170, -150}}
	made, err := phantom.Generate(t.Context(), phantom.Spec{
		Seed: 11, Columns: 128, Rows: 128, Slices: 110, SpacingMM: [3]float64{side, side, 2.5}, Axes: axes, Pose: &pose,
		Nodules: []phantom.Nodule{solid(1, 14), solid(2, 20)},
	})
	require.NoError(t, err)
	return made
}

// upright are the axes of most scanners: columns to the left, rows to the back,
// slices to the head.
var upright = [3]volume.Vec3{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}

// markerColumn and markerRow are where the marker is, as shares of an axial image
// from the patient's right and front.
const markerColumn, markerRow = .08, .25

// withMarker draws a rod of metal beside the patient, on the patient's right, from
// the first slice to the last: nothing else in the images is as bright.
func withMarker(v *volume.Volume) {
	lo, hi := v.Bounds()
	// +x is the patient's left, +y the back.
	right := volume.Vec3{lo[0] + markerColumn*(hi[0]-lo[0]), lo[1] + markerRow*(hi[1]-lo[1])}
	for k := range v.Size[2] {
		for j := range v.Size[1] {
			for i := range v.Size[0] {
				at := v.ToLPS(volume.Vec3{float64(i), float64(j), float64(k)})
				if math.Hypot(at[0]-right[0], at[1]-right[1]) < 8 {
					v.HU[v.Index(i, j, k)] = 3000
				}
			}
		}
	}
}

// writeOptions are those of a writer of CT.
type writeOptions = ctwriter.Options

// write writes a volume as a study of a patient.
func write(t *testing.T, v *volume.Volume, patient string, more writeOptions) string {
	t.Helper()
	dir := t.TempDir()
	more.Patient = ctwriter.Patient{ID: patient, Issuer: "TEST", Name: "Essai^" + patient}
	_, err := ctwriter.Write(dir, v, more)
	require.NoError(t, err)
	return dir
}

// manySlices is a chest of as many pixels as scanners make: the same one of few
// pixels, each drawn several times, so that it is made in a moment.
func manySlices(t *testing.T, slices int) *volume.Volume {
	t.Helper()
	small := chest(t, upright).Volume
	const times = 4
	v := &volume.Volume{Grid: small.Grid}
	v.Size = [3]int{small.Size[0] * times, small.Size[1] * times, slices}
	v.SpacingMM[0], v.SpacingMM[1] = small.SpacingMM[0]/times, small.SpacingMM[1]/times
	v.SpacingMM[2] = small.SpacingMM[2] * float64(small.Size[2]) / float64(slices)
	v.HU = make([]int16, v.Len())
	noise := rand.New(rand.NewPCG(1, 2))
	for k := range slices {
		from := k * small.Size[2] / slices
		for j := range v.Size[1] {
			for i := range v.Size[0] {
				v.HU[v.Index(i, j, k)] = small.At(i/times, j/times, from) + int16(noise.IntN(41)-20)
			}
		}
	}
	return v
}
