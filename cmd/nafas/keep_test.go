package main

import (
	"bytes"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"nafas/dicomio/dimse"
	"nafas/dicomio/part10"
	"nafas/internal/access"
	"nafas/internal/store"
	"nafas/internal/triage"
	nafasv1 "nafas/proto/nafas/v1"
)

// get asks an HTTP listener.
func get(t *testing.T, url string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	answer, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	return answer.StatusCode, string(body)
}

// terminate ends a server in good order.
func (s *server) terminate() {
	s.t.Helper()
	require.NoError(s.t, s.cmd.Process.Signal(syscall.SIGTERM))
	_ = s.cmd.Wait() // its status says how it was ended
}

// All three ways of intake say that the disk is nearly full, each in its own
// words.
func TestAFullDisk(t *testing.T) {
	s := startServer(t, t.TempDir(), "--min-free-mib", "1000000000000", "--dicom-listen", anyPort, "--http-listen", anyPort)
	_, files := smallStudy(t, "full")

	_, err := s.send(t.Context(), files[:1])
	require.Equal(t, codes.Unavailable, status.Code(err), "%v", err)
	require.ErrorContains(t, err, "MiB are free")

	_, err = dimse.Dial(t.Context(), dimse.Remote{Address: s.dicom, CalledAE: "NAFAS", CallingAE: "TEST"},
		[]dimse.Proposal{{AbstractSyntax: dimse.Verification, TransferSyntaxes: []string{part10.ImplicitLE}}})
	require.ErrorContains(t, err, "reject")

	answer, err := http.Post("http://"+s.http+"/dicom-web/studies", "application/dicom", bytes.NewReader(contents(t, files[:1])[0]))
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, http.StatusServiceUnavailable, answer.StatusCode)
	require.NotEmpty(t, answer.Header.Get("Retry-After"))

	code, text := get(t, "http://"+s.http+"/readyz")
	require.Equal(t, http.StatusServiceUnavailable, code)
	require.Contains(t, text, "disk")
	code, _ = get(t, "http://"+s.http+"/healthz")
	require.Equal(t, http.StatusOK, code)
	_, text = get(t, "http://"+s.http+"/metrics")
	require.Contains(t, text, "nafas_disk_low 1")
}

// A patient's study is taken in, backed up while the service runs, restored
// elsewhere, read there, and erased there.
func TestBackupRestoreErase(t *testing.T) {
	dir := t.TempDir()
	data, backup, other := filepath.Join(dir, "data"), filepath.Join(dir, "backup.tar.gz"), filepath.Join(dir, "other")
	s := startServer(t, data, "--http-listen", anyPort)
	uid, files := smallStudy(t, "lost")
	_, err := s.send(t.Context(), files)
	require.NoError(t, err)
	first := s.wait(uid, 2*time.Minute)
	require.Equal(t, nafasv1.StudyState_STUDY_STATE_DONE, first.GetState())

	code, text := get(t, "http://"+s.http+"/metrics")
	require.Equal(t, http.StatusOK, code)
	require.Contains(t, text, `nafas_last_instance_to_result_seconds_count{state="done"} 1`)
	require.Contains(t, text, `nafas_instances_total{outcome="accepted"} 100`)
	require.Contains(t, text, `nafas_worker_starts_total 1`)
	require.NotContains(t, text, uid)
	require.NotContains(t, text, "lost")
	code, _ = get(t, "http://"+s.http+"/readyz")
	require.Equal(t, http.StatusOK, code)

	exit, out, stderr := nafas(t, "backup", "--data", data, "-o", backup)
	require.Zero(t, exit, stderr)
	require.Contains(t, out, "1 studies")
	exit, _, stderr = nafas(t, "backup", "--data", data, "-o", backup)
	require.Equal(t, exitUsage, exit, stderr)
	exit, _, stderr = nafas(t, "erase", "lost", "--data", data, "--yes")
	require.Equal(t, exitFailed, exit)
	require.Contains(t, stderr, "stop the service")
	s.kill()
	stored := storedDataSets(t, data)

	exit, _, stderr = nafas(t, "restore", backup, "--data", data)
	require.Equal(t, exitFailed, exit)
	require.Contains(t, stderr, "empty")
	exit, _, stderr = nafas(t, "restore", backup, "--data", other)
	require.Zero(t, exit, stderr)
	require.Equal(t, stored, storedDataSets(t, other))
	s = startServer(t, other)
	again := s.wait(uid, time.Minute)
	require.Equal(t, findingsOf(t, first), findingsOf(t, again))
	_, files = smallStudy(t, "kept")
	_, err = s.send(t.Context(), files[:3])
	require.NoError(t, err)
	s.terminate()

	exit, _, stderr = nafas(t, "erase", "nobody", "--data", other, "--yes")
	require.Equal(t, exitFailed, exit)
	require.Contains(t, stderr, "nothing is stored")
	exit, out, stderr = nafas(t, "erase", "lost", "--data", other, "--yes")
	require.Zero(t, exit, stderr)
	require.Contains(t, stderr, uid, "what will go is listed")
	require.Contains(t, out, `"instances": 100`)
	require.Contains(t, out, "stay there")
	words := []string{"Test^lost", uid}
	for _, in := range filesOf(t, files)[:3] {
		require.NotContains(t, out, in.SOPInstanceUID)
	}
	for name := range stored {
		words = append(words, name)
	}
	require.NoError(t, filepath.WalkDir(other, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		for _, word := range words {
			require.False(t, bytes.Contains(content, []byte(word)), "%s holds %s", path, word)
			require.NotContains(t, out, word, "the proof names nobody")
		}
		return err
	}))
	require.Len(t, storedDataSets(t, other), 3, "others' images stay")
	exit, proofs, stderr := nafas(t, "erase", "--data", other, "--proofs")
	require.Zero(t, exit, stderr)
	require.Contains(t, strings.Join(strings.Fields(proofs), ""), strings.Join(strings.Fields(out), ""), "the proof is kept")
}

