package sources_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/dimse/netnstest"
	"nafas/dicomio/pixel"
	"nafas/dicomio/refusal"
	"nafas/internal/rescore"
	"nafas/internal/rescore/sources"
)

// orthancConfig is an archive that knows us; its DICOM port listens on every
// interface, so only within a namespace.
const orthancConfig = `{
  "Name": "archive", "StorageDirectory": %q, "IndexDirectory": %q,
  "HttpPort": 8042, "RemoteAccessAllowed": false, "AuthenticationEnabled": false,
  "DicomAet": "ORTHANC", "DicomPort": 4242, "DicomCheckCalledAet": true,
  "DicomModalities": { "nafas": { "AET": "RESCORE", "Host": "127.0.0.1", "Port": 11113 } },
  "DicomAlwaysAllowStore": false, "UnknownSopClassAccepted": false,
  "Plugins": [%q],
  "DicomWeb": { "Enable": true, "Root": "/dicom-web/" }
}`

// dicomWebPlugin is where Debian has it.
const dicomWebPlugin = "/usr/share/orthanc/plugins/libOrthancDicomWeb.so"

// orthanc is a running Orthanc.
type orthanc struct {
	t   *testing.T
	cmd *exec.Cmd
}

func startOrthanc(t *testing.T) *orthanc {
	t.Helper()
	path, err := exec.LookPath("Orthanc")
	if err != nil {
		require.NotEqual(t, "true", os.Getenv("CI"), "CI must have Orthanc")
		t.Skip("no Orthanc (Debian: orthanc)")
	}
	if _, err := os.Stat(dicomWebPlugin); err != nil {
		require.NotEqual(t, "true", os.Getenv("CI"), "CI must have Orthanc's DICOMweb")
		t.Skip("no DICOMweb for Orthanc (Debian: orthanc-dicomweb)")
	}
	dir := t.TempDir()
	config, storage := filepath.Join(dir, "orthanc.json"), filepath.Join(dir, "storage")
	require.NoError(t, os.Mkdir(storage, 0o700))
	require.NoError(t, os.WriteFile(config, fmt.Appendf(nil, orthancConfig, storage, storage, dicomWebPlugin), 0o600))
	cmd := exec.Command(path, config)
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	require.NoError(t, cmd.Start())
	o := &orthanc{t, cmd}
	t.Cleanup(func() {
		o.stop()
		if t.Failed() {
			t.Log(log.String())
		}
	})
	require.Eventually(t, func() bool {
		conn, err := net.Dial("tcp", "127.0.0.1:4242")
		if err != nil {
			return false
		}
		conn.Close()
		res, err := http.Get("http://127.0.0.1:8042/system")
		if err != nil {
			return false
		}
		res.Body.Close()
		return res.StatusCode == http.StatusOK
	}, 30*time.Second, 100*time.Millisecond, "Orthanc does not start")
	return o
}

func (o *orthanc) stop() {
	_ = o.cmd.Process.Kill()
	_ = o.cmd.Wait()
}

// call asks Orthanc's own interface.
func (o *orthanc) call(method, path string, body []byte, answer any) {
	o.t.Helper()
	rq, err := http.NewRequestWithContext(o.t.Context(), method, "http://127.0.0.1:8042"+path, bytes.NewReader(body))
	require.NoError(o.t, err)
	res, err := http.DefaultClient.Do(rq)
	require.NoError(o.t, err)
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	require.NoError(o.t, err)
	require.Equal(o.t, http.StatusOK, res.StatusCode, "%s %s: %s", method, path, data)
	if answer != nil {
		require.NoError(o.t, json.Unmarshal(data, answer))
	}
}

// remove deletes a series.
func (o *orthanc) remove(seriesUID string) {
	o.t.Helper()
	var found []struct{ ID string }
	o.call(http.MethodPost, "/tools/lookup", []byte(seriesUID), &found)
	require.Len(o.t, found, 1)
	o.call(http.MethodDelete, "/series/"+found[0].ID, nil, nil)
}

