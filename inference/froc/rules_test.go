package froc_test

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/inference/froc"
	"nafas/inference/volume"
)

// The rules of the protocol, as docs/evaluate.md numbers them.

func scans(uids ...string) (list []froc.Scan) {
	for _, uid := range uids {
		list = append(list, froc.Scan{SeriesUID: uid})
	}
	return list
}

func mark(uid string, x, score float64) froc.Mark {
	return froc.Mark{SeriesUID: uid, CenterLPSMM: volume.Vec3{x, 0, 0}, Score: score}
}

func nodule(uid string, x, diameterMM float64) froc.Nodule {
	return froc.Nodule{SeriesUID: uid, CenterLPSMM: volume.Vec3{x, 0, 0}, DiameterMM: diameterMM}
}

func evaluate(t *testing.T, s froc.Set) *froc.Evaluation {
	t.Helper()
	e, err := froc.Evaluate(t.Context(), s, froc.Options{})
	require.NoError(t, err)
	return e
}

func TestRuleHitIsStrictlyInsideTheRadius(t *testing.T) {
	for _, c := range []struct {
		name  string
		place volume.Vec3
		hit   bool
	}{
		{"the centre", volume.Vec3{0, 0, 0}, true},
		{"just inside", volume.Vec3{3.9999, 0, 0}, true},
		{"on the sphere", volume.Vec3{4, 0, 0}, false},
		{"inside along each axis and outside of the sphere", volume.Vec3{3, 3, 3}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := evaluate(t, froc.Set{Scans: scans("1"), Nodules: []froc.Nodule{nodule("1", 0, 8)},
				Marks: []froc.Mark{{SeriesUID: "1", CenterLPSMM: c.place, Score: 0.5}}})
			require.Equal(t, c.hit, e.Detected == 1)
			require.Equal(t, c.hit, e.FalseMarks == 0)
		})
	}
}

func TestRuleUnknownDiameterIsTenMillimetres(t *testing.T) {
	e := evaluate(t, froc.Set{Scans: scans("1", "2"),
		Nodules:  []froc.Nodule{nodule("1", 0, froc.UnknownDiameterMM)},
		Excluded: []froc.Nodule{nodule("2", 0, froc.UnknownDiameterMM)},
		Marks:    []froc.Mark{mark("1", 4.9, 0.9), mark("1", 5, 0.8), mark("2", 4.9, 0.9), mark("2", 5, 0.8)}})
	require.Equal(t, 1, e.Detected)
	require.Equal(t, 1, e.Marks.OnExcluded)
	require.Equal(t, 2, e.FalseMarks)
}

func TestRuleOnlyTheBestHundredMarksOfAScan(t *testing.T) {
	set := func(score func(i int) float64) froc.Set {
		s := froc.Set{Scans: scans("1", "2")}
		for i := range 120 {
			s.Marks = append(s.Marks, mark("1", float64(i), score(i)))
		}
		s.Marks = append(s.Marks, mark("2", 0, 0.001)) // another scan has its own hundred
		return s
	}
	for _, c := range []struct {
		name  string
		score func(i int) float64
		kept  int
	}{
		{"all differ: the hundred above the 101st", func(i int) float64 { return 1 - float64(i)/200 }, 100},
		{"five tie with the 101st and go with it", func(i int) float64 { return 1 - float64(min(i, 95))/200 }, 95},
		{"all tie: none is above the 101st", func(int) float64 { return 0.5 }, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := evaluate(t, set(c.score))
			require.Equal(t, 121, e.Marks.Total)
			require.Equal(t, 120-c.kept, e.Marks.Cut)
			require.Equal(t, c.kept+1, e.FalseMarks)
		})
	}
	t.Run("exactly a hundred that tie all stay", func(t *testing.T) {
		s := set(func(int) float64 { return 0.5 })
		s.Marks = s.Marks[20:]
		require.Zero(t, evaluate(t, s).Marks.Cut)
	})
	t.Run("as many as asked for", func(t *testing.T) {
		s := set(func(i int) float64 { return 1 - float64(i)/200 })
		e, err := froc.Evaluate(t.Context(), s, froc.Options{MostMarks: -1})
		require.NoError(t, err)
		require.Zero(t, e.Marks.Cut)
		e, err = froc.Evaluate(t.Context(), s, froc.Options{MostMarks: 20})
		require.NoError(t, err)
		require.Equal(t, 100, e.Marks.Cut)
	})
}

