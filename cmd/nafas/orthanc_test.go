package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/ctwriter"
	"nafas/dicomio/dimse/netnstest"
	"nafas/internal/client"
	nafasv1 "nafas/proto/nafas/v1"
)

// orthancConfig is an archive that knows Nafas; its DICOM port listens on
// every interface, so only within a namespace.
const orthancConfig = `{
  "Name": "archive", "StorageDirectory": %q, "IndexDirectory": %q,
  "HttpPort": 8042, "RemoteAccessAllowed": false, "AuthenticationEnabled": false,
  "DicomAet": "ORTHANC", "DicomPort": 4242, "DicomCheckCalledAet": true,
  "DicomModalities": { "nafas": { "AET": "NAFAS", "Host": "127.0.0.1", "Port": %s, "AllowStorageCommitment": true } },
  "DicomAlwaysAllowStore": false, "UnknownSopClassAccepted": false,
  "Plugins": [%q],
  "DicomWeb": { "Enable": true, "Root": "/dicom-web/", "Servers": { "nafas": [ "http://127.0.0.1:8080/dicom-web/" ] } }
}`

// dicomWebPlugin is where Debian has it.
const dicomWebPlugin = "/usr/share/orthanc/plugins/libOrthancDicomWeb.so"

// inNamespace runs a test beside others in a network of its own, with the
// program that was built once for all.
func inNamespace(t *testing.T, body func(t *testing.T)) {
	t.Helper()
	t.Parallel()
	path, err := nafasBinary()
	require.NoError(t, err)
	require.NoError(t, os.Setenv(binaryVariable, path))
	netnstest.Run(t, body)
}

// orthanc is a running Orthanc.
type orthanc struct{ t *testing.T }

func startOrthanc(t *testing.T, nafasPort string) *orthanc {
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
	config := filepath.Join(dir, "orthanc.json")
	storage := filepath.Join(dir, "storage")
	require.NoError(t, os.Mkdir(storage, 0o700))
	require.NoError(t, os.WriteFile(config, fmt.Appendf(nil, orthancConfig, storage, storage, nafasPort, dicomWebPlugin), 0o600))
	cmd := exec.Command(path, config)
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Log(log.String())
		}
	})
	o := &orthanc{t}
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

func contents(t *testing.T, files []client.File) (out [][]byte) {
	t.Helper()
	for _, f := range files {
		data, err := f.Open()
		require.NoError(t, err)
		out = append(out, data)
	}
	return out
}

// upload puts files into Orthanc and returns its name of the study.
func (o *orthanc) upload(files [][]byte) (study string) {
	o.t.Helper()
	for _, f := range files {
		var answer struct{ ParentStudy string }
		o.call(http.MethodPost, "/instances", f, &answer)
		study = answer.ParentStudy
	}
	return study
}

// series are the modalities of a study's series, sorted.
func (o *orthanc) series(study string) (modalities []string) {
	o.t.Helper()
	var list []struct {
		MainDicomTags struct{ Modality string }
	}
	o.call(http.MethodGet, "/studies/"+study+"/series", nil, &list)
	for _, s := range list {
		modalities = append(modalities, s.MainDicomTags.Modality)
	}
	slices.Sort(modalities)
	return modalities
}

