package volume

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// formula is what resampling along the axes computes, one voxel at a time: the
// mix of rows, then of columns, then of slices, each rounded once.
func formula(v *Volume, t [3]taps, i, j, k int, fill int16) int16 {
	at := [3]int{i, j, k}
	for n := range 3 {
		if t[n].start[at[n]] < 0 {
			return fill
		}
	}
	weight := func(n, tap int) int64 { return int64(t[n].weight[at[n]*t[n].width+tap]) }
	var sum [3]int64
	sum[2] = 1 << (weightBits + fracBits - 1)
	for z := range t[2].width {
		sum[0] = 1 << (weightBits - 1)
		for x := range t[0].width {
			sum[1] = 1 << (weightBits - fracBits - 1)
			for y := range t[1].width {
				sum[1] += weight(1, y) * int64(v.At(t[0].start[i]+x, t[1].start[j]+y, t[2].start[k]+z))
			}
			sum[0] += weight(0, x) * (sum[1] >> (weightBits - fracBits))
		}
		sum[2] += weight(2, z) * (sum[0] >> weightBits)
	}
	return int16(sum[2] >> (weightBits + fracBits))
}

// TestEveryNumberOfSourcesIsMixedAlike: each count of rows, columns and slices
// has a loop of its own, rows are mixed in pairs, and all of it computes the
// one formula, at the ends of the range too.
func TestEveryNumberOfSourcesIsMixedAlike(t *testing.T) {
	const fill = -1234
	for _, size := range [][3]int{{9, 8, 7}, {6, 9, 10}, {5, 1, 3}} {
		for _, step := range []float64{0.4, 1, 1.7, 2, 2.6, 3.3, 4.5, 6} {
			for _, turned := range []float64{1, -1} {
				t.Run(fmt.Sprint(size, step*turned), func(t *testing.T) {
					r := rand.New(rand.NewPCG(1, uint64(size[0])))
					src := &Volume{Grid: Grid{Size: [3]int{37, 41, 33}, SpacingMM: [3]float64{1, 1, 1}, Axes: [3]Vec3{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}}}
					src.HU = make([]int16, src.Len())
					for o := range src.HU {
						src.HU[o] = [...]int16{-1 << 15, 1<<15 - 1, int16(r.IntN(1<<16) - 1<<15)}[r.IntN(3)]
					}
					dst := Grid{Size: size, SpacingMM: [3]float64{step, step, step}}
					var want [3]taps
					for n := range 3 {
						dst.Axes[n] = src.Axes[n].Scale(turned)
						dst.OriginLPSMM[n] = -1.3 * turned
						if turned < 0 {
							dst.OriginLPSMM[n] = float64(src.Size[n]) - 1.3
						}
						want[n] = lineTaps(size[n], src.Size[n], dst.OriginLPSMM[n], turned*step)
					}
					got := src.Resample(dst, fill)
					for k := range size[2] {
						for j := range size[1] {
							for i := range size[0] {
								require.Equal(t, formula(src, want, i, j, k, fill), got.At(i, j, k), "voxel %d %d %d", i, j, k)
							}
						}
					}
				})
			}
		}
	}
}

// TestRowsAreMixedAlikeOnEveryProcessor: several columns at once, and one by
// one, with sources that end where the last row does.
func TestRowsAreMixedAlikeOnEveryProcessor(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	for _, columns := range []int{1, 7, 8, 9, 31, 64, 75} {
		for n := 1; n <= 18; n++ {
			for _, spare := range []int{0, 1} {
				stride := columns + 3
				src := make([]int16, (n-1+spare)*stride+columns)
				for i := range src {
					src[i] = [...]int16{-1 << 15, 1<<15 - 1, int16(r.IntN(1<<16) - 1<<15)}[r.IntN(3)]
				}
				w := make([]uint64, n)
				for _, shift := range []int{0, 32} {
					lane, raw, sum := make([]uint64, n), make([]float64, n), 0.0
					for i := range raw {
						raw[i] = r.Float64() * float64(r.IntN(2))
						sum += raw[i]
					}
					if sum == 0 {
						raw[0], sum = 1, 1
					}
					quantise(lane, raw, sum)
					for i := range w {
						w[i] |= lane[i] << shift
					}
				}
				got, want := make([]uint64, columns), make([]uint64, columns)
				mixRows(got, src, stride, w)
				mixRowsAlone(want, src, stride, w)
				require.Equal(t, want, got, "%d columns of %d rows", columns, n)
			}
		}
	}
}
