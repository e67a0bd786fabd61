package lung

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestSmoothIsTheFormula: several voxels at once, and the rest one by one,
// give what the formula gives for each.
func TestSmoothIsTheFormula(t *testing.T) {
	for _, b := range []box{{1, 1, 1}, {5, 5, 5}, {7, 6, 5}, {8, 9, 11}, {13, 4, 6}} {
		t.Run(fmt.Sprint(b), func(t *testing.T) {
			r := rand.New(rand.NewPCG(3, uint64(b[0])))
			got, want := make([]int16, b.len()), make([]int16, b.len())
			for o := range got {
				got[o] = [...]int16{outOfVolume, 1<<15 - 1, int16(sheetFloorHU + r.IntN(sheetCeilingHU-sheetFloorHU+1))}[r.IntN(3)]
				want[o] = min(max(got[o], sheetFloorHU), sheetCeilingHU)
			}
			for _, step := range []int{1, b[0], b[0] * b[1]} {
				from := append([]int16{}, want...)
				for o := 2 * step; o < len(want)-2*step; o++ {
					sum := 0
					for n, w := range []int{1, 4, 6, 4, 1} {
						sum += w * int(from[o+(n-2)*step])
					}
					want[o] = int16((sum + 8) >> 4)
				}
			}
			smooth(b, got)
			require.Equal(t, want, got)
		})
	}
}