// Orthanc sends a study by C-STORE and asks for storage commitment; the
// report and the key images come back by themselves, in the same study. Sent
// round once more, they change nothing.
func TestOrthancSendsAndGetsResults(t *testing.T) {
	inNamespace(t, func(t *testing.T) {
		port := "11112"
		o := startOrthanc(t, port)
		s := startServer(t, t.TempDir(), "--dicom-listen", "127.0.0.1:"+port, "--quiet", "1s",
			"--dicom-calling", "ORTHANC", "--dicom-peer", "ORTHANC=127.0.0.1:4242",
			"--dicom-deliver", "ORTHANC=127.0.0.1:4242", "--dicom-language", "fr")
		uid, files := smallStudy(t, "orthanc")
		images := contents(t, files)
		study := o.upload(images)
		require.Equal(t, []string{"CT"}, o.series(study))

		var job struct{ ID string }
		o.call(http.MethodPost, "/modalities/nafas/store", fmt.Appendf(nil, `{"Resources": [%q], "StorageCommitment": true, "Asynchronous": true}`, study), &job)
		require.Eventually(t, func() bool {
			return slices.Equal([]string{"CT", "KO", "SR"}, o.series(study))
		}, 2*time.Minute, 200*time.Millisecond, "report and key images are back in the study")
		require.Equal(t, nafasv1.StudyState_STUDY_STATE_DONE, s.wait(uid, time.Minute).State)

		var state struct {
			State   string
			Content struct {
				StorageCommitmentTransactionUID string `json:"StorageCommitmentTransactionUID"`
			}
		}
		require.Eventually(t, func() bool {
			o.call(http.MethodGet, "/jobs/"+job.ID, nil, &state)
			return state.State == "Success"
		}, time.Minute, 200*time.Millisecond)
		require.NotEmpty(t, state.Content.StorageCommitmentTransactionUID)
		var commitment struct{ Status string }
		require.Eventually(t, func() bool {
			o.call(http.MethodGet, "/storage-commitment/"+state.Content.StorageCommitmentTransactionUID, nil, &commitment)
			return commitment.Status != "Pending"
		}, time.Minute, 200*time.Millisecond)
		require.Equal(t, "Success", commitment.Status)

		// The archive sends the whole study again, our own objects with it.
		o.call(http.MethodPost, "/modalities/nafas/store", []byte(study), nil)
		require.Equal(t, len(images)+2, s.instancesBy(uid, len(images)+2, time.Minute))
		time.Sleep(3 * time.Second) // longer than the quiet time: a second report would be made by now
		require.Equal(t, nafasv1.StudyState_STUDY_STATE_DONE, s.wait(uid, time.Minute).State)
		require.Equal(t, []string{"CT", "KO", "SR"}, o.series(study), "no report on reports")

		var reports []struct {
			MainDicomTags struct{ SOPInstanceUID string }
			ID            string
		}
		o.call(http.MethodPost, "/tools/find", []byte(`{"Level": "Instance", "Expand": true, "Query": {"Modality": "SR"}}`), &reports)
		require.Len(t, reports, 1)
		var tags map[string]any
		o.call(http.MethodGet, "/instances/"+reports[0].ID+"/simplified-tags", nil, &tags)
		require.Equal(t, uid, tags["StudyInstanceUID"])
		require.Equal(t, "Test^orthanc", tags["PatientName"])

		// The same report by gRPC is the same object, byte for byte.
		file := filepath.Join(t.TempDir(), "sr.dcm")
		code, _, stderr := nafas(t, "report", uid, "--address", s.address, "--language", "fr", "-o", file)
		require.Equal(t, exitDone, code, stderr)
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		require.Equal(t, tags["SOPInstanceUID"], takeApart(t, data).SOPInstanceUID)
		delivered, err := s.client.Triage().GetStudy(t.Context(), &nafasv1.GetStudyRequest{StudyInstanceUid: uid})
		require.NoError(t, err)
		require.Len(t, delivered.Study.Deliveries, 1)
		require.Equal(t, nafasv1.DeliveryState_DELIVERY_STATE_DELIVERED, delivered.Study.Deliveries[0].State)
		require.Equal(t, "ORTHANC", delivered.Study.Deliveries[0].Destination)
		require.True(t, strings.HasPrefix(tags["SeriesDescription"].(string), "RESEARCH ONLY"))
	})
}

// Orthanc sends by STOW-RS, and finds the results in the same study by its own
// QIDO-RS.
func TestOrthancOverDICOMweb(t *testing.T) {
	inNamespace(t, func(t *testing.T) {
		o := startOrthanc(t, "11112")
		s := startServer(t, t.TempDir(), "--http-listen", "127.0.0.1:8080", "--quiet", "1s",
			"--dicom-deliver-web", "archive=http://127.0.0.1:8042/dicom-web")
		uid, files := smallStudy(t, "stow")
		images := contents(t, files)
		study := o.upload(images)
		o.call(http.MethodPost, "/dicom-web/servers/nafas/stow", fmt.Appendf(nil, `{"Resources": [%q], "Synchronous": true}`, study), nil)
		require.Eventually(t, func() bool {
			return slices.Equal([]string{"CT", "KO", "SR"}, o.series(study))
		}, 2*time.Minute, 200*time.Millisecond, "report and key images are back in the study")
		require.Equal(t, nafasv1.StudyState_STUDY_STATE_DONE, s.wait(uid, time.Minute).State)
		require.Equal(t, len(images), s.instances(uid))
		var found []map[string]struct{ Value []any }
		o.call(http.MethodGet, "/dicom-web/studies/"+uid+"/series?Modality=SR", nil, &found)
		require.Len(t, found, 1)
	})
}

