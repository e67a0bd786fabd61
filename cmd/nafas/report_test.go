package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/ctwriter"
	"nafas/dicomio/part10"
	nafasv1 "nafas/proto/nafas/v1"
)

func TestReportVerb(t *testing.T) {
	s := startServer(t, t.TempDir(), "--model", "../../models/nafas-lung-1")
	uid, files := studyFiles(t, planted(t).Volume, "report", ctwriter.Options{})
	code, _, stderr := nafas(t, "report", uid, "--address", s.address)
	require.Equal(t, exitFailed, code)
	require.Contains(t, stderr, "nothing of this study was taken in")
	_, err := s.send(t.Context(), files)
	require.NoError(t, err)
	study := s.wait(uid, time.Minute)
	require.Equal(t, nafasv1.StudyState_STUDY_STATE_DONE, study.State)

	var findings []*nafasv1.Finding
	for _, series := range study.GetSeries() {
		findings = append(findings, series.GetResult().GetFindings()...)
	}
	for as, class := range map[string]string{
		"sr": "1.2.840.10008.5.1.4.1.1.88.34", "ko": "1.2.840.10008.5.1.4.1.1.88.59",
		"seg": "1.2.840.10008.5.1.4.1.1.66.4", "sc": "1.2.840.10008.5.1.4.1.1.7.4",
	} {
		out := filepath.Join(t.TempDir(), as)
		code, _, stderr = nafas(t, "report", uid, "--address", s.address, "--as", as, "-o", out)
		require.Equal(t, exitDone, code, stderr)
		data, err := os.ReadFile(out)
		require.NoError(t, err)
		f, err := part10.Parse(data, part10.DefaultLimits())
		require.NoError(t, err)
		got, _ := f.Elements().String(tag.SOPClassUID)
		require.Equal(t, class, got)
		of, _ := f.Elements().String(tag.StudyInstanceUID)
		require.Equal(t, uid, of)
		if as == "sr" {
			saysTheSame(t, out, findings)
		}
	}
	code, out, stderr := nafas(t, "report", uid, "--address", s.address, "--as", "json")
	require.Equal(t, exitDone, code, stderr)
	require.Contains(t, out, uid)
	code, _, stderr = nafas(t, "report", "not-a-uid", "--address", s.address)
	require.Equal(t, exitFailed, code)
	require.Contains(t, stderr, "study_instance_uid")
}

// saysTheSame: what pydicom reads in a structured report is what the interface
// gives.
func saysTheSame(t *testing.T, report string, findings []*nafasv1.Finding) {
	t.Helper()
	const interpreter = "/usr/bin/python3"
	if exec.Command(interpreter, "-c", "import pydicom").Run() != nil {
		require.NotEqual(t, "true", os.Getenv("CI"), "CI must have python3-pydicom")
		t.Log("not compared: no pydicom (Debian: python3-pydicom)")
		return
	}
	printed, err := exec.Command(interpreter, "../../dicomio/report/testdata/read.py", report).Output()
	require.NoError(t, err)
	var got struct{ Findings []map[string]any }
	require.NoError(t, json.Unmarshal(printed, &got))
	require.Len(t, got.Findings, len(findings))
	measured := 0
	for i, f := range findings {
		found, m := got.Findings[i], f.GetMeasurement()
		require.Equal(t, []any{f.GetShownDiameterMm(), "mm"}, found["81827009"])
		require.Equal(t, f.GetShownDiameterBy() == "measured", found["81827009 111001"] == "radial border")
		if !m.GetReliable() {
			require.NotContains(t, found, "118565006")
			continue
		}
		measured++
		require.Equal(t, []any{m.GetVolumeMm3(), "mm3"}, found["118565006"])
		require.Equal(t, []any{m.GetLongAxis().GetLengthMm(), "mm"}, found["103339001"])
		require.Equal(t, []any{m.GetShortAxis().GetLengthMm(), "mm"}, found["103340004"])
		require.Equal(t, []any{m.GetMeanHu(), "[hnsf'U]"}, found["112031"])
		require.NotEmpty(t, found["C41144"])
	}
	require.Positive(t, measured, "nothing measured is compared")
}
