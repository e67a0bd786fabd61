package compare_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/inference/froc"
	"nafas/inference/measure"
	"nafas/inference/volume"
	"nafas/internal/rescore"
	"nafas/internal/rescore/compare"
	"nafas/internal/triage"
	"nafas/internal/triage/quality"
)

func place(x float64, s quality.Standing) quality.Place {
	return quality.Place{Standing: s, CenterLPSMM: [3]float64{x, 0, 0}, DiameterMM: 8}
}

func signed(series string, places ...quality.Place) quality.Study {
	return quality.Study{Series: []quality.Series{{UID: series, Read: true, Model: "old 1", ThicknessMM: 1, Places: places}}}
}

// marked is a scored series with a finding at each x.
func marked(study, series string, at map[float64]float64) rescore.Row {
	r := row(study, series)
	for x, score := range at {
		var f triage.Finding
		f.CenterLPSMM, f.Score, f.MeanDiameterMM = volume.Vec3{x, 0, 0}, score, 7
		r.Result.Findings = append(r.Result.Findings, f)
	}
	return r
}

func agree(t *testing.T, rows compare.Rows, studies ...quality.Study) *compare.Agreement {
	t.Helper()
	got, err := compare.Agree(t.Context(), rows, studies, compare.AgreeOptions{
		Resamples: 50, Points: []froc.Threshold{{Name: "one", Score: 0.5}, {Name: "four", Score: 0.2}},
	})
	require.NoError(t, err)
	return got
}

// Worked out by hand. Series 1.1: nodules at 0 (accepted) and 50 (added), open at
// 100, rejected at 150. Series 2.1: a nodule at 0. Series 3.1: nothing said.
func TestAgreementWithReaders(t *testing.T) {
	studies := []quality.Study{
		signed("1.1", place(0, quality.Accepted), place(50, quality.Added), place(100, quality.Unsure), place(150, quality.Rejected)),
		signed("2.1", place(0, quality.Accepted)),
		signed("3.1"),
		signed("4.1", place(0, quality.Accepted)),                                                  // another series of the study was scored
		signed("5.1", place(0, quality.Accepted)),                                                  // could not be read this time
		{Series: []quality.Series{{UID: "6.1", Places: []quality.Place{place(0, quality.Added)}}}}, // never read
	}
	rows := rowsOf(
		marked("1", "1.1", map[float64]float64{1: 0.9, 100: 0.8, 150: 0.3}),
		marked("2", "2.1", map[float64]float64{2: 0.4, 40: 0.6}),
		marked("3", "3.1", nil),
		marked("4", "4.2", map[float64]float64{0: 0.9}),
		notRead("5", "5.1", rescore.Failed, "DICOM_MALFORMED"),
		marked("7", "7.1", map[float64]float64{0: 0.9}),
	)
	got := agree(t, rows, studies...)
	require.Equal(t, []int{5, 3, 3}, []int{got.Signed, got.Studies, got.Series})
	require.Equal(t, []string{"old 1"}, got.Seen)
	e := got.Evaluation
	require.Equal(t, []int{3, 3, 2, 2, 1}, []int{e.Scans, e.Nodules, e.Detected, e.FalseMarks, e.Marks.OnExcluded})
	require.Zero(t, e.Unlisted, "nothing of series that were not scored")
	require.Len(t, e.Thresholds, 2)
	one, four := e.Thresholds[0], e.Thresholds[1]
	require.Equal(t, []any{"one", 1, froc.Number(1.0 / 3), froc.Number(1.0 / 3)}, []any{one.Name, one.Detected, one.Sensitivity, one.FalseMarksPerScan})
	require.Equal(t, []any{"four", 2, froc.Number(2.0 / 3), froc.Number(2.0 / 3)}, []any{four.Name, four.Detected, four.Sensitivity, four.FalseMarksPerScan})
	require.NotEqual(t, froc.Bounds{}, one.Interval)
	// At 1/3 false marks a scan the two best marks count: 0.9 a hit, 0.6 false; the
	// hit of 0.4 comes at the same rate.
	require.InDelta(t, 2.0/3, float64(e.Sensitivity["0.5"]), 1e-9)
	require.Equal(t, compare.Caveats(), got.Caveats)
	for _, c := range got.Caveats {
		require.NotEmpty(t, c.Text())
	}
	require.Contains(t, compare.CaveatSeen.Text(), "leans towards that model")
	require.Contains(t, compare.CaveatCut.Text(), "4 false marks per scan, at most 20")
	require.Empty(t, compare.Caveat("else").Text())
}

// The readers' nodule lies where the finding was measured, and so does the mark: a
// model agrees with what readers accepted of itself.
func TestAMarkLiesWhereItsFindingWasMeasured(t *testing.T) {
	r := marked("1", "1.1", map[float64]float64{10: 0.9})
	f := &r.Result.Findings[0]
	f.Measured = &triage.Measurement{Measurement: measure.Measurement{CenterLPSMM: volume.Vec3{4.5, 0, 0}, VolumeMM3: 300, MeanDiameterMM: 8.4}}
	studies := signed("1.1", place(4.5, quality.Accepted))
	require.Equal(t, 1, agree(t, rowsOf(r), studies).Evaluation.Detected)
	require.InDelta(t, 0.4, float64(agree(t, rowsOf(r), studies).Evaluation.Diameter.MeanMM), 1e-9, "and its size is the one that is shown")
	f.Measured.Doubt = measure.DoubtSize
	require.Zero(t, agree(t, rowsOf(r), studies).Evaluation.Detected, "where the measurement is not to be relied on, the detector's place")
}

func TestNothingToAgreeWith(t *testing.T) {
	for name, studies := range map[string][]quality.Study{"no reviews": nil, "none scored": {signed("9.1", place(0, quality.Accepted))}} {
		got := agree(t, rowsOf(marked("1", "1.1", nil)), studies...)
		require.Nil(t, got.Evaluation, name)
		require.Equal(t, len(studies), got.Signed)
		require.Zero(t, got.Studies)
		require.Equal(t, compare.Caveats(), got.Caveats)
	}
	hollow := row("1", "1.1")
	hollow.Result = nil
	_, err := compare.Agree(t.Context(), rowsOf(hollow), []quality.Study{signed("1.1")}, compare.AgreeOptions{})
	require.ErrorIs(t, err, compare.ErrRows, "a lost result is no scan without marks")
	_, err = compare.Agree(t.Context(), rowsOf(row("1", "1.1")), []quality.Study{signed("1.1"), signed("1.1")}, compare.AgreeOptions{})
	require.ErrorIs(t, err, froc.ErrInput)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = compare.Agree(ctx, rowsOf(row("1", "1.1")), []quality.Study{signed("1.1")}, compare.AgreeOptions{})
	require.ErrorIs(t, err, context.Canceled)
}