// A study is fetched by its accession number, or whatever names it, and the
// result goes back.
func TestFetchingFromOrthanc(t *testing.T) {
	inNamespace(t, func(t *testing.T) {
		const archive = "ORTHANC=127.0.0.1:4242"
		o := startOrthanc(t, "11112")
		s := startServer(t, t.TempDir(), "--dicom-listen", "127.0.0.1:11112", "--quiet", "1s", "--dicom-deliver", archive)
		uid, files := smallStudy(t, "fetched")
		images := contents(t, files)
		study := o.upload(images)

		code, out, stderr := nafas(t, "fetch", archive, "--patient", "fetch*", "--list")
		require.Equal(t, exitDone, code, stderr)
		require.Contains(t, out, uid)
		require.Zero(t, s.instances(uid), "a list fetches nothing")
		for _, by := range [][]string{{"--patient", "fetch*"}, {"--study", uid}, {"--dates", "20200101-"}} {
			code, out, stderr = nafas(t, append([]string{"fetch", archive}, by...)...)
			require.Equal(t, exitDone, code, stderr)
			require.Contains(t, out, "instances sent to NAFAS", by)
		}
		require.Equal(t, nafasv1.StudyState_STUDY_STATE_DONE, s.wait(uid, time.Minute).State)
		require.Eventually(t, func() bool {
			return slices.Equal([]string{"CT", "KO", "SR"}, o.series(study))
		}, 2*time.Minute, 200*time.Millisecond)

		// Two earlier studies of the patient, of which the later one is fetched
		// along, and one of another patient.
		older, files := smallStudyOf(t, "fetched", ctwriter.Options{Date: "20190101"}, "older")
		o.upload(contents(t, files))
		oldest, files := smallStudyOf(t, "fetched", ctwriter.Options{Date: "20180101"}, "oldest")
		o.upload(contents(t, files))
		other, files := smallStudyOf(t, "other", ctwriter.Options{Date: "20190601"})
		o.upload(contents(t, files))
		code, out, stderr = nafas(t, "fetch", archive, "--study", uid, "--priors", "1", "--list")
		require.Equal(t, exitDone, code, stderr)
		require.Less(t, strings.Index(out, older), strings.Index(out, uid), "the earlier one first")
		require.Contains(t, out, older)
		require.NotContains(t, out, oldest)
		require.NotContains(t, out, other)

		// The same archive by DICOMweb: what comes is sent on by gRPC, as it is.
		const web = "http://127.0.0.1:8042/dicom-web"
		code, out, stderr = nafas(t, "fetch", web, "--study", uid, "--priors", "1", "--list", "--address", s.address)
		require.Equal(t, exitDone, code, stderr)
		require.Less(t, strings.Index(out, older), strings.Index(out, uid), "the earlier one first")
		require.Contains(t, out, older)
		require.NotContains(t, out, oldest)
		require.NotContains(t, out, other)
		code, out, stderr = nafas(t, "fetch", web, "--study", older, "--address", s.address)
		require.Equal(t, exitDone, code, stderr)
		require.Contains(t, out, "instances sent to "+s.address)
		require.Equal(t, nafasv1.StudyState_STUDY_STATE_DONE, s.wait(older, time.Minute).State)
		code, _, stderr = nafas(t, "fetch", web, "--study", older, "--address", "127.0.0.1:1")
		require.Equal(t, exitFailed, code, "no service")
		require.Contains(t, stderr, "0 of")
		code, _, stderr = nafas(t, "fetch", web+"/nowhere", "--study", older)
		require.Equal(t, exitFailed, code)
		require.Contains(t, stderr, "404")

		code, _, stderr = nafas(t, "fetch", archive, "--patient", "nobody")
		require.Equal(t, exitFailed, code)
		require.Contains(t, stderr, "no such study")
		code, _, stderr = nafas(t, "fetch", archive, "--study", uid, "--ae", "STRANGER")
		require.Equal(t, exitFailed, code, "a title that the archive does not know")
		require.NotEmpty(t, stderr)
		code, _, stderr = nafas(t, "fetch", "ORTHANC=127.0.0.1:1", "--study", uid)
		require.Equal(t, exitFailed, code)
		require.Contains(t, stderr, "refused")
		code, _, _ = nafas(t, "fetch", archive)
		require.Equal(t, exitUsage, code, "everything is not fetched by accident")
	})
}

