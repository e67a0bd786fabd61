package pair_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/inference/alter/pair"
	"nafas/inference/finding"
	"nafas/inference/volume"
)

var grid = volume.Grid{Size: [3]int{100, 100, 100}, SpacingMM: [3]float64{1, 1, 1}, Axes: [3]volume.Vec3{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}}

// list makes findings in rank order; the first flagged of them are flagged.
func list(flagged int, at ...[4]float64) (out []finding.Finding) {
	for i, a := range at {
		out = append(out, finding.Finding{
			Rank: i + 1, Flagged: i < flagged, CenterLPSMM: volume.Vec3{a[0], a[1], a[2]}, MeanDiameterMM: a[3],
		})
	}
	return out
}

func TestCompare(t *testing.T) {
	before := list(3,
		[4]float64{10, 10, 10, 12}, // moves by 5 mm: less than half of 12
		[4]float64{30, 30, 30, 5},  // moves by 3 mm: too far
		[4]float64{99.6, 50, 50, 7},
		[4]float64{60, 60, 60, 7},  // was listed, becomes flagged
		[4]float64{180, 50, 50, 7}, // outside
	)
	after := list(3,
		[4]float64{61, 60, 60, 7}, [4]float64{15, 10, 10, 12}, [4]float64{33, 30, 30, 5}, [4]float64{98, 50, 50, 7})
	lesions := []pair.Lesion{{volume.Vec3{12, 10, 10}, 11, "solid"}, {volume.Vec3{80, 80, 80}, 7, ""}, {volume.Vec3{80, 80, 120}, 7, ""}}
	c := pair.Compare(before, after, lesions, grid)
	require.Equal(t, &after[1], c.Fates[0].After)
	require.Nil(t, c.Fates[1].After)
	require.False(t, c.Fates[1].Outside)
	require.Equal(t, &after[3], c.Fates[2].After)
	require.Equal(t, &after[0], c.Fates[3].After)
	require.True(t, c.Fates[4].Outside)
	require.Equal(t, []finding.Finding{after[2]}, c.New)
	require.Equal(t, &before[0], c.Lesions[0].Before)
	require.Equal(t, &after[1], c.Lesions[0].After)
	require.Nil(t, c.Lesions[1].Before)
	require.True(t, c.Lesions[2].Outside)

	counts := make([]pair.Count, len(pair.Strata))
	for i, s := range pair.Strata {
		counts[i].Add(c, s)
	}
	require.Equal(t, pair.Count{
		Flagged: 3, Found: 2, Kept: 1, RankSum: 2, ShiftSumMM: 5 + 1.6, NewFlagged: 1, Risen: 1,
		Lesions: 2, Before: 1, After: 1, Both: 1, LesionsOutside: 1,
	}, close(counts[0]))
	require.Equal(t, pair.Count{Flagged: 1, NewFlagged: 1}, close(counts[1]))
	require.Equal(t, pair.Count{Flagged: 1, Found: 1, RankSum: 1, ShiftSumMM: 1.6, Risen: 1, Lesions: 1, LesionsOutside: 1}, close(counts[2]))
	require.Equal(t, pair.Count{Flagged: 1, Found: 1, Kept: 1, RankSum: 1, ShiftSumMM: 5, Lesions: 1, Before: 1, After: 1, Both: 1}, close(counts[3]))
}

func close(c pair.Count) pair.Count {
	c.ShiftSumMM = float64(int(c.ShiftSumMM*1e6+.5)) / 1e6
	return c
}

func TestNothingHappened(t *testing.T) {
	f := list(2, [4]float64{10, 10, 10, 12}, [4]float64{30, 30, 30, 5}, [4]float64{50, 30, 30, 5})
	var n pair.Count
	n.Add(pair.Compare(f, f, []pair.Lesion{{CenterLPSMM: volume.Vec3{30, 30, 30}, DiameterMM: 6}}, grid), pair.Strata[0])
	require.Equal(t, pair.Count{Flagged: 2, Found: 2, Kept: 2, SameRank: 2, Lesions: 1, Before: 1, After: 1, Both: 1, LesionSameRank: 1}, n)
}

// TestOneToOne: two findings side by side never share a partner, and the
// nearest pairs come first.
func TestOneToOne(t *testing.T) {
	before := list(2, [4]float64{10, 10, 10, 20}, [4]float64{16, 10, 10, 20})
	after := list(1, [4]float64{15, 10, 10, 20})
	c := pair.Compare(before, after, nil, grid)
	require.Nil(t, c.Fates[0].After)
	require.NotNil(t, c.Fates[1].After)
	after = list(2, [4]float64{15, 10, 10, 20}, [4]float64{17, 10, 10, 20})
	c = pair.Compare(before, after, nil, grid)
	require.Equal(t, 1, c.Fates[1].After.Rank, "both lie 1 mm away: the better ranked one")
	require.Equal(t, 2, c.Fates[0].After.Rank)
	require.Empty(t, c.New)
}
