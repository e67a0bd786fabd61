package pacs_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/refusal"
	"nafas/internal/access"
	"nafas/internal/pacs"
	"nafas/internal/triage"
)

const related = `multipart/related; type="application/dicom"; boundary=b`

func parts(bodies ...string) string {
	var b strings.Builder
	for _, body := range bodies {
		b.WriteString("--b\r\nContent-Type: application/dicom\r\n\r\n" + body + "\r\n")
	}
	return b.String() + "--b--\r\n"
}

func post(t *testing.T, h http.Handler, contentType, body, token string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/dicom-web/studies", strings.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// turns answers one instance after another.
type turns struct {
	list []triage.Taken
	got  []string
}

func (s *turns) Take(_ context.Context, r io.Reader) (triage.Taken, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return triage.Taken{}, err
	}
	s.got = append(s.got, string(data))
	out := s.list[0]
	s.list = s.list[1:]
	return out, nil
}

func (s *turns) End() {}

func TestStoringOverTheWeb(t *testing.T) {
	good := triage.Taken{Header: triage.Header{SOPUID: "1.2", SOPClassUID: ct}}
	bad := triage.Taken{Outcome: triage.Quarantine, Refusal: refusal.New(refusal.Malformed, "", "")}
	for _, c := range []struct {
		name        string
		contentType string
		body        string
		taken       []triage.Taken
		status      int
		failed      int
	}{
		{"all good", related, parts("a", "b"), []triage.Taken{good, good}, 200, 0},
		{"one of two", related, parts("a", "b"), []triage.Taken{good, bad}, 202, 1},
		{"none of two", related, parts("a", "b"), []triage.Taken{bad, bad}, 409, 2},
		{"one alone", "application/dicom", "a", []triage.Taken{good}, 200, 0},
		{"nothing", related, "--b--\r\n", nil, 400, 0},
		{"half a body", related, parts("a")[:40], []triage.Taken{good}, 500, 0},
		{"something else", "application/json", "{}", nil, 415, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &turns{list: c.taken}
			h := pacs.NewWeb(func() (pacs.Sender, error) { return s, nil }, access.Gate{}, slog.New(slog.DiscardHandler))
			w := post(t, h, c.contentType, c.body, "")
			require.Equal(t, c.status, w.Code, w.Body.String())
			if c.status != 200 && c.status != 202 && c.status != 409 {
				return
			}
			require.Equal(t, "application/dicom+json", w.Header().Get("Content-Type"))
			var answer map[string]struct{ Value []any }
			require.NoError(t, json.Unmarshal(w.Body.Bytes(), &answer))
			require.Len(t, answer["00081198"].Value, c.failed)
			require.Len(t, answer["00081199"].Value, len(s.got)-c.failed)
		})
	}
}

func TestNothingOverTheWebWhereTheDiskIsFull(t *testing.T) {
	h := pacs.NewWeb(func() (pacs.Sender, error) { return nil, triage.ErrDiskFull }, access.Gate{}, slog.New(slog.DiscardHandler))
	w := post(t, h, related, parts("a"), "")
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
	require.NotEmpty(t, w.Header().Get("Retry-After"))
}

// A disk that becomes full under a request: what was stored before is said, and
// of the rest that it was not (PS3.18 section 10.5.3.2.1, failure reason A700).
func TestTheDiskBecomesFullUnderARequest(t *testing.T) {
	s := &sender{err: triage.ErrDiskFull}
	h := pacs.NewWeb(func() (pacs.Sender, error) { return s, nil }, access.Gate{}, slog.New(slog.DiscardHandler))
	w := post(t, h, related, parts("a"), "")
	require.Equal(t, http.StatusConflict, w.Code)
	var answer map[string]struct {
		Value []map[string]struct{ Value []any }
	}
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &answer))
	require.EqualValues(t, 0xA700, answer["00081198"].Value[0]["00081197"].Value[0])
}

func TestTokensOverTheWeb(t *testing.T) {
	submit, line1, err := access.NewToken("gateway", []access.Role{access.RoleSubmit})
	require.NoError(t, err)
	read, line2, err := access.NewToken("reader", []access.Role{access.RoleRead})
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "tokens")
	require.NoError(t, os.WriteFile(path, []byte(line1+"\n"+line2+"\n"), 0o600))
	tokens, err := access.LoadTokens(path)
	require.NoError(t, err)
	h := pacs.NewWeb(func() (pacs.Sender, error) {
		return &turns{list: []triage.Taken{{Header: triage.Header{SOPUID: "1"}}}}, nil
	}, access.Gate{Tokens: tokens}, slog.New(slog.DiscardHandler))
	require.Equal(t, http.StatusUnauthorized, post(t, h, related, parts("a"), "").Code)
	require.Equal(t, http.StatusUnauthorized, post(t, h, related, parts("a"), "guess").Code)
	require.Equal(t, http.StatusForbidden, post(t, h, related, parts("a"), read).Code)
	require.Equal(t, http.StatusOK, post(t, h, related, parts("a"), submit).Code)
	r := httptest.NewRequest(http.MethodPost, "/dicom-web/studies", strings.NewReader(parts("a")))
	r.Header.Set("Content-Type", related)
	r.Header.Set("Authorization", "bearer "+submit)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	require.Equal(t, http.StatusOK, w.Code, "schemes are without case")
}

func TestACompressedBody(t *testing.T) {
	h := pacs.NewWeb(func() (pacs.Sender, error) { return &turns{}, nil }, access.Gate{}, slog.New(slog.DiscardHandler))
	r := httptest.NewRequest(http.MethodPost, "/dicom-web/studies", strings.NewReader("zipped"))
	r.Header.Set("Content-Type", related)
	r.Header.Set("Content-Encoding", "gzip")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	require.Equal(t, http.StatusUnsupportedMediaType, w.Code)
	require.Contains(t, w.Body.String(), "Content-Encoding")
}
