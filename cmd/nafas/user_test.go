package main

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/internal/audit"
	"nafas/internal/web/api"
	nafasv1 "nafas/proto/nafas/v1"
)

// nafasWith runs the binary with something on standard input.
func nafasWith(t *testing.T, in string, args ...string) (out string, err error) {
	t.Helper()
	path, err := nafasBinary()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Stdin = strings.NewReader(in)
	var both bytes.Buffer
	cmd.Stdout, cmd.Stderr = &both, &both
	err = cmd.Run()
	return both.String(), err
}

const longPassword = "correct horse battery"

// A user added beside a running service closes it to everybody else, at once; what
// the user then does is in the trail.
func TestUsersOfARunningService(t *testing.T) {
	data := t.TempDir()
	s := startServer(t, data, "--http-listen", "127.0.0.1:0", "--quiet", "1s")
	uid, files := smallStudy(t, "users")
	_, err := s.send(t.Context(), files)
	require.NoError(t, err)
	require.Equal(t, nafasv1.StudyState_STUDY_STATE_DONE, s.wait(uid, 2*time.Minute).State)
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	browser := &http.Client{Jar: jar, Timeout: time.Minute}
	do := func(method, path, body string, headers ...string) (int, []byte) {
		r, err := http.NewRequestWithContext(t.Context(), method, "http://"+s.http+path, strings.NewReader(body))
		require.NoError(t, err)
		r.Header.Set("Content-Type", "application/json")
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		res, err := browser.Do(r)
		require.NoError(t, err)
		defer res.Body.Close()
		text, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		return res.StatusCode, text
	}
	images := "/dicom-web/studies/" + uid + "/metadata"
	for _, path := range []string{"/api/me", "/api/studies/" + uid, images} {
		code, _ := do(http.MethodGet, path, "")
		require.Equal(t, http.StatusOK, code, "%s is open on this machine, as long as there is no user", path)
	}

	out, err := nafasWith(t, longPassword+"\n", "user", "add", "Amina", "--display", "Dr Amina", "--roles", "read", "--password-stdin", "--data", data)
	require.NoError(t, err, out)
	for _, path := range []string{"/api/me", "/api/studies/" + uid, images} {
		code, _ := do(http.MethodGet, path, "")
		require.Equal(t, http.StatusUnauthorized, code, path)
	}
	code, text := do(http.MethodPost, "/api/sign-in", `{"name": "amina", "password": "`+longPassword+`"}`)
	require.Equal(t, http.StatusOK, code, "%s", text)
	var me api.Me
	require.NoError(t, json.Unmarshal(text, &me))
	require.Equal(t, "Dr Amina", me.Display)
	for range 3 {
		code, _ = do(http.MethodGet, images, "")
		require.Equal(t, http.StatusOK, code)
	}
	code, _ = do(http.MethodGet, "/api/studies/"+uid, "")
	require.Equal(t, http.StatusOK, code)
	code, _ = do(http.MethodPost, "/api/studies/"+uid+"/review", `{}`, "X-Nafas-CSRF", me.CSRF)
	require.Equal(t, http.StatusForbidden, code, "the role is read alone")

	out, err = nafasWith(t, "", "user", "disable", "amina", "--data", data)
	require.NoError(t, err, out)
	code, _ = do(http.MethodGet, images, "")
	require.Equal(t, http.StatusUnauthorized, code)
	code, _ = do(http.MethodPost, "/api/sign-in", `{"name": "amina", "password": "`+longPassword+`"}`)
	require.Equal(t, http.StatusUnauthorized, code)

	got := auditOf(t, data)
	require.Equal(t, []string{
		"model", "start", "query local", "open local", "open local", "user add read amina", "sign-in amina", "open amina", "open amina", "user disable amina", "sign-in failed amina", "audit-read",
	}, got)
	out, err = nafasWith(t, "", "audit", "verify", "--data", data)
	require.NoError(t, err, out)
	require.Contains(t, out, "whole")
}

