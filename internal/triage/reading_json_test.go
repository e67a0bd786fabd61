package triage_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/internal/triage"
)

// TestPathsOfFilesSurviveJSON: a worker process is told of files in JSON, whose
// strings are UTF-8; names of files are bytes.
func TestPathsOfFilesSurviveJSON(t *testing.T) {
	for _, path := range []string{"/archive/a.dcm", "/archive/M\xfcller/1", "/archive/\u0645", ""} {
		want := triage.ReadingFile{Path: path, Content: triage.Sum{1, 2}, Name: "a"}
		text, err := json.Marshal(triage.ReadingJob{Files: []triage.ReadingFile{want}})
		require.NoError(t, err)
		var got triage.ReadingJob
		require.NoError(t, json.Unmarshal(text, &got))
		require.Equal(t, []triage.ReadingFile{want}, got.Files)
	}
}
