package main

import (
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/inference/volume"
	"nafas/internal/rescore"
	"nafas/internal/rescore/tables"
	"nafas/internal/triage"
)

// scoredInput is a series with a finding at each x, the first score 0.9, then 0.1
// less each.
func scoredInput(series string, state rescore.SeriesState, from float64, at ...float64) rescore.Row {
	r := triage.Result{SeriesUID: series, Scan: triage.Scan{SliceThicknessMM: 1, Kernel: "B70f"}}
	for i, x := range at {
		var f triage.Finding
		f.Rank, f.Score, f.CenterLPSMM, f.MeanDiameterMM = i+1, from-float64(i)/10, volume.Vec3{x, 0, 0}, 7
		r.Findings = append(r.Findings, f)
	}
	return rescore.Row{StudyUID: series[:1], SeriesUID: series, Modality: "CT", State: state, Result: &r}
}

// The tables of a rescoring go into an evaluation as they are. By hand: 0.9 hits the
// nodule of 1.1 and 0.8 is false there, 0.7 hits that of 2.1, that of 3.1 is missed.
func TestTablesOfARescoringAreEvaluated(t *testing.T) {
	dir := t.TempDir()
	e, err := tables.Create(dir, tables.Header{Rescoring: 1, Name: "=1+1"}, tables.CSV)
	require.NoError(t, err)
	for _, r := range []rescore.Row{
		{Path: "notes.txt", State: rescore.Skipped, Reason: rescore.ReasonNotDICOM},
		scoredInput("1.1", rescore.Scored, 0.9, 1, 50),
		{StudyUID: "1", SeriesUID: "1.2", State: rescore.Skipped, Reason: "NOT_PREFERRED"},
		scoredInput("2.1", rescore.Unchanged, 0.7, -2),
		scoredInput("3.1", rescore.Scored, 0.9),
		{StudyUID: "4", SeriesUID: "4.1", State: rescore.Failed, Reason: "DICOM_MALFORMED"},
	} {
		require.NoError(t, e.Add(r))
	}
	_, err = e.Complete()
	require.NoError(t, err)
	truth := filepath.Join(dir, "nodules.csv")
	writeText(t, truth, noduleColumns+"1.1,0,0,0,8\n2.1,0,0,0,6\n3.1,10,0,0,8\n4.1,0,0,0,8\n")

	code, stdout, stderr := nafas(t, "evaluate", "--format", "json", "--resamples", "50", "--threshold", "0.85",
		"--marks", filepath.Join(dir, "findings.csv"), "--series", filepath.Join(dir, "series.csv"), "--annotations", truth)
	require.Zero(t, code, stderr)
	require.Contains(t, stderr, "note: 3 rows of series.csv are passed over: they say that their series were not read")
	require.Contains(t, stderr, "1 of 4 nodules are of series that do not count here")
	var got struct {
		Scans, Nodules, Detected int
		FalseMarks               int `json:"false_marks"`
		ScansWithoutMarks        int `json:"scans_without_marks"`
		CPM                      float64
		Sensitivity              map[string]float64
		Thresholds               []struct{ Detected int }
		Strata                   []struct {
			By, Name string
			Scans    int
		}
	}
	require.NoError(t, json.Unmarshal([]byte(stdout), &got))
	require.Equal(t, []int{3, 3, 2, 1, 1}, []int{got.Scans, got.Nodules, got.Detected, got.FalseMarks, got.ScansWithoutMarks},
		"a scan without findings counts, a series that was not read does not")
	for rate, want := range map[string]float64{"0.125": 1.0 / 3, "0.25": 1.0 / 3, "0.5": 2.0 / 3, "8": 2.0 / 3} {
		require.InDelta(t, want, got.Sensitivity[rate], 1e-8, rate)
	}
	require.InDelta(t, 4.0/7, got.CPM, 1e-8)
	require.Equal(t, 1, got.Thresholds[0].Detected)
	require.Contains(t, got.Strata, struct {
		By, Name string
		Scans    int
	}{"thickness", "up to 1 mm", 3}, "the columns of the scans are read too")
}
