package volume

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// weightsOf are n weights that sum to 1, as taps have them.
func weightsOf(r *rand.Rand, n int) []int32 {
	raw, sum := make([]float64, n), 0.0
	for i := range raw {
		raw[i] = r.Float64()
		sum += raw[i]
	}
	w := make([]int32, n)
	quantise(w, raw, sum)
	return w
}

// TestEveryNumberOfSourcesIsMixedAlike: each count of rows, columns and planes
// has a loop of its own, and all of them compute the one formula.
func TestEveryNumberOfSourcesIsMixedAlike(t *testing.T) {
	const length = 37
	for n := 1; n <= 11; n++ {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, uint64(n)))
			w := weightsOf(r, n)
			src := make([]int16, n*length)
			for i := range src {
				src[i] = int16(r.IntN(1<<16) - 1<<15)
			}
			row, planes := make([]int32, length), make([][]int32, n)
			mixRows(row, src, length, w)
			for i, got := range row {
				sum := int32(0)
				for j := range n {
					sum += w[j] * int32(src[j*length+i])
				}
				require.Equal(t, (sum+1<<(weightBits-fracBits-1))>>(weightBits-fracBits), got, "row, voxel %d", i)
			}

			line := taps{width: n, start: []int{0, -1, length - n}, weight: append(append(append([]int32{}, w...), w...), w...)}
			short := []int32{7, 7, 7}
			shrinkRow(short, row, line)
			for i, s := range line.start {
				want := int32(7)
				if s >= 0 {
					want = 1 << (weightBits - 1)
					for j := range n {
						want += w[j] * row[s+j]
					}
					want >>= weightBits
				}
				require.Equal(t, want, short[i], "column %d", i)
			}

			for j := range planes {
				planes[j] = make([]int32, length)
				for i := range planes[j] {
					planes[j][i] = int32(src[j*length+i]) << fracBits
				}
			}
			out := make([]int16, length)
			mixPlanes(out, planes, w)
			for i, got := range out {
				sum := int64(1 << (weightBits + fracBits - 1))
				for j := range n {
					sum += int64(w[j]) * int64(planes[j][i])
				}
				require.Equal(t, int16(sum>>(weightBits+fracBits)), got, "plane, voxel %d", i)
			}
		})
	}
}