// A new study is fetched without a hand on it, its results are back in the
// archive, which has promised to keep them, and the archive's own QIDO-RS finds
// them in the study.
func TestOrthancIsLookedIntoForNewStudies(t *testing.T) {
	inNamespace(t, func(t *testing.T) {
		lookedInto(t, `
deliver:
  - {name: pacs, dicom: "ORTHANC@127.0.0.1:4242", confirm: commitment, language: ar}
poll:
  - {name: pacs, dicom: "ORTHANC@127.0.0.1:4242", every: 10s}
`)
	})
}

// The same by DICOMweb alone.
func TestOrthancIsLookedIntoOverDICOMweb(t *testing.T) {
	inNamespace(t, func(t *testing.T) {
		lookedInto(t, `
deliver:
  - {name: pacs, web: "http://127.0.0.1:8042/dicom-web"}
poll:
  - {name: pacs, web: "http://127.0.0.1:8042/dicom-web", every: 10s}
`)
	})
}

func lookedInto(t *testing.T, text string) {
	o := startOrthanc(t, "11112")
	settings := filepath.Join(t.TempDir(), "nafas.yaml")
	require.NoError(t, os.WriteFile(settings, []byte(text), 0o600))
	args := []string{"--dicom-listen", "127.0.0.1:11112", "--quiet", "1s", "--settings", settings}
	code, out, stderr := nafas(t, append([]string{"config", "check"}, args...)...)
	require.Equal(t, exitDone, code, out+stderr)
	require.Contains(t, out, "poll       ok: pacs")
	require.Contains(t, out, "deliver    ok: pacs")

	uid, files := smallStudyOf(t, "new", ctwriter.Options{Date: time.Now().Format("20060102")})
	old, oldFiles := smallStudy(t, "old")
	study := o.upload(contents(t, files))
	o.upload(contents(t, oldFiles))
	s := startServer(t, t.TempDir(), args...)
	require.Eventually(t, func() bool {
		return slices.Equal([]string{"CT", "KO", "SR"}, o.series(study))
	}, 2*time.Minute, 200*time.Millisecond, "report and key images are back in the study")
	require.Equal(t, nafasv1.StudyState_STUDY_STATE_DONE, s.wait(uid, time.Minute).State)
	var found []map[string]struct{ Value []any }
	o.call(http.MethodGet, "/dicom-web/studies/"+uid+"/series?Modality=SR", nil, &found)
	require.Len(t, found, 1)

	var listed string
	require.Eventually(t, func() bool {
		code, listed, stderr = nafas(t, "--format", "csv", "deliveries", "--address", s.address)
		require.Equal(t, exitDone, code, stderr)
		return strings.Contains(listed, uid+",pacs,delivered,1")
	}, time.Minute, 200*time.Millisecond, "Orthanc keeps them, and says so")
	require.Zero(t, s.instances(old), "a study of years ago is not new")

	// The results lie beside the images now; they are no reason to fetch.
	time.Sleep(25 * time.Second)
	require.Equal(t, len(files), s.instances(uid))
	code, listed, stderr = nafas(t, "deliveries", "retry", "--all", "--address", s.address)
	require.Equal(t, exitDone, code, stderr)
	require.Contains(t, listed, "0 deliveries")
	code, _, _ = nafas(t, "deliveries", "retry", "--address", s.address)
	require.Equal(t, exitUsage, code)
}

