package relay_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/refusal"
	"nafas/internal/access"
	"nafas/internal/rescore"
	"nafas/internal/rescore/relay"
)

// home is the machine with the files: its ledger and its source.
type home struct {
	rescore.Source
	files    []rescore.Fetched
	err      error
	asked    rescore.Case
	released int
	// open and probe are the errors of a source that is lost.
	open, probe error
}

func (h *home) Probe(context.Context) error { return h.probe }

func (h *home) Rescoring(_ context.Context, id int64) (rescore.Rescoring, error) {
	if id != 7 {
		return rescore.Rescoring{}, rescore.ErrNotFound
	}
	return rescore.Rescoring{ID: 7}, nil
}

func (h *home) Parts(_ context.Context, _ int64, uid string) ([]rescore.Part, error) {
	return []rescore.Part{{StudyUID: uid, SeriesUID: "1.1.1", Instances: 2}}, nil
}

func (h *home) Open(context.Context, rescore.Rescoring) (rescore.Source, error) { return h, h.open }

func (h *home) Fetch(_ context.Context, c rescore.Case) ([]rescore.Fetched, func(), error) {
	h.asked = c
	return h.files, func() { h.released++ }, h.err
}

// away is a worker's source; change may break what it is sent.
func away(t *testing.T, h *home, change func(http.Handler) http.Handler) (*relay.Source, string) {
	t.Helper()
	handler := relay.Handler(access.Gate{}, h, h, slog.New(slog.DiscardHandler))
	if change != nil {
		handler = change(handler)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	spool := t.TempDir()
	s, err := relay.NewSource(server.URL, "secret", nil, func() (string, func(), error) {
		dir, err := os.MkdirTemp(spool, "")
		if err != nil {
			err = fmt.Errorf("%w: %w", rescore.ErrSpool, err)
		}
		return dir, func() { _ = os.RemoveAll(dir) }, err
	})
	require.NoError(t, err)
	return s.For(7), spool
}

func twoFiles(t *testing.T) *home {
	t.Helper()
	dir := t.TempDir()
	h := &home{}
	for name, content := range map[string]string{"a/ü 1%.dcm": "--first--\r\n\r\n", "b.dcm": ""} {
		path := filepath.Join(dir, filepath.Base(name))
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		h.files = append(h.files, rescore.Fetched{Name: name, Path: path})
	}
	return h
}

var one = rescore.Case{Rescoring: rescore.Rescoring{ID: 7}, StudyUID: "1.1"}

func TestFilesComeAsTheyAre(t *testing.T) {
	h := twoFiles(t)
	s, spool := away(t, h, nil)
	files, release, err := s.Fetch(t.Context(), one)
	require.NoError(t, err)
	require.Len(t, files, 2)
	for i, f := range files {
		require.Equal(t, h.files[i].Name, f.Name)
		got, err := os.ReadFile(f.Path)
		require.NoError(t, err)
		want, err := os.ReadFile(h.files[i].Path)
		require.NoError(t, err)
		require.Equal(t, string(want), string(got))
	}
	require.Equal(t, "1.1", h.asked.StudyUID)
	require.Equal(t, "1.1.1", h.asked.Parts[0].SeriesUID)
	require.Equal(t, 1, h.released)
	release()
	left, err := os.ReadDir(spool)
	require.NoError(t, err)
	require.Empty(t, left)
	require.NoError(t, s.Probe(t.Context()))
}

func TestTheTokenGoesAlong(t *testing.T) {
	var got string
	s, _ := away(t, twoFiles(t), func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			got = r.Header.Get("Authorization")
			next.ServeHTTP(w, r)
		})
	})
	require.NoError(t, s.Probe(t.Context()))
	require.Equal(t, "Bearer secret", got)
}

func TestARefusalComesThroughAsItIs(t *testing.T) {
	h := &home{err: refusal.New(rescore.ReasonGone, "put it back", "3 files are gone")}
	s, _ := away(t, h, nil)
	_, _, err := s.Fetch(t.Context(), one)
	var why *refusal.Error
	require.ErrorAs(t, err, &why)
	require.Equal(t, &refusal.Error{Reason: rescore.ReasonGone, Found: "3 files are gone", Remedy: "put it back"}, why)
}