// removeOne deletes an instance of a series.
func (o *orthanc) removeOne(seriesUID string) {
	o.t.Helper()
	var found []struct{ ID string }
	o.call(http.MethodPost, "/tools/lookup", []byte(seriesUID), &found)
	var series struct{ Instances []string }
	o.call(http.MethodGet, "/series/"+found[0].ID, nil, &series)
	o.call(http.MethodDelete, "/instances/"+series.Instances[0], nil, nil)
}

// archived are studies of several kinds.
func archived() []series {
	return []series{
		{study: "a", name: "chest", modality: "CT", date: "20190304", description: "CT Chest", slices: 40},
		{study: "a", name: "bone", modality: "CT", date: "20190304", description: "CT Chest", slices: 6},
		{study: "a", name: "sc", modality: "OT", class: classSC, date: "20190304", description: "CT Chest", slices: 2},
		{study: "b", name: "undated", modality: "CT", date: "none", slices: 5},
		{study: "c", name: "mr", modality: "MR", class: classMR, date: "20200101", slices: 3},
		{study: "d", name: "head", modality: "CT", date: "20200101", description: "Head", slices: 4},
		{study: "e", name: "old", modality: "CT", date: "19651224", slices: 3},
	}
}

// Orthanc finds a study by the date of the image that came first, and tells that of
// another one: by none of its questions for days does it give such a study on a day
// that it says.
func TestOrthancGivesAStudyOfTwoDays(t *testing.T) {
	netnstest.Run(t, func(t *testing.T) {
		o := startOrthanc(t)
		for _, s := range []series{
			{study: "two", name: "chest", modality: "CT", date: "20030718", slices: 4},
			{study: "two", name: "marks", modality: "OT", class: classSC, date: "20141106", slices: 1},
			{study: "back", name: "marks", modality: "OT", class: classSC, date: "20141106", slices: 1},
			{study: "back", name: "chest", modality: "CT", date: "20030718", slices: 4},
		} {
			for _, data := range s.instances(t) {
				o.call(http.MethodPost, "/instances", data, nil)
			}
		}
		opt := options(t)
		opt.Decoded, opt.Pause = pixel.Known(), 10*time.Millisecond
		for _, spec := range []rescore.SourceSpec{
			{Kind: rescore.SourceWeb, URL: "http://127.0.0.1:8042/dicom-web"},
			{Kind: rescore.SourceDIMSE, Peer: "ORTHANC=127.0.0.1:4242", OwnAE: "RESCORE", Listen: "127.0.0.1:11113"},
		} {
			s, err := sources.Open(spec, opt)
			require.NoError(t, err)
			l := scanAll(t, s)
			require.Len(t, l.studies(), 2, spec.Kind)
			require.Len(t, l.parts, 4, spec.Kind)
			require.Empty(t, l.again)
			require.NoError(t, s.Close())
		}
	})
}

