package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/part10"
	nafasv1 "nafas/proto/nafas/v1"
)

func TestReportVerb(t *testing.T) {
	s := startServer(t, t.TempDir())
	uid, files := smallStudy(t, "report")
	code, _, stderr := nafas(t, "report", uid, "--address", s.address)
	require.Equal(t, exitFailed, code)
	require.Contains(t, stderr, "nothing of this study was taken in")
	_, err := s.send(t.Context(), files)
	require.NoError(t, err)
	require.Equal(t, nafasv1.StudyState_STUDY_STATE_DONE, s.wait(uid, time.Minute).State)

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
		study, _ := f.Elements().String(tag.StudyInstanceUID)
		require.Equal(t, uid, study)
	}
	code, out, stderr := nafas(t, "report", uid, "--address", s.address, "--as", "json")
	require.Equal(t, exitDone, code, stderr)
	require.Contains(t, out, uid)
	code, _, stderr = nafas(t, "report", "not-a-uid", "--address", s.address)
	require.Equal(t, exitFailed, code)
	require.Contains(t, stderr, "study_instance_uid")
}
