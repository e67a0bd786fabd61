package objects_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/ctwriter"
	"nafas/inference/volume"
	"nafas/internal/triage"
	"nafas/internal/triage/objects"
)

// Around any body, with holes and parts that touch at a corner, the outlines hold
// the area of its pixels: holes go the other way round.
func TestOutlinesHoldTheAreaOfTheBody(t *testing.T) {
	one, files := stored(t, ctwriter.Options{})
	f := &one.Series.Result.Findings[0]
	for seed := range uint64(50) {
		f.Measured = measuredBody()
		r := rand.New(rand.NewPCG(seed, 1))
		b := triage.Body{First: [3]int{4, 5, 9}, Size: [3]int{7, 6, 3}, Bits: make([]byte, (7*6*3+7)/8)}
		for i := range b.Bits {
			b.Bits[i] = byte(r.UintN(256))
		}
		f.Measured.Body = b
		area := map[string]float64{}
		for i, in := range b.In() {
			if in {
				area[one.Instances[9+i/42].SOPUID] += 1 * 1.5
			}
		}
		out, err := objects.Outlines(t.Context(), one, reader(files))
		require.NoError(t, err)
		require.Len(t, out, 1)
		require.Equal(t, 1, out[0].Rank)
		for _, s := range out[0].Slices {
			got := 0.
			for _, p := range s.Polygons {
				require.GreaterOrEqual(t, len(p), 4)
				got += shoelace(p)
			}
			require.InDelta(t, area[s.SOPInstanceUID], got, 1e-6)
			delete(area, s.SOPInstanceUID)
		}
		require.Empty(t, area, "slices without an outline")
	}
}

// shoelace is the area within a polygon of one axial slice, mm2; below 0 where it
// goes the other way round.
func shoelace(p []volume.Vec3) (twice float64) {
	for i, a := range p {
		b := p[(i+1)%len(p)]
		twice += a[0]*b[1] - b[0]*a[1]
	}
	return twice / 2
}

// Where a slice was moved, the outline lies where the image shows the body, and a
// slice that was filled in has none.
func TestOutlinesOfMovedSlices(t *testing.T) {
	one, files := stored(t, ctwriter.Options{Modify: moved})
	one.Series.Result.Findings[0].Measured = measuredBody()
	one.Instances, one.Paths = slices.Delete(one.Instances, 11, 12), slices.Delete(one.Paths, 11, 12)
	out, err := objects.Outlines(t.Context(), one, reader(files))
	require.NoError(t, err)
	require.Len(t, out[0].Slices, 4)
	for _, s := range out[0].Slices[1:] {
		require.Equal(t, [][]volume.Vec3{{{-3.5, 26.75, s.Polygons[0][0][2]}, {-3.5, 29.75, s.Polygons[0][0][2]}, {-6.5, 29.75, s.Polygons[0][0][2]}, {-6.5, 26.75, s.Polygons[0][0][2]}}},
			s.Polygons, "the body keeps its place in the patient")
	}
}

func TestNoOutlineWithoutAMeasurement(t *testing.T) {
	one, files := stored(t, ctwriter.Options{})
	out, err := objects.Outlines(t.Context(), one, reader(files))
	require.NoError(t, err)
	require.Empty(t, out)
	one.Series.Result = nil
	_, err = objects.Outlines(t.Context(), one, reader(files))
	require.ErrorIs(t, err, triage.ErrNoResult)
}