func TestRuleTheCutComesBeforeTheHit(t *testing.T) {
	s := froc.Set{Scans: scans("1"), Nodules: []froc.Nodule{nodule("1", -50, 8)}, Marks: []froc.Mark{mark("1", -50, 0.01)}}
	for i := range 100 {
		s.Marks = append(s.Marks, mark("1", float64(i), 0.5+float64(i)/1000))
	}
	require.Zero(t, evaluate(t, s).Detected, "the mark on the nodule is the 101st")
}

func TestRuleIncludedNodulesComeFirst(t *testing.T) {
	e := evaluate(t, froc.Set{Scans: scans("1"),
		Nodules: []froc.Nodule{nodule("1", 0, 8)}, Excluded: []froc.Nodule{nodule("1", 0, 30)},
		Marks: []froc.Mark{mark("1", 1, 0.9)}})
	require.Equal(t, 1, e.Detected, "the mark lies on both and counts for the nodule")
	require.Zero(t, e.Marks.OnExcluded)
}

func TestRuleMarksOnExcludedFindingsAreDropped(t *testing.T) {
	e := evaluate(t, froc.Set{Scans: scans("1"),
		Nodules: []froc.Nodule{nodule("1", 0, 8)}, Excluded: []froc.Nodule{nodule("1", 50, 8)},
		Marks: []froc.Mark{mark("1", 0, 0.5), mark("1", 50, 0.9), mark("1", 90, 0.7)}})
	require.Equal(t, 1, e.FalseMarks)
	require.Equal(t, 2, e.WithoutExcluded.FalseMarks, "without the excluded findings the mark is false")
	require.Zero(t, e.Sensitivity["0.5"])
	require.EqualValues(t, 1, e.Sensitivity["1"], "one false mark a scan comes before the hit")
	require.EqualValues(t, 0, e.WithoutExcluded.Sensitivity["1"], "two come before it")
}

func TestRuleWithoutExcludedFindingsThereIsOneResult(t *testing.T) {
	require.Nil(t, evaluate(t, froc.Set{Scans: scans("1")}).WithoutExcluded)
}

func TestRuleSeveralMarksOnANodule(t *testing.T) {
	e := evaluate(t, froc.Set{Scans: scans("1"), Nodules: []froc.Nodule{nodule("1", 0, 20)},
		Marks: []froc.Mark{mark("1", 1, 0.3), mark("1", 2, 0.9), mark("1", 3, 0.6), mark("1", 90, 0.5)}})
	require.Equal(t, 1, e.Detected)
	require.Equal(t, 1, e.FalseMarks, "the others on the nodule are not false")
	require.Equal(t, 2, e.Marks.Repeated)
	require.EqualValues(t, 1, e.Sensitivity["0.125"], "the best score counts: it comes before the false mark")
}

func TestRuleOneMarkOnTwoNodulesCountsForBoth(t *testing.T) {
	e := evaluate(t, froc.Set{Scans: scans("1"), Nodules: []froc.Nodule{nodule("1", 0, 20), nodule("1", 8, 20)},
		Marks: []froc.Mark{mark("1", 4, 0.9)}})
	require.Equal(t, 2, e.Detected)
	require.Equal(t, 1, e.Marks.OnNodules)
	require.Equal(t, 1, e.Marks.OnSeveral)
}

func TestRuleMissedNoduleStaysInTheDenominator(t *testing.T) {
	e := evaluate(t, froc.Set{Scans: scans("1"), Nodules: []froc.Nodule{nodule("1", 0, 8), nodule("1", 100, 8)},
		Marks: []froc.Mark{mark("1", 0, 0.9)}})
	require.EqualValues(t, 0.5, e.Sensitivity["8"])
	last := e.Curves[0].Points[len(e.Curves[0].Points)-1]
	require.Equal(t, froc.Point{Score: 0.9, FalseMarksPerScan: 0, Sensitivity: 0.5}, last,
		"the curve ends at the last mark: a missed nodule is no point of it")
}

func TestRuleEveryListedScanCounts(t *testing.T) {
	s := froc.Set{Scans: scans("1"), Nodules: []froc.Nodule{nodule("1", 0, 8)},
		Marks: []froc.Mark{mark("1", 50, 0.9), mark("1", 0, 0.5)}}
	require.Zero(t, evaluate(t, s).Sensitivity["0.25"])
	s.Scans = scans("1", "2", "3", "4") // no nodule and no mark in three of them
	e := evaluate(t, s)
	require.EqualValues(t, 1, e.Sensitivity["0.25"])
	require.EqualValues(t, 0.25, e.FalseMarksPerScan)
	require.EqualValues(t, 1, e.FalseMarksPerNodule)
	require.Equal(t, 3, e.ScansWithoutMarks)
}

