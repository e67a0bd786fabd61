package inference_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/inference/alter"
	"nafas/inference/alter/pair"
	"nafas/inference/finding"
	"nafas/inference/lung"
	"nafas/inference/volume"
)

// TestAlteredScansKeepTheirFindings reads a chest whose spots the test network
// marks without doubt, altered in most ways: where the alteration leaves a
// spot in the scan, it is found within a slice of its place, on its side.
func TestAlteredScansKeepTheirFindings(t *testing.T) {
	if testing.Short() {
		t.Skip("reads a small chest many times")
	}
	m, s := brightspots(t, 2)
	p := pipeline(t, m, s)
	// Spots of 14 and 18 mm: a slice of 5 mm and a soft kernel leave their
	// middle at full value. The network marks large ones twice.
	spots := []spot{{volume.Vec3{80, 5, 180}, 14, 390}, {volume.Vec3{-60, -30, 230}, 14, 370}, {volume.Vec3{100, -10, 215}, 18, 355}}
	v := chest(supine, spots)
	read := func(v *volume.Volume) []finding.Finding {
		out, err := p.Run(context.Background(), v, nil)
		require.NoError(t, err)
		return out.Detected()
	}
	field, err := lung.Find(context.Background(), v)
	require.NoError(t, err)
	lo, hi := field.Box(0)
	before := read(v)
	require.GreaterOrEqual(t, len(before), 3)
	var lesions []pair.Lesion
	for _, s := range spots {
		lesions = append(lesions, pair.Lesion{CenterLPSMM: s.at, DiameterMM: s.diameterMM})
	}
	for _, a := range alter.Standard() {
		switch a.Name {
		case "shift-quarter", "slices-1mm", "slices-2mm", "dose-half":
			continue // others of their kind are harder
		}
		t.Run(a.Name, func(t *testing.T) {
			w := a.Apply(v, lo, hi)
			after := read(w)
			c := pair.Compare(before, after, lesions, w.Grid)
			for _, f := range c.Fates {
				if !a.Exact {
					break
				}
				require.NotNil(t, f.After)
				require.Equal(t, f.Before.Rank, f.After.Rank)
				require.Equal(t, f.Before.Flagged, f.After.Flagged)
				require.Equal(t, f.Before.Side, f.After.Side)
				require.InDelta(t, f.Before.Score, f.After.Score, .002)
				require.Less(t, f.After.CenterLPSMM.Sub(f.Before.CenterLPSMM).Norm(), .02, "positions are rounded to 0.01 mm")
			}
			if a.Exact {
				require.Empty(t, c.New)
			}
			for _, l := range c.Lesions {
				require.False(t, l.Outside, "the spots lie in the middle of the lungs")
				require.NotNil(t, l.Before)
				require.NotNil(t, l.After, "the spot at %v is lost", l.CenterLPSMM)
				require.Equal(t, l.Before.Side, l.After.Side)
			}
		})
	}
}
