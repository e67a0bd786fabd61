package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	nafasv1 "nafas/proto/nafas/v1"
)

// file is an instance as Orthanc has it.
func (o *orthanc) file(instance string) []byte {
	o.t.Helper()
	res, err := http.Get("http://127.0.0.1:8042/instances/" + instance + "/file")
	require.NoError(o.t, err)
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	require.NoError(o.t, err)
	return data
}

// Orthanc, as a DICOMweb client, finds a study here and fetches it with its
// result: every file byte for byte.
func TestOrthancFetchesOverDICOMweb(t *testing.T) {
	inNamespace(t, func(t *testing.T) {
		o := startOrthanc(t, "11112")
		s := startServer(t, t.TempDir(), "--http-listen", "127.0.0.1:8080", "--quiet", "1s", "--dicom-language", "fr")
		uid, files := smallStudy(t, "viewed")
		_, err := s.send(t.Context(), files)
		require.NoError(t, err)
		require.Equal(t, nafasv1.StudyState_STUDY_STATE_DONE, s.wait(uid, 2*time.Minute).State)
		sent := contents(t, files)

		var found []map[string]struct{ Value any }
		o.call(http.MethodPost, "/dicom-web/servers/nafas/qido",
			[]byte(`{"Uri": "/studies", "Arguments": {"PatientName": "test^VIEW*", "00080061": "SR"}}`), &found)
		require.Len(t, found, 1)
		o.call(http.MethodPost, "/dicom-web/servers/nafas/qido", fmt.Appendf(nil, `{"Uri": "/studies/%s/series"}`, uid), &found)
		require.Len(t, found, 5)

		o.call(http.MethodPost, "/dicom-web/servers/nafas/retrieve", fmt.Appendf(nil, `{"Resources": [{"Study": %q}], "Synchronous": true}`, uid), nil)
		var studies, instances []string
		o.call(http.MethodGet, "/studies", nil, &studies)
		require.Len(t, studies, 1)
		require.Equal(t, []string{"CT", "KO", "OT", "SEG", "SR"}, o.series(studies[0]))
		o.call(http.MethodGet, "/instances", nil, &instances)
		require.Len(t, instances, len(sent)+4)

		want := map[string]bool{}
		for _, data := range sent {
			want[string(data)] = true
		}
		for _, kind := range []string{"sr", "ko", "seg", "sc"} {
			path := filepath.Join(t.TempDir(), kind)
			code, _, stderr := nafas(t, "report", uid, "--address", s.address, "--as", kind, "--language", "fr", "-o", path)
			require.Equal(t, exitDone, code, stderr)
			data, err := os.ReadFile(path)
			require.NoError(t, err)
			want[string(data)] = true
		}
		for _, id := range slices.Sorted(slices.Values(instances)) {
			data := string(o.file(id))
			require.True(t, want[data], "a file that was not sent so")
			delete(want, data)
		}
		require.Empty(t, want)
	})
}