func TestRuleUnlistedSeriesDoNotCount(t *testing.T) {
	e := evaluate(t, froc.Set{Scans: scans("056"),
		Nodules:  []froc.Nodule{nodule("056", 0, 8), nodule("56", 0, 8)},
		Excluded: []froc.Nodule{nodule("56", 0, 8)},
		Marks:    []froc.Mark{mark("56", 0, 0.9)}})
	require.Equal(t, froc.Unlisted{Marks: 1, Nodules: 1, Excluded: 1, MarkSeries: "56"}, e.Unlisted,
		"names are compared as they stand, never as numbers")
	require.Equal(t, 1, e.Nodules)
	require.Zero(t, e.Detected)
}

func TestRuleCurveStartsAtNothingAndGroupsTies(t *testing.T) {
	e := evaluate(t, froc.Set{Scans: scans("1", "2"), Nodules: []froc.Nodule{nodule("1", 0, 8), nodule("2", 0, 8)},
		Marks: []froc.Mark{mark("1", 0, 0.9), mark("2", 0, 0.5), mark("1", 50, 0.5), mark("2", 50, 0.2)}})
	require.Equal(t, []froc.Point{
		{Score: math.Inf(1), FalseMarksPerScan: 0, Sensitivity: 0},
		{Score: 0.9, FalseMarksPerScan: 0, Sensitivity: 0.5},
		{Score: 0.5, FalseMarksPerScan: 0.5, Sensitivity: 1},
		{Score: 0.2, FalseMarksPerScan: 1, Sensitivity: 1},
	}, e.Curves[0].Points)
}

func TestRuleLinearBetweenPoints(t *testing.T) {
	e := evaluate(t, froc.Set{Scans: scans("1", "2"), Nodules: []froc.Nodule{nodule("1", 0, 8), nodule("2", 0, 8)},
		Marks: []froc.Mark{mark("1", 0, 0.9), mark("2", 0, 0.5), mark("1", 50, 0.5), mark("2", 50, 0.2)}})
	// From (0, 0.5) to (0.5, 1).
	require.InDelta(t, 0.625, float64(e.Sensitivity["0.125"]), 1e-12)
	require.InDelta(t, 0.75, float64(e.Sensitivity["0.25"]), 1e-12)
	require.EqualValues(t, 1, e.Sensitivity["0.5"])
	require.EqualValues(t, 1, e.Sensitivity["8"], "beyond the last point the curve stays where it is")
	require.InDelta(t, (0.625+0.75+5)/7, float64(e.CPM), 1e-12)
}

func TestRuleMeanOfSevenRates(t *testing.T) {
	require.Equal(t, []float64{0.125, 0.25, 0.5, 1, 2, 4, 8}, froc.Rates())
	e := evaluate(t, froc.Set{Scans: scans("1"), Nodules: []froc.Nodule{nodule("1", 0, 8)},
		Marks: []froc.Mark{mark("1", 50, 0.9), mark("1", 60, 0.8), mark("1", 0, 0.7)}})
	// Up at 2 false marks a scan, where the last of the points counts.
	require.InDelta(t, 3.0/7, float64(e.CPM), 1e-12)
	require.Len(t, e.OperatingPoints, 7)
	require.EqualValues(t, 2, e.OperatingPoints[4].FalseMarksPerNodule)
	require.EqualValues(t, 0.7, e.OperatingPoints[4].Score)
}

func TestRuleWithoutNodulesThereIsNoSensitivity(t *testing.T) {
	e := evaluate(t, froc.Set{Scans: scans("1"), Marks: []froc.Mark{mark("1", 0, 0.5)}})
	require.True(t, math.IsNaN(float64(e.CPM)))
	require.True(t, math.IsNaN(float64(e.Intervals["cpm"][0])))
	require.True(t, math.IsNaN(float64(e.FalseMarksPerNodule)))
	require.EqualValues(t, 1, e.FalseMarksPerScan)
}

func TestRuleWithoutMarksNothingIsFound(t *testing.T) {
	e := evaluate(t, froc.Set{Scans: scans("1"), Nodules: []froc.Nodule{nodule("1", 0, 8)}})
	require.Zero(t, e.CPM)
	require.Equal(t, froc.Bounds{0, 0}, e.Intervals["cpm"])
}

