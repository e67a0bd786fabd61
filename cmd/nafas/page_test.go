package main

import (
	"encoding/json"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/internal/triage"
	"nafas/internal/web/api"
	"nafas/models"
	nafasv1 "nafas/proto/nafas/v1"
)

// The page, its worklist and DICOMweb come from one listener, to everybody on this
// machine where there are no users.
func TestServeServesThePage(t *testing.T) {
	s := startServer(t, t.TempDir(), "--http-listen", "127.0.0.1:0", "--quiet", "1s")
	uid, files := smallStudy(t, "on the page")
	_, err := s.send(t.Context(), files)
	require.NoError(t, err)
	require.Equal(t, nafasv1.StudyState_STUDY_STATE_DONE, s.wait(uid, 2*time.Minute).State)
	read := func(path string, into any) {
		t.Helper()
		res, err := http.Get("http://" + s.http + path)
		require.NoError(t, err)
		defer res.Body.Close()
		data, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, res.StatusCode, "%s: %s", path, data)
		if into != nil {
			require.NoError(t, json.Unmarshal(data, into))
		}
	}
	read("/", nil)
	read("/page/page.js", nil)
	read("/dicom-web/studies?StudyInstanceUID="+uid, nil)
	var me api.Me
	read("/api/me", &me)
	require.True(t, me.Open)
	var list api.Worklist
	read("/api/worklist", &list)
	require.Len(t, list.Studies, 1)
	require.Equal(t, uid, list.Studies[0].UID)
	var about api.About
	read("/api/about", &about)
	require.Len(t, about.Models, 1)
	require.True(t, about.Models[0].Live)
	require.Empty(t, about.Models[0].Accuracy, "the model of this test is not the shipped one")
	var page api.StudyPage
	read("/api/studies/"+uid, &page)
	require.Equal(t, about.Models[0].Model, page.Series[0].Result.Model)
}

// What was measured is told of the very model that was measured.
func TestAboutAModel(t *testing.T) {
	shipped, err := models.Open("")
	require.NoError(t, err)
	is := triage.Model{Name: shipped.Name, Version: shipped.Version, SHA256: shipped.SHA256()}
	about, err := aboutModel(is)
	require.NoError(t, err)
	require.NotEmpty(t, about.Accuracy)
	require.NotEmpty(t, about.Limits)
	require.InDelta(t, float64(about.Accuracy[0].Hit)/float64(about.Accuracy[0].Of), about.Accuracy[0].Value, 1e-9)
	is.SHA256 = "another"
	about, err = aboutModel(is)
	require.NoError(t, err)
	require.Empty(t, about.Accuracy)
	require.NotNil(t, about.Limits)
}