// All kinds of objects go to an archive that is to have them. A slice that
// comes late makes a new result, which names the report before it and withdraws
// the other objects.
func TestALaterResultWithdrawsTheOneBefore(t *testing.T) {
	inNamespace(t, func(t *testing.T) {
		o := startOrthanc(t, "11112")
		settings := filepath.Join(t.TempDir(), "nafas.yaml")
		require.NoError(t, os.WriteFile(settings, []byte(`
deliver:
  - {name: pacs, dicom: "ORTHANC@127.0.0.1:4242", objects: [sr, ko, seg, sc, reject]}
`), 0o600))
		s := startServer(t, t.TempDir(), "--quiet", "1s", "--settings", settings)
		uid, files := smallStudy(t, "late")
		study := o.upload(contents(t, files))
		_, err := s.send(t.Context(), files[:len(files)-1])
		require.NoError(t, err)
		require.Eventually(t, func() bool {
			return slices.Equal([]string{"CT", "KO", "OT", "SEG", "SR"}, o.series(study))
		}, 2*time.Minute, 200*time.Millisecond, "%v", o.series(study))
		first := s.wait(uid, time.Minute)
		_, err = s.send(t.Context(), files)
		require.NoError(t, err)
		require.Eventually(t, func() bool {
			return slices.Equal([]string{"CT", "KO", "KO", "KO", "OT", "OT", "SEG", "SEG", "SR", "SR"}, o.series(study))
		}, 2*time.Minute, 200*time.Millisecond, "%v", o.series(study))
		second := s.wait(uid, time.Minute)
		require.NotEqual(t, first.Series[0].Result.ResultKey, second.Series[0].Result.ResultKey)

		var notes []struct{ ID string }
		o.call(http.MethodPost, "/tools/find", []byte(`{"Level": "Instance", "Expand": true, "Query": {"Modality": "KO", "SeriesNumber": "9905"}}`), &notes)
		require.Len(t, notes, 1)
		var tags map[string]any
		o.call(http.MethodGet, "/instances/"+notes[0].ID+"/simplified-tags", nil, &tags)
		evidence, err := json.Marshal(tags["CurrentRequestedProcedureEvidenceSequence"])
		require.NoError(t, err)
		for _, class := range []string{"1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.7.4", "1.2.840.10008.5.1.4.1.1.88.59"} {
			require.Contains(t, string(evidence), class, "withdrawn")
		}
		require.NotContains(t, string(evidence), "1.2.840.10008.5.1.4.1.1.88.34", "reports are replaced")
	})
}

// An archive that is down gets the result when it is up again, once.
func TestADestinationThatIsDown(t *testing.T) {
	inNamespace(t, func(t *testing.T) {
		data := t.TempDir()
		args := []string{"--quiet", "1s", "--dicom-listen", "127.0.0.1:11112", "--dicom-deliver", "ORTHANC=127.0.0.1:4242"}
		s := startServer(t, data, args...)
		uid, files := smallStudy(t, "down")
		_, err := s.send(t.Context(), files)
		require.NoError(t, err)
		require.Equal(t, nafasv1.StudyState_STUDY_STATE_DONE, s.wait(uid, time.Minute).State)
		time.Sleep(time.Second) // a try or two fail
		s.kill()                // between result and delivery
		s = startServer(t, data, args...)
		o := startOrthanc(t, "11112")
		var studies []string
		require.Eventually(t, func() bool {
			o.call(http.MethodGet, "/studies", nil, &studies)
			return len(studies) == 1 && slices.Equal([]string{"KO", "SR"}, o.series(studies[0]))
		}, 2*time.Minute, 200*time.Millisecond)
		var statistics struct{ CountInstances int }
		o.call(http.MethodGet, "/statistics", nil, &statistics)
		require.Equal(t, 2, statistics.CountInstances, "nothing twice")
		_ = s
	})
}

// instancesBy waits until a study has so many instances.
func (s *server) instancesBy(uid string, n int, limit time.Duration) int {
	s.t.Helper()
	for end := time.Now().Add(limit); s.instances(uid) < n && time.Now().Before(end); {
		time.Sleep(100 * time.Millisecond)
	}
	return s.instances(uid)
}
