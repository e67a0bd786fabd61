package phantom

import (
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/inference/phantom/nodule"
)

// TestNoNoduleFillsABronchus: a nodule in the lumen of a main bronchus is a
// truth that no reader would confirm.
func TestNoNoduleFillsABronchus(t *testing.T) {
	patient, pose := NewPatient(4), Pose{}
	spec, err := Spec{Columns: 240, Rows: 180, Slices: 160, SpacingMM: [3]float64{1.5, 1.5, 1.8}, Pose: &pose}.withDefaults()
	require.NoError(t, err)
	c := newCanvas(spec.grid(), pose)
	patient.atlas.fill(c)
	patient.vessels.paint(c, patient.atlas)
	l := &lesions{spec: &spec, canvas: c, atlas: patient.atlas, vessels: patient.vessels}

	inside, beside := 0, 0
	for _, b := range patient.vessels.arteries {
		from, to, lumen, _ := b.airway()
		middle := from.Add(to).Scale(.5)
		if depth, _ := patient.atlas.lungDepth(middle); lumen < 3 || depth < 6 {
			continue
		}
		n := &Nodule{Spec: nodule.Spec{DiameterMM: 1.6 * lumen, Placement: nodule.Pleura}}
		require.False(t, l.stands(n, middle), "in a bronchus of %.1f mm at %v", 2*lumen, middle)
		inside++
	}
	require.Positive(t, inside)
	for id := range 12 {
		n := &Nodule{Spec: nodule.Spec{DiameterMM: 8, Placement: nodule.Free}, ID: id + 1}
		if p, ok := l.find(n); ok {
			require.True(t, l.stands(n, p))
			beside++
		}
	}
	require.Equal(t, 12, beside)
}
