package detect

import (
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/inference/volume"
)

// TestAMassOnTheWallIsNotDropped: the region of interest follows what is lung,
// and ends within a mass that sits on the chest wall with a broad base. Its
// centre then lies outside; that must not cost the finding.
func TestAMassOnTheWallIsNotDropped(t *testing.T) {
	g := volume.Grid{
		Size: [3]int{40, 40, 40}, SpacingMM: [3]float64{1.25, 1.25, 1.25},
		Axes: [3]volume.Vec3{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
	}
	p := &Prepared{Grid: g, ROI: make([]uint8, g.Len())}
	for k := range 40 {
		for j := range 40 {
			for i := range 20 { // the region is x < 20
				p.ROI[g.Index(i, j, k)] = 1
			}
		}
	}
	for name, c := range map[string]struct {
		x, diameterMM float64
		allowed       bool
	}{
		"inside":                                     {10, 5, true},
		"rounded to inside":                          {19.4, 5, true},
		"small, a voxel outside":                     {20, 5, false},
		"a mass, 5 mm outside":                       {23, 38, true},
		"a mass, 7.5 mm outside":                     {25, 38, false},
		"a middling one, 2.5 mm outside":             {21, 16, true},
		"the same, 3.75 mm outside":                  {22, 16, false},
		"a wild diameter, 10 mm outside":             {27, 300, true},
		"the same, 11.25 mm outside":                 {28, 300, false},
		"outside the scan, where no voxel is at all": {40.2, 300, false},
	} {
		require.Equal(t, c.allowed, p.allows([3]float64{c.x, 20, 20}, c.diameterMM), name)
	}
}