// auditOf is the trail in short.
func auditOf(t *testing.T, data string) (got []string) {
	t.Helper()
	out, err := nafasWith(t, "", "audit", "list", "--as", "jsonl", "--data", data)
	require.NoError(t, err, out)
	for line := range strings.Lines(out) {
		var e audit.Told
		require.NoError(t, json.Unmarshal([]byte(line), &e), line)
		word := string(e.Kind)
		if e.Outcome != audit.Success {
			word += " failed"
		}
		switch e.Kind {
		case audit.Administered:
			word += " " + e.Detail
		case audit.Started, audit.Stopped, audit.Read, audit.Configured:
		default:
			word += " " + e.Who.Name
		}
		got = append(got, word)
	}
	return got
}

func TestUserCommands(t *testing.T) {
	data := t.TempDir()
	at := []string{"--data", data}
	for _, c := range []struct {
		name, in string
		args     []string
		fails    bool
		says     string
	}{
		{"a short password", "short\n", []string{"user", "add", "amina", "--display", "Dr A", "--password-stdin"}, true, "fewer than 12"},
		{"the name in it", "i am amina alaoui\n", []string{"user", "add", "amina", "--display", "Dr A", "--password-stdin"}, true, "name"},
		{"a role of machines", longPassword, []string{"user", "add", "amina", "--display", "Dr A", "--roles", "submit", "--password-stdin"}, true, "submit"},
		{"no terminal", "", []string{"user", "add", "amina", "--display", "Dr A"}, true, "--password-stdin"},
		{"added", longPassword, []string{"user", "add", "amina", "--display", "Dr A", "--password-stdin"}, false, ""},
		{"twice", longPassword, []string{"user", "add", "AMINA", "--display", "Dr A", "--password-stdin"}, true, "already"},
		{"whose password", longPassword, []string{"user", "passwd", "karim", "--password-stdin"}, true, "no user"},
		{"another password", "another horse battery", []string{"user", "passwd", "amina", "--password-stdin"}, false, ""},
		{"roles", "", []string{"user", "roles", "amina", "admin"}, false, ""},
		{"disabled", "", []string{"user", "disable", "amina"}, false, ""},
		{"listed", "", []string{"user", "list"}, false, "disabled"},
		{"enabled", "", []string{"user", "enable", "amina"}, false, ""},
		{"signed out", "", []string{"user", "sign-out", "amina"}, false, "0 sessions"},
		{"signed out at the provider's", "", []string{"user", "sign-out", "oidc:karim"}, false, "0 sessions"},
		{"removed", "", []string{"user", "remove", "amina"}, false, "last user"},
		{"the name stays theirs", longPassword, []string{"user", "add", "amina", "--display", "Dr B", "--password-stdin"}, true, "there was one"},
		{"the trail", "", []string{"audit", "list", "--from", "2020-01-01", "--to", "2100-01-01"}, false, "remove amina"},
		{"nothing of that day", "", []string{"audit", "list", "--to", "2020-01-01"}, false, ""},
		{"no day", "", []string{"audit", "list", "--from", "yesterday"}, true, "no day"},
		{"as DICOM has it", "", []string{"audit", "list", "--as", "xml"}, false, `csd-code="110137"`},
		{"whole", "", []string{"audit", "verify"}, false, "whole"},
		{"another trail", "", []string{"audit", "verify", "--seen", "1:" + strings.Repeat("00", 32)}, true, "record 1 is missing, or another one"},
	} {
		out, err := nafasWith(t, c.in, append(c.args, at...)...)
		require.Equal(t, c.fails, err != nil, "%s: %s", c.name, out)
		require.Contains(t, out, c.says, c.name)
		require.NotContains(t, out, longPassword)
	}
}

// A secret that everybody on the machine may read is said to be one.
func TestReadableSecretsAreNamed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret")
	for mode, warned := range map[os.FileMode]bool{0o600: false, 0o640: false, 0o644: true} {
		require.NoError(t, os.WriteFile(path, []byte("secret of the client"), 0o600))
		require.NoError(t, os.Chmod(path, mode))
		var out bytes.Buffer
		log := slog.New(slog.NewTextHandler(&out, nil))
		warnReadable(log, "web: oidc: client-secret-file", path)
		warnReadable(log, "--tls-key", "")
		require.Equal(t, warned, strings.Contains(out.String(), "client-secret-file"), mode)
		require.NotContains(t, out.String(), "secret of the client")
	}
}
