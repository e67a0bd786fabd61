package lung

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// scattered is a mask as bytes, a voxel in seven of it set.
func scattered(b box, seed uint64) []uint8 {
	r := rand.New(rand.NewPCG(2, seed))
	m := make([]uint8, b.len())
	for o := range m {
		if r.IntN(7) == 0 {
			m[o] = uint8(1 + r.IntN(3))
		}
	}
	return m
}

// inBall tells whether a voxel of m with the value 1 lies within radius.
func inBall(b box, m []uint8, at [3]int, radius float64) bool {
	n := int(radius)
	for k := max(0, at[2]-n); k <= min(b[2]-1, at[2]+n); k++ {
		for j := max(0, at[1]-n); j <= min(b[1]-1, at[1]+n); j++ {
			for i := max(0, at[0]-n); i <= min(b[0]-1, at[0]+n); i++ {
				x, y, z := i-at[0], j-at[1], k-at[2]
				if float64(x*x+y*y+z*z) <= radius*radius && m[(k*b[1]+j)*b[0]+i] == 1 {
					return true
				}
			}
		}
	}
	return false
}

// TestDilateIsABall: sixty-four voxels and four rows at a time, the same as
// voxel by voxel; rows that end within a word, slices fewer than the radius.
func TestDilateIsABall(t *testing.T) {
	for _, b := range []box{{5, 4, 3}, {64, 9, 8}, {65, 12, 7}, {130, 3, 2}} {
		for _, radius := range []float64{0, 1, 1.5, 2.25, 5} {
			m := scattered(b, uint64(b[0]))
			for o, v := range m {
				if v != 1 || o%11 != 0 {
					m[o] = 0
				}
			}
			got := pack(b, m).dilate(radius).bytes()
			for o := range m {
				want := inBall(b, m, [3]int{o % b[0], o / b[0] % b[1], o / (b[0] * b[1])}, radius)
				require.Equal(t, want, got[o] == 1, "%v, radius %v, voxel %d", b, radius, o)
			}
		}
	}
}

func TestWhereCutsOutOfAndBeyondTheBox(t *testing.T) {
	b := box{83, 6, 4}
	m := scattered(b, 1)
	for _, c := range []crop{
		{size: b}, {at: [3]int{3, 1, 1}, size: box{70, 4, 2}}, {at: [3]int{-13, -2, -1}, size: box{140, 9, 7}}, {at: [3]int{90, 0, 0}, size: box{4, 4, 4}},
	} {
		got := c.where(b, m, 2)
		require.Equal(t, c.size, got.box)
		for o, on := range got.bytes() {
			i, j, k := o%c.size[0]+c.at[0], o/c.size[0]%c.size[1]+c.at[1], o/(c.size[0]*c.size[1])+c.at[2]
			inside := min(i, j, k) >= 0 && i < b[0] && j < b[1] && k < b[2]
			require.Equal(t, inside && m[(k*b[1]+j)*b[0]+i] == 2, on == 1, "%v, voxel %d", c, o)
		}
	}
}

func TestThresholdsOfEveryRowLength(t *testing.T) {
	values := []int16{-32768, -1001, -1000, -501, -500, -499, 0, 32767}
	for nx := 1; nx <= 140; nx += 23 {
		w := &working{box: box{nx, 3, 2}}
		for o := range w.len() {
			w.hu = append(w.hu, values[o*5%len(values)])
		}
		below, same := w.below(-500).bytes(), holding(-1000, pack(w.box, slices.Repeat([]uint8{1}, w.len())).slice(0), w.hu).bytes()
		for o, v := range w.hu {
			require.Equal(t, v < -500, below[o] == 1, "%d in rows of %d", v, nx)
			if o < len(same) {
				require.Equal(t, v == -1000, same[o] == 1, "%d in rows of %d", v, nx)
			}
		}
	}
}

// TestOnwardTakesTheCheapestStep: short columns have no inside.
func TestOnwardTakesTheCheapestStep(t *testing.T) {
	for n := 1; n <= 12; n++ {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			r := rand.New(rand.NewPCG(3, uint64(n)))
			from, cost, to, sum := make([]int32, n), make([]uint8, n), make([]int32, n), make([]int32, n)
			for h := range from {
				from[h], cost[h], sum[h] = int32(r.IntN(200)), uint8(r.IntN(256)), int32(h)
			}
			least := onward(to, cost, sum, from, slices.Min(from))
			require.Equal(t, slices.Min(to), least)
			for h := range to {
				best := from[h]
				for by, bend := range map[int]int32{-2: bend2Cost, -1: bendCost, 1: bendCost, 2: bend2Cost} {
					if h+by >= 0 && h+by < n {
						best = min(best, from[h+by]+bend)
					}
				}
				require.Equal(t, best-slices.Min(from)+int32(cost[h]), to[h], "step %d", h)
				require.Equal(t, int32(h)+to[h], sum[h], "sum of step %d", h)
			}
		})
	}
}