func TestRuleBootstrapDrawsScans(t *testing.T) {
	// One scan whose nodule is found and one whose nodule is missed: a resample
	// finds none, half or all.
	s := froc.Set{Scans: scans("1", "2"), Nodules: []froc.Nodule{nodule("1", 0, 8), nodule("2", 0, 8)},
		Marks: []froc.Mark{mark("1", 0, 0.9)}}
	draw := func(list ...[]int) froc.Options {
		return froc.Options{Draw: func(n int) froc.Resamples { return froc.ResamplesOf(list, n) }}
	}
	e, err := froc.Evaluate(t.Context(), s, draw([]int{0, 0}, []int{0, 1}, []int{1, 0}, []int{1, 1}))
	require.NoError(t, err)
	require.Equal(t, froc.Bounds{0, 1}, e.Intervals["cpm"])

	// Sorted places floor(0.025 n) and floor(0.975 n): of 40 resamples the
	// second and the last.
	list := slices.Repeat([][]int{{0, 1}}, 38)
	e, err = froc.Evaluate(t.Context(), s, draw(append(list, []int{0, 0}, []int{1, 1})...))
	require.NoError(t, err)
	require.Equal(t, froc.Bounds{0.5, 1}, e.Intervals["cpm"])

	// A resample without a nodule has no sensitivity and is left out.
	s.Nodules = s.Nodules[:1]
	e, err = froc.Evaluate(t.Context(), s, draw([]int{1, 1}, []int{0, 1}))
	require.NoError(t, err)
	require.Equal(t, froc.Bounds{1, 1}, e.Intervals["cpm"])
}

func TestRuleSameSeedSameIntervals(t *testing.T) {
	s := randomCase(3).set()
	a, b := evaluate(t, s), evaluate(t, s)
	require.Equal(t, a.Intervals, b.Intervals)
	require.Equal(t, froc.Draw(5, 20, 7), froc.Draw(5, 20, 7))
	require.NotEqual(t, froc.Draw(5, 20, 7), froc.Draw(6, 20, 7))
}

func TestRuleOrderOfRowsChangesNothing(t *testing.T) {
	s := randomCase(3).set()
	a := evaluate(t, s)
	slices.Reverse(s.Marks)
	slices.Reverse(s.Nodules)
	slices.Reverse(s.Excluded)
	b := evaluate(t, s)
	require.Equal(t, a.CPM, b.CPM)
	require.Equal(t, a.Intervals["cpm"], b.Intervals["cpm"])
	require.Equal(t, a.Marks, b.Marks)
}

func TestRuleNodulesOutsideAStratumAreNeitherHitNorFalse(t *testing.T) {
	s := froc.Set{Scans: scans("1"),
		Nodules: []froc.Nodule{nodule("1", 0, 5), nodule("1", 100, 12), nodule("1", 200, 5)},
		Marks:   []froc.Mark{mark("1", 0, 0.9), mark("1", 100, 0.8), mark("1", 50, 0.7)}}
	s.Nodules[1].Kind = "solid"
	byName := map[string]froc.Stratum{}
	for _, st := range evaluate(t, s).Strata {
		byName[st.By+" "+st.Name] = st
	}
	require.Len(t, byName, 6)
	require.Equal(t, byName["size 4 to 6 mm"].Performance, byName["diameter 4 to 6 mm"].Performance)
	small := byName["diameter 4 to 6 mm"]
	require.Equal(t, []int{2, 1, 1}, []int{small.Nodules, small.Detected, small.FalseMarks})
	require.Equal(t, []int{1, 1, 1}, []int{byName["kind solid"].Nodules, byName["kind solid"].Detected, byName["kind solid"].FalseMarks})
	require.Equal(t, 2, byName["kind unknown"].Nodules)
	require.Equal(t, 1, byName["diameter 10 to 15 mm"].Nodules)
}

func TestRuleStrataOfScansHaveTheirOwnFalseMarks(t *testing.T) {
	s := froc.Set{Scans: []froc.Scan{{SeriesUID: "1", ThicknessMM: 1, Kernel: "B30f"}, {SeriesUID: "2", ThicknessMM: 2.5, Kernel: "B70f"}, {SeriesUID: "3"}},
		Nodules: []froc.Nodule{nodule("1", 0, 5), nodule("2", 0, 5)},
		Marks:   []froc.Mark{mark("1", 0, 0.9), mark("2", 50, 0.9), mark("2", 60, 0.9)}}
	var names []string
	for _, st := range evaluate(t, s).Strata {
		names = append(names, st.By+" "+st.Name)
		if st.Name == "B70f" || st.Name == "2 to 2.5 mm" {
			require.Equal(t, []int{1, 1, 0, 2}, []int{st.Scans, st.Nodules, st.Detected, st.FalseMarks}, st.By)
		}
	}
	require.Equal(t, []string{"size 4 to 6 mm", "diameter 4 to 6 mm", "thickness up to 1 mm", "thickness 2 to 2.5 mm", "thickness unknown",
		"kernel B30f", "kernel B70f", "kernel unknown"}, names)
}