// What goes wrong on the way is tried again, and never half a study.
func TestWhatBreaksOffIsNoStudy(t *testing.T) {
	gone := twoFiles(t)
	require.NoError(t, os.Remove(gone.files[1].Path))
	for name, c := range map[string]struct {
		home   *home
		change func(http.Handler) http.Handler
	}{
		"a file goes while it is sent": {gone, nil},
		"the source is not there":      {&home{err: errors.New("stale handle")}, nil},
		"a body that ends early":       {twoFiles(t), cutShort},
		"a page of a proxy":            {twoFiles(t), instead("<html>", http.StatusOK)},
		"a gateway's error":            {twoFiles(t), instead("", http.StatusBadGateway)},
		"gone, says a proxy":           {twoFiles(t), instead("<html>", http.StatusGone)},
		"elsewhere":                    {twoFiles(t), instead("", http.StatusFound)},
	} {
		t.Run(name, func(t *testing.T) {
			s, spool := away(t, c.home, c.change)
			_, _, err := s.Fetch(t.Context(), one)
			require.Error(t, err)
			require.Empty(t, refusal.Of(err), "it is not the study's fault")
			left, err := os.ReadDir(spool)
			require.NoError(t, err)
			require.Empty(t, left)
		})
	}
}

func instead(body string, status int) func(http.Handler) http.Handler {
	return func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		})
	}
}

// cutShort leaves out the last part, with a body that is whole as HTTP goes.
func cutShort(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := httptest.NewRecorder()
		next.ServeHTTP(rec, r)
		for k, v := range rec.Header() {
			w.Header()[k] = v
		}
		body := rec.Body.Bytes()
		_, _ = w.Write(body[:len(body)/2])
	})
}

func TestStrangersGetNothing(t *testing.T) {
	handler := relay.Handler(access.Gate{}, &home{}, &home{}, slog.New(slog.DiscardHandler))
	for path, want := range map[string]int{
		"/rescorings/7/studies/..%2f..%2fetc": http.StatusBadRequest,
		"/rescorings/x/studies/1.1":           http.StatusBadRequest,
		"/rescorings/8/studies/1.1":           http.StatusNotFound,
		"/rescorings/8/probe":                 http.StatusNotFound,
		"/rescorings/x/probe":                 http.StatusBadRequest,
		"/probe":                              http.StatusNoContent,
		"/":                                   http.StatusNotFound,
	} {
		rec := httptest.NewRecorder()
		handler.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, path, nil))
		require.Equal(t, want, rec.Code, path)
	}
	for _, bad := range []string{"", "coordinator:8043", "ftp://x", "http://"} {
		_, err := relay.NewSource(bad, "", nil, nil)
		require.Error(t, err, bad)
	}
}

// A machine that answers and has lost its share must not fail the studies on it.
func TestAProbeIsOfTheSource(t *testing.T) {
	for name, c := range map[string]struct {
		home *home
		err  string
	}{
		"it is there":               {&home{}, ""},
		"the share is lost":         {&home{probe: errors.New("stale handle")}, "503"},
		"the source does not open":  {&home{open: errors.New("no token")}, "503"},
		"no room on its own disk":   {&home{probe: rescore.ErrSpool}, "no study is to blame"},
		"it cannot listen for PACS": {&home{open: rescore.ErrNotThisStudy}, "no study is to blame"},
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := away(t, c.home, nil)
			err := s.Probe(t.Context())
			if c.err == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.err)
		})
	}
	s, _ := away(t, &home{}, nil)
	require.ErrorContains(t, s.For(8).Probe(t.Context()), "404", "a rescoring that is not known there")
}

// What is wrong with the machine that has the files counts for no study, and what a
// proxy or a source says does.
func TestTroubleOfTheOtherMachineIsToldApart(t *testing.T) {
	for err, blameless := range map[error]bool{
		fmt.Errorf("%w: no space left", rescore.ErrSpool):      true,
		fmt.Errorf("%w: in use", rescore.ErrNotThisStudy):      true,
		errors.New("stale handle"):                             false,
		refusal.New(rescore.ReasonGone, "put it back", "gone"): false,
	} {
		s, _ := away(t, &home{err: err}, nil)
		_, _, got := s.Fetch(t.Context(), one)
		require.Equal(t, blameless, errors.Is(got, rescore.ErrNotThisStudy), "%v", got)
	}
	s, _ := away(t, &home{}, instead("", http.StatusServiceUnavailable))
	_, _, err := s.Fetch(t.Context(), one)
	require.NotErrorIs(t, err, rescore.ErrNotThisStudy)
}

// A disk that is full here is nobody else's fault.
func TestATroubleOfTheSpoolIsToldApart(t *testing.T) {
	s, spool := away(t, twoFiles(t), nil)
	require.NoError(t, os.RemoveAll(spool))
	_, _, err := s.Fetch(t.Context(), one)
	require.ErrorIs(t, err, rescore.ErrSpool)
}
