package rpc_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/refusal"
	"nafas/inference/finding"
	"nafas/inference/measure"
	"nafas/inference/prior"
	"nafas/internal/rpc"
	"nafas/internal/triage"
	nafasv1 "nafas/proto/nafas/v1"
)

func ranked(rank int) triage.Finding {
	return triage.Finding{Finding: finding.Finding{Rank: rank, MeanDiameterMM: float64(10 + rank)}, SOPInstanceUID: "1.9", Measured: &triage.Measurement{Method: "m 2"}}
}

func studyWith(c *triage.Comparison) *nafasv1.SeriesResult {
	s := triage.Study{UID: "1.2", State: triage.Done, Comparison: c, Priority: triage.PriorityHigh, Series: []triage.Series{
		{UID: "1", NotRead: refusal.New(refusal.NotPreferred, "", "")},
		{UID: "2", Result: &triage.Result{Findings: []triage.Finding{ranked(1), ranked(2)}}},
	}}
	return rpc.StudyProto(s).Series[1].Result
}

func TestAComparisonOnTheWire(t *testing.T) {
	r := studyWith(&triage.Comparison{
		EarlierStudyUID: "1.1", EarlierSeriesUID: "1.1.1", EarlierStudyDate: "20251201", Method: "m",
		Comparison: prior.Comparison{
			Days: 90, LungOverlap: .9, NotComparable: []prior.Reason{prior.KernelUnknown},
			Current: []prior.Change{
				{State: prior.Paired, Earlier: 1, EarlierMeasured: &measure.Measurement{VolumeMM3: 100, MeanDiameterMM: 6}, DiameterChangeMM: 0, DiameterErrorMM: .5,
					Growth: &prior.Growth{VolumeChange: -.1, DoublingsPerYear: -.4, DoublingDaysShort: 300, Trend: prior.TrendStable}},
				{State: prior.New, Earlier: -1},
			},
			Earlier: []prior.EarlierChange{{State: prior.Gone, Current: -1}, {State: prior.Paired, Current: 0}},
		},
		EarlierFindings: []triage.Finding{ranked(1), ranked(2)},
		InEarlier:       []triage.ImagePlace{{SOPInstanceUID: "1.8", Slice: 4, PixelColumn: 7}, {}},
		InCurrent:       []triage.ImagePlace{{}, {SOPInstanceUID: "1.9"}},
	})
	require.Equal(t, nafasv1.Priority_PRIORITY_HIGH, r.StudyPriority, "a result that is read by itself says it too")
	require.Equal(t, int32(90), r.Comparison.Days)
	require.Equal(t, []string{"KERNEL_NOT_KNOWN"}, r.Comparison.NotComparable)
	require.Equal(t, nafasv1.ChangeState_CHANGE_STATE_GONE, r.Comparison.EarlierFindings[0].State)
	require.Zero(t, r.Comparison.EarlierFindings[0].CurrentRank)
	require.Nil(t, r.Comparison.EarlierFindings[0].InCurrent)
	require.Equal(t, int32(1), r.Comparison.EarlierFindings[1].CurrentRank)
	require.Equal(t, float64(12), r.Comparison.EarlierFindings[1].Finding.MeanDiameterMm)

	one, two := r.Findings[0].Change, r.Findings[1].Change
	require.Equal(t, "m 2", one.EarlierMeasurement.Method)
	require.Equal(t, nafasv1.ChangeState_CHANGE_STATE_PAIRED, one.State)
	require.Equal(t, int32(2), one.EarlierRank)
	require.Equal(t, "1.8", one.InEarlier.SopInstanceUid)
	require.NotNil(t, one.DiameterChangeMm, "no change is a change that was measured")
	require.Nil(t, one.Growth.DoublingDays, "what does not grow does not double")
	require.InDelta(t, 300, *one.Growth.DoublingDaysShort, 0)
	require.Nil(t, one.Growth.DoublingDaysLong)
	require.Equal(t, nafasv1.Trend_TREND_STABLE, one.Growth.Trend)
	require.Equal(t, nafasv1.ChangeState_CHANGE_STATE_NEW, two.State)
	require.Zero(t, two.EarlierRank)
	require.Nil(t, two.DiameterChangeMm)
	require.Nil(t, two.Growth)
}

func TestNoComparisonOnTheWire(t *testing.T) {
	r := studyWith(nil)
	require.Nil(t, r.Comparison)
	require.Nil(t, r.Findings[0].Change)
	why := &triage.Comparison{EarlierStudyUID: "1.1", Why: refusal.New(triage.PriorNotAssessed, "by eye", "found")}
	why.Days = 30
	r = studyWith(why)
	require.Equal(t, nafasv1.Reason_REASON_PRIOR_NOT_ASSESSED, r.Comparison.NotCompared.Reason)
	require.Equal(t, int32(30), r.Comparison.Days)
	require.Nil(t, r.Findings[0].Change)
}
