package report_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/part10"
	"nafas/dicomio/report"
)

// pydicom reads back what was found.
func TestPydicom(t *testing.T) {
	python := ""
	for _, name := range []string{"python3", "/usr/bin/python3"} {
		if exec.Command(name, "-c", "import pydicom").Run() == nil {
			python = name
			break
		}
	}
	if python == "" {
		require.NotEqual(t, "true", os.Getenv("CI"), "CI must have python3-pydicom")
		t.Skip("no pydicom (Debian: python3-pydicom)")
	}
	for _, l := range []report.Language{report.English, report.French, report.Arabic} {
		r := result(t, l)
		data, err := r.SR()
		require.NoError(t, err)
		path := filepath.Join(t.TempDir(), "sr.dcm")
		require.NoError(t, os.WriteFile(path, data, 0o600))
		out, err := exec.Command(python, "testdata/read.py", path).Output()
		require.NoError(t, err)
		var got struct {
			Patient, Study, Title string
			Findings              []map[string]any
		}
		require.NoError(t, json.Unmarshal(out, &got))
		require.Equal(t, "Benaïssa^Zoé", got.Patient)
		f, err := part10.Parse(data, part10.DefaultLimits())
		require.NoError(t, err)
		study, _ := f.Elements().String(tag.StudyInstanceUID)
		require.Equal(t, study, got.Study)
		require.Equal(t, map[report.Language]string{
			report.English: "Imaging Measurement Report", report.French: "Compte rendu de mesures d'imagerie", report.Arabic: "تقرير قياسات التصوير",
		}[l], got.Title)
		require.Len(t, got.Findings, len(r.Findings))
		for i, found := range got.Findings {
			want := r.Findings[i]
			require.Equal(t, []any{want.MeanDiameterMM, "mm"}, found["81827009"])
			require.Equal(t, []string{"7771000", "24028007"}[i], found["272741003"])
			require.Equal(t, "nafas-lung-1", found["111001"])
			for axis, v := range found["121231"].([]any) {
				require.InDelta(t, want.CenterLPSMM[axis], v, 1e-3)
			}
		}
	}
}