func TestAStudyOfTwoPatientsIsNotErasedUnasked(t *testing.T) {
	var out strings.Builder
	e := store.Erasable{Studies: []store.ErasableStudy{{UID: "1.2", Shared: true}}}
	err := (&eraseCmd{}).list(&out, e)
	require.ErrorContains(t, err, "--shared-studies")
	require.Contains(t, out.String(), "study 1.2 names another patient")
	require.NoError(t, (&eraseCmd{Shared: true}).list(&out, e))
	for answer, want := range map[string]bool{"yes\n": true, "y\n": false, "\n": false, "": false, "yes": false} {
		require.Equal(t, want, agreed(strings.NewReader(answer), io.Discard), "%q", answer)
	}
}

// Beyond this machine metrics need a token of role read.
func TestWhoMaySeeMetrics(t *testing.T) {
	reader, line1, err := access.NewToken("prometheus", []access.Role{access.RoleRead})
	require.NoError(t, err)
	sender, line2, err := access.NewToken("gateway", []access.Role{access.RoleSubmit})
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "tokens")
	require.NoError(t, os.WriteFile(path, []byte(line1+"\n"+line2+"\n"), 0o600))
	tokens, err := access.LoadTokens(path)
	require.NoError(t, err)
	for _, c := range []struct {
		name, listen string
		tokens       *access.Tokens
		token        string
		want         int
	}{
		{"on this machine anybody", "127.0.0.1:8080", tokens, "", 200},
		{"by a proxy on this machine", "127.0.0.1:8080", nil, "", 403},
		{"by a proxy on this machine, without a token", "127.0.0.1:8080", tokens, "", 401},
		{"by a proxy on this machine, with a token", "127.0.0.1:8080", tokens, reader, 200},
		{"beyond it nobody without a token", "0.0.0.0:8080", tokens, "", 401},
		{"nor with one that may only send", "0.0.0.0:8080", tokens, sender, 403},
		{"a token to read", "0.0.0.0:8080", tokens, reader, 200},
		{"nobody where there are no tokens", "0.0.0.0:8080", nil, reader, 403},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRequest(t, "/metrics")
			if c.token != "" {
				r.Header.Set("Authorization", "Bearer "+c.token)
			}
			if strings.HasPrefix(c.name, "by a proxy") {
				r.Header.Set("X-Forwarded-For", "192.0.2.1")
			}
			require.Equal(t, c.want, served(metricsGuard(c.listen, c.tokens, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})), r))
		})
	}
}

func newRequest(t *testing.T, path string) *http.Request {
	t.Helper()
	return httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
}

func served(h http.Handler, r *http.Request) int {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code
}

func TestDaysThatAreKept(t *testing.T) {
	require.Equal(t, triage.KeepRule{Done: 24 * time.Hour, Failed: 48 * time.Hour}, keepFlags{Done: 1, Failed: 2}.rule())
	require.NoError(t, keepFlags{}.check())
	require.NoError(t, defaultServiceFlags().Keep.check())
	require.Equal(t, triage.KeepRule{}, defaultServiceFlags().Keep.rule(), "for ever, unless somebody says otherwise")
	require.Error(t, keepFlags{NotAssessed: -1}.check())
	require.Error(t, keepFlags{Done: mostDays + 1}.check(), "past what a duration holds")
}

// The first round comes with the start.
func TestImagesGoAfterTheirDays(t *testing.T) {
	db, err := store.Open(t.Context(), t.TempDir(), store.Options{Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	var log bytes.Buffer
	app := triage.New(db, db, triage.ReadHeader, nil, triage.Options{
		MinFreeBytes: 1, Log: slog.New(slog.NewTextHandler(&log, nil)), Now: func() time.Time { return time.Now().Add(-25 * time.Hour) },
	})
	uid, files := smallStudy(t, "old")
	u, err := app.Begin(t.Context(), triage.Submission{Complete: true})
	require.NoError(t, err)
	require.NoError(t, u.Put(t.Context(), "1", bytes.NewReader(contents(t, files[:1])[0])))
	_, err = u.Commit(t.Context())
	require.NoError(t, err)
	require.NoError(t, app.Cancel(t.Context(), uid))

	app = triage.New(db, db, triage.ReadHeader, nil, triage.Options{MinFreeBytes: 1, Log: slog.New(slog.NewTextHandler(&log, nil))})
	_, err = app.Forget(t.Context(), keepFlags{Done: 1}.rule())
	require.NoError(t, err)
	require.Len(t, storedDataSets(t, db.Dir()), 1, "of another state")
	k := startKeeper(app, keepFlags{NotAssessed: 1}, slog.New(slog.DiscardHandler))
	require.Eventually(t, func() bool {
		files, err := filepath.Glob(filepath.Join(db.Dir(), "instances", "*", "*", "*"))
		return err == nil && len(files) == 0
	}, time.Minute, 10*time.Millisecond)
	k.stop()
	study, err := app.Study(t.Context(), uid)
	require.NoError(t, err)
	require.False(t, study.ImagesGoneAt.IsZero())
	require.NotContains(t, log.String(), uid)
	_, _, err = app.Report(t.Context(), uid)
	require.ErrorIs(t, err, triage.ErrImagesGone)
}