func TestRuleScansOfOneGroupAreDrawnTogether(t *testing.T) {
	// Six copies of one patient, who has the nodule found, and two of another,
	// who has not.
	s := froc.Set{}
	for i := range 8 {
		uid, group := string(rune('1'+i)), "a"
		if i >= 6 {
			group = "b"
		} else {
			s.Marks = append(s.Marks, mark(uid, 0, 0.9))
		}
		s.Scans = append(s.Scans, froc.Scan{SeriesUID: uid, Group: group})
		s.Nodules = append(s.Nodules, nodule(uid, 0, 8))
	}
	for _, c := range []struct {
		draw []int
		want froc.Number
	}{{[]int{0, 0}, 1}, {[]int{0, 1}, 0.75}, {[]int{1, 1}, 0}} {
		e, err := froc.Evaluate(t.Context(), s, froc.Options{Draw: func(groups int) froc.Resamples {
			require.Equal(t, 2, groups, "two patients, not eight scans")
			return froc.ResamplesOf([][]int{c.draw}, groups)
		}})
		require.NoError(t, err)
		require.EqualValues(t, 0.75, e.CPM)
		require.Equal(t, 2, e.Groups)
		require.Equal(t, froc.Bounds{c.want, c.want}, e.Intervals["cpm"], c.draw)
	}
}

func TestRuleThresholdsCountMarksAtOrAbove(t *testing.T) {
	s := froc.Set{Scans: scans("1", "2"), Nodules: []froc.Nodule{nodule("1", 0, 8), nodule("2", 0, 8)},
		Marks: []froc.Mark{mark("1", 0, 0.5), mark("2", 0, 0.4), mark("1", 50, 0.5), mark("1", 60, 0.45)}}
	e, err := froc.Evaluate(t.Context(), s, froc.Options{Thresholds: []froc.Threshold{{Name: "one", Score: 0.5}}})
	require.NoError(t, err)
	r := e.Thresholds[0]
	require.Equal(t, []int{1, 2, 1}, []int{r.Detected, r.Nodules, r.FalseMarks})
	require.EqualValues(t, 0.5, r.FalseMarksPerScan)
	require.EqualValues(t, 0.5, r.FalseMarksPerNodule)
	// Wilson's interval of 1 of 2: (1 + z^2/2 -+ z sqrt(1/2 + z^2/4)) / (2 + z^2).
	require.InDelta(t, 0.0945312, float64(r.Wilson[0]), 1e-6)
	require.InDelta(t, 0.9054688, float64(r.Wilson[1]), 1e-6)
}

func TestRuleDiameterErrorIsOfTheBestMark(t *testing.T) {
	m := func(x, score, diameterMM float64) froc.Mark {
		m := mark("1", x, score)
		m.DiameterMM = diameterMM
		return m
	}
	e := evaluate(t, froc.Set{Scans: scans("1"),
		Nodules: []froc.Nodule{nodule("1", 0, 8), nodule("1", 100, 10), nodule("1", 200, froc.UnknownDiameterMM), nodule("1", 300, 9)},
		Marks:   []froc.Mark{m(0, 0.5, 30), m(1, 0.9, 7), m(100, 0.5, 12), m(200, 0.5, 12), m(300, 0.5, 0)}})
	require.Equal(t, froc.DiameterError{Nodules: 2, MeanAbsoluteMM: 1.5, MeanMM: 0.5}, e.Diameter)
}

func TestEvaluateRefusesWhatItCannotCount(t *testing.T) {
	for _, c := range []struct {
		name string
		set  froc.Set
		want string
	}{
		{"no scans", froc.Set{}, "no scans"},
		{"a scan twice", froc.Set{Scans: scans("1", "1")}, "listed twice"},
		{"a score that is no number", froc.Set{Scans: scans("1"), Marks: []froc.Mark{mark("1", 0, math.NaN())}}, "no number"},
		{"a place that is no number", froc.Set{Scans: scans("1"), Marks: []froc.Mark{mark("1", math.Inf(1), 1)}}, "no number"},
		{"a diameter of nothing", froc.Set{Scans: scans("1"), Nodules: []froc.Nodule{nodule("1", 0, 0)}}, "above 0"},
		{"a negative diameter", froc.Set{Scans: scans("1"), Excluded: []froc.Nodule{nodule("1", 0, -2)}}, "above 0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := froc.Evaluate(t.Context(), c.set, froc.Options{})
			require.ErrorIs(t, err, froc.ErrInput)
			require.ErrorContains(t, err, c.want)
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := froc.Evaluate(ctx, randomCase(1).set(), froc.Options{})
	require.ErrorIs(t, err, context.Canceled)
}