// Orthanc by DICOMweb, Orthanc by DICOM and a folder hold the same: the same
// studies and series, as many instances, and the same pixels.
func TestOrthancHoldsWhatAFolderHolds(t *testing.T) {
	netnstest.Run(t, func(t *testing.T) {
		o := startOrthanc(t)
		dir := t.TempDir()
		for _, s := range archived() {
			for i, data := range s.instances(t) {
				put(t, dir, fmt.Sprintf("%s/%s/%d", s.study, s.name, i), data)
				o.call(http.MethodPost, "/instances", data, nil)
			}
		}
		want := scanAll(t, folder(t, dir, 0))
		require.Len(t, want.parts, 7)
		opt := options(t)
		opt.Decoded, opt.Pause = pixel.Known(), 10*time.Millisecond
		web := rescore.SourceSpec{Kind: rescore.SourceWeb, URL: "http://127.0.0.1:8042/dicom-web"}
		dicom := rescore.SourceSpec{Kind: rescore.SourceDIMSE, Peer: "ORTHANC=127.0.0.1:4242", OwnAE: "RESCORE", Listen: "127.0.0.1:11113"}
		mr := series{study: "c"}.studyUID()
		for _, spec := range []rescore.SourceSpec{web, dicom} {
			s, err := sources.Open(spec, opt)
			require.NoError(t, err)
			require.True(t, s.Whole())
			got := scanAll(t, s)
			require.Empty(t, got.loose)
			wantCases, gotCases := want.studies(), got.studies()
			require.NotContains(t, gotCases, mr, "no CT")
			delete(wantCases, mr)
			require.Equal(t, slices.Sorted(maps.Keys(wantCases)), slices.Sorted(maps.Keys(gotCases)))
			for uid, c := range gotCases {
				for i, p := range c.Parts {
					w := wantCases[uid].Parts[i]
					w.Files = nil
					require.Equal(t, w, p)
				}
				require.Equal(t, fetched(t, folder(t, dir, 0), wantCases[uid]), fetched(t, s, c), "the same instances with the same pixels")
			}
			require.Empty(t, left(t, opt.Spool))
			cut := newListing()
			after := scan(t, s, cut, "", 1)
			scan(t, s, cut, after, 0)
			require.Equal(t, got.parts, cut.parts)
			for q, n := range map[rescore.Query]int{
				{From: "20190101"}: 2, {To: "20190304"}: 2, {From: "20190304", To: "20190304"}: 1, {Description: "ct chest"}: 3, {Description: "*CHEST*"}: 3, {Modality: "MR"}: 1,
			} {
				narrow := spec
				narrow.Query = q
				n0, err := sources.Open(narrow, opt)
				require.NoError(t, err)
				l := scanAll(t, n0)
				require.Len(t, l.studies(), n, "%s %+v", spec.Kind, q)
				require.NoError(t, n0.Close())
			}
			listed := spec
			listed.Studies = []string{mr, "1.2.3", series{study: "d"}.studyUID()}
			l0, err := sources.Open(listed, opt)
			require.NoError(t, err)
			l := scanAll(t, l0)
			require.Len(t, l.studies(), 2)
			require.Equal(t, rescore.ReasonGone, l.loose["study 1.2.3"].Reason)
			require.NoError(t, l0.Close())
			require.NoError(t, s.Close())
		}
		goneFromOrthanc(t, o, want, []rescore.SourceSpec{web, dicom}, opt)
	})
}

// goneFromOrthanc removes an instance, a series and the archive.
func goneFromOrthanc(t *testing.T, o *orthanc, planned *listing, specs []rescore.SourceSpec, opt sources.Options) {
	t.Helper()
	cases := planned.studies()
	a, d := cases[series{study: "a"}.studyUID()], cases[series{study: "d"}.studyUID()]
	o.removeOne(series{study: "a", name: "bone"}.seriesUID())
	o.remove(series{study: "d", name: "head"}.seriesUID())
	fetch := func(spec rescore.SourceSpec, c rescore.Case) error {
		s, err := sources.Open(spec, opt)
		require.NoError(t, err)
		defer s.Close()
		files, release, err := s.Fetch(context.Background(), c)
		release()
		require.Empty(t, files)
		require.Empty(t, left(t, opt.Spool))
		return err
	}
	for _, spec := range specs {
		err := fetch(spec, a)
		require.Equal(t, refusal.Reason(rescore.ReasonIncomplete), refusal.Of(err), "%s: %v", spec.Kind, err)
		require.ErrorContains(t, err, "5 of the 6")
		err = fetch(spec, d)
		require.Equal(t, refusal.Reason(rescore.ReasonGone), refusal.Of(err), "%s: %v", spec.Kind, err)
	}
	stranger := specs[1]
	stranger.OwnAE = "STRANGER"
	err := fetch(stranger, a)
	require.Error(t, err)
	require.Empty(t, refusal.Of(err), "the archive does not know us: no study's fault")
	deaf := specs[1]
	deaf.Listen = "127.0.0.1:11199" // not where the archive sends to
	err = fetch(deaf, a)
	require.ErrorContains(t, err, "nothing came")
	require.Empty(t, refusal.Of(err))
	o.stop()
	for _, spec := range specs {
		err := fetch(spec, a)
		require.ErrorContains(t, err, "refused")
		require.Empty(t, refusal.Of(err))
		s, err := sources.Open(spec, opt)
		require.NoError(t, err)
		require.Error(t, s.Scan(context.Background(), "", func(rescore.Batch) error { return nil }))
	}
}
