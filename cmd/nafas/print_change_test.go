package main

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	nafasv1 "nafas/proto/nafas/v1"
)

func days(d float64) *float64 { return &d }

func comparedResult() *nafasv1.SeriesResult {
	paired := nafasv1.ChangeState_CHANGE_STATE_PAIRED
	return &nafasv1.SeriesResult{
		StudyInstanceUid: "1.2", SeriesInstanceUid: "1.2.3",
		Findings: []*nafasv1.Finding{
			{Rank: 1, MeanDiameterMm: 12.3, Change: &nafasv1.Change{
				State: paired, EarlierRank: 2, EarlierMeasurement: &nafasv1.Measurement{MeanDiameterMm: 9.8},
				DiameterChangeMm: days(2.4), DiameterErrorMm: days(.7),
				Growth: &nafasv1.Growth{VolumeChange: .87, VolumeChangeLow: .5, VolumeChangeHigh: 1.3, Trend: nafasv1.Trend_TREND_GROWING,
					DoublingDays: days(99.6), DoublingDaysShort: days(75), DoublingDaysLong: days(154)},
			}},
			{Rank: 2, Change: &nafasv1.Change{State: nafasv1.ChangeState_CHANGE_STATE_NEW}},
			{Rank: 3, Change: &nafasv1.Change{State: paired, NoGrowth: []string{"KERNEL_DIFFERS"}}},
			{Rank: 4, Change: &nafasv1.Change{State: nafasv1.ChangeState_CHANGE_STATE_UNPAIRED}},
		},
		Comparison: &nafasv1.Comparison{
			EarlierStudyInstanceUid: "1.1", EarlierSeriesInstanceUid: "1.1.3", EarlierStudyDate: "20251201", Days: 90,
			EarlierFindings: []*nafasv1.EarlierFinding{
				{State: nafasv1.ChangeState_CHANGE_STATE_GONE, Finding: &nafasv1.Finding{Rank: 1, MeanDiameterMm: 6.1, Side: "left"}},
				{State: paired, CurrentRank: 1, Finding: &nafasv1.Finding{Rank: 2}},
			},
		},
	}
}

func printed(t *testing.T, format string, r *nafasv1.SeriesResult) string {
	t.Helper()
	var out bytes.Buffer
	p := newPrinter(&streams{out: &out, format: format})
	require.NoError(t, p.result(r))
	require.NoError(t, p.close())
	return out.String()
}

func csvRows(t *testing.T, text string) []map[string]string {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	require.NoError(t, err)
	var out []map[string]string
	for _, row := range rows[1:] {
		one := map[string]string{}
		for n, name := range rows[0] {
			one[name] = row[n]
		}
		out = append(out, one)
	}
	return out
}

func TestWhatChangedIsPrinted(t *testing.T) {
	rows := csvRows(t, printed(t, "csv", comparedResult()))
	require.Len(t, rows, 5, "four findings, and the one that is gone")
	for column, want := range map[string]string{
		"change": "paired", "earlier_study_date": "20251201", "days": "90", "earlier_rank": "2", "earlier_mean_diameter_mm": "9.8",
		"diameter_change_mm": "2.4", "diameter_error_mm": "0.7", "volume_change": "0.870", "trend": "growing",
		"doubling_days": "100", "doubling_days_short": "75", "doubling_days_long": "154", "not_compared": "",
	} {
		require.Equal(t, want, rows[0][column], column)
	}
	require.Equal(t, "new", rows[1]["change"])
	require.Equal(t, "KERNEL_DIFFERS", rows[2]["no_growth"])
	require.Equal(t, "", rows[2]["trend"])
	require.Equal(t, "unpaired", rows[3]["change"])
	gone := rows[4]
	require.Equal(t, []string{"1.1", "1.1.3", "earlier finding", "gone", "1", "6.1", "left"},
		[]string{gone["study_instance_uid"], gone["series_instance_uid"], gone["status"], gone["change"], gone["rank"], gone["mean_diameter_mm"], gone["side"]})

	table := printed(t, "table", comparedResult())
	require.Contains(t, table, "since 20251201")
	require.Contains(t, table, "growing, x2 in 100 days (75 to 154)")
	require.Contains(t, table, "paired, not measured")
	require.Contains(t, table, "earlier finding 1, 6.1 mm (detector), left: gone")
	require.NotContains(t, table, "earlier finding 2")
}

// An earlier study that was not compared with is never passed over in silence.
func TestWhatWasNotComparedIsPrinted(t *testing.T) {
	r := comparedResult()
	r.Comparison.EarlierFindings = nil
	for _, f := range r.Findings {
		f.Change = nil
	}
	r.Comparison.NotCompared = &nafasv1.Refusal{Reason: nafasv1.Reason_REASON_PRIOR_IMAGES_DELETED, Found: "the images are gone", Remedy: "send them"}
	require.Equal(t, "PRIOR_IMAGES_DELETED", csvRows(t, printed(t, "csv", r))[0]["not_compared"])
	table := printed(t, "table", r)
	require.Contains(t, table, "NOT COMPARED with the study of 20251201, 90 days before: the images are gone. send them")
	require.NotContains(t, table, "since 20251201")
	r.Comparison.NotCompared, r.Comparison.Refused = nil, "LUNGS_NOT_REGISTERED"
	require.Equal(t, "LUNGS_NOT_REGISTERED", csvRows(t, printed(t, "csv", r))[0]["not_compared"])
	require.Contains(t, printed(t, "table", r), "NOT COMPARED")
	r.Comparison = nil
	require.Equal(t, "", csvRows(t, printed(t, "csv", r))[0]["earlier_study_date"])
	require.NotContains(t, printed(t, "table", r), "COMPARED")
}

// Each row says the study's priority, whatever else it says.
func TestThePriorityIsPrinted(t *testing.T) {
	r := comparedResult()
	r.StudyPriority = nafasv1.Priority_PRIORITY_URGENT
	r.StudyPriorityReasons = []*nafasv1.PriorityReason{{Code: "FINDING_GROWING"}, {Code: "FINDING_GROWING"}, {Code: "SCAN_LESS_SURE"}, {}}
	row := csvRows(t, printed(t, "csv", r))[3]
	require.Equal(t, []string{"urgent", "FINDING_GROWING SCAN_LESS_SURE"}, []string{row["study_priority"], row["study_priority_reasons"]})
	r.Findings, r.StudyPriority = nil, nafasv1.Priority_PRIORITY_ROUTINE
	row = csvRows(t, printed(t, "csv", r))[0]
	require.Equal(t, []string{"routine", "20251201", ""}, []string{row["study_priority"], row["earlier_study_date"], row["rank"]})

	var out bytes.Buffer
	p := newPrinter(&streams{out: &out, format: "csv"})
	require.NoError(t, p.notRead(&nafasv1.SeriesNotRead{NotRead: &nafasv1.Refusal{Reason: nafasv1.Reason_REASON_NO_LUNG},
		StudyPriority: nafasv1.Priority_PRIORITY_NOT_ASSESSED, StudyPriorityReasons: []*nafasv1.PriorityReason{{Code: "NOT_READ"}}}))
	require.NoError(t, p.close())
	row = csvRows(t, out.String())[0]
	require.Equal(t, []string{"not read: NO_LUNG", "not assessed", "NOT_READ"}, []string{row["status"], row["study_priority"], row["study_priority_reasons"]})
}
