package sources_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/pixel"
	"nafas/internal/rescore"
	"nafas/internal/rescore/sources"
)

func TestWhatPeopleWriteForAnArchive(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "a.zip", zipOf(t, member{name: "x"}))
	put(t, dir, "text", []byte("text"))
	put(t, dir, "DICOMDIR", []byte("x"))
	put(t, dir, "A=b:1/x", []byte("x"))
	t.Chdir(dir)
	for text, want := range map[string]rescore.SourceSpec{
		dir:                         {Kind: rescore.SourceFolder, Root: dir},
		".":                         {Kind: rescore.SourceFolder, Root: dir},
		"a.zip":                     {Kind: rescore.SourceFolder, Root: filepath.Join(dir, "a.zip")},
		"A=b:1":                     {Kind: rescore.SourceFolder, Root: filepath.Join(dir, "A=b:1")}, // what is there is meant
		"https://pacs/dicom-web":    {Kind: rescore.SourceWeb, URL: "https://pacs/dicom-web"},
		"http://127.0.0.1:8042/d/w": {Kind: rescore.SourceWeb, URL: "http://127.0.0.1:8042/d/w"},
		"ARCHIVE=10.1.2.3:104":      {Kind: rescore.SourceDIMSE, Peer: "ARCHIVE=10.1.2.3:104"},
		"MY PACS=[::1]:11112":       {Kind: rescore.SourceDIMSE, Peer: "MY PACS=[::1]:11112"},
	} {
		got, err := sources.ParseSource(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
	for text, says := range map[string]string{
		"":                             "no such file",
		"none":                         "TITLE=HOST:PORT",
		"ftp://pacs/":                  "ftp://",
		"text":                         "neither a folder nor a zip file",
		"DICOMDIR":                     "give its folder",
		"TITLE=host":                   "no such file",
		"A TITLE THAT IS TOO LONG=h:1": "no such file",
		"=h:1":                         "no such file",
	} {
		_, err := sources.ParseSource(text)
		require.ErrorContains(t, err, says, text)
	}
}

func TestSpecificationsAreChecked(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "text", []byte("text"))
	put(t, dir, "token", []byte("secret\n"))
	web := func(change func(*rescore.SourceSpec)) rescore.SourceSpec {
		s := rescore.SourceSpec{Kind: rescore.SourceWeb, URL: "https://pacs/dicom-web"}
		change(&s)
		return s
	}
	dimse := func(change func(*rescore.SourceSpec)) rescore.SourceSpec {
		s := rescore.SourceSpec{Kind: rescore.SourceDIMSE, Peer: "PACS=127.0.0.1:104", OwnAE: "NAFAS", Listen: "127.0.0.1:11112"}
		change(&s)
		return s
	}
	same := func(*rescore.SourceSpec) {}
	for _, c := range []struct {
		name string
		spec rescore.SourceSpec
		err  string
		// trusted: it is no error where the network is trusted.
		trusted bool
	}{
		{"a folder", rescore.SourceSpec{Kind: rescore.SourceFolder, Root: dir}, "", true},
		{"a folder that is not there now", rescore.SourceSpec{Kind: rescore.SourceFolder, Root: "/none/of/it"}, "", true},
		{"no kind", rescore.SourceSpec{Root: dir}, "no kind", false},
		{"no folder", rescore.SourceSpec{Kind: rescore.SourceFolder}, "no path", false},
		{"a path from somewhere", rescore.SourceSpec{Kind: rescore.SourceFolder, Root: "a/b"}, "absolute", false},
		{"a file", rescore.SourceSpec{Kind: rescore.SourceFolder, Root: filepath.Join(dir, "text")}, "neither", false},
		{"dates of a folder", rescore.SourceSpec{Kind: rescore.SourceFolder, Root: dir, Query: rescore.Query{From: "20200101"}}, "read whole", false},
		{"a list of a folder", rescore.SourceSpec{Kind: rescore.SourceFolder, Root: dir, Studies: []string{"1"}}, "read whole", false},
		{"a server", web(same), "", true},
		{"a server with all", web(func(s *rescore.SourceSpec) {
			s.TokenFile, s.Query = filepath.Join(dir, "token"), rescore.Query{From: "20200101", To: "20200101", Modality: "CT", Description: "*chest*"}
		}), "", true},
		{"a list", web(func(s *rescore.SourceSpec) { s.Studies = []string{"1.2", "1.2", "1.3"} }), "", true},
		{"plaintext", web(func(s *rescore.SourceSpec) { s.URL = "http://pacs/dicom-web" }), "plaintext", true},
		{"plaintext on this machine", web(func(s *rescore.SourceSpec) { s.URL = "http://localhost:8042/dicom-web" }), "", true},
		{"no URL", web(func(s *rescore.SourceSpec) { s.URL = "pacs" }), "http:// or https://", false},
		{"a URL with a secret", web(func(s *rescore.SourceSpec) { s.URL = "https://me:secret@pacs/" }), "without a user", false},
		{"no token", web(func(s *rescore.SourceSpec) { s.TokenFile = filepath.Join(dir, "none") }), "token file", false},
		{"no CA", web(func(s *rescore.SourceSpec) { s.CA = filepath.Join(dir, "text") }), "PEM", false},
		{"half a date", web(func(s *rescore.SourceSpec) { s.Query.From = "2020" }), "YYYYMMDD", false},
		{"no day", web(func(s *rescore.SourceSpec) { s.Query.To = "20200231" }), "YYYYMMDD", false},
		{"dates the wrong way round", web(func(s *rescore.SourceSpec) { s.Query = rescore.Query{From: "20200102", To: "20200101"} }), "are none", false},
		{"no modality", web(func(s *rescore.SourceSpec) { s.Query.Modality = "ct" }), "modality", false},
		{"too many stars", web(func(s *rescore.SourceSpec) { s.Query.Description = "*a*b*c*d*e*f*g*h*" }), "wild cards", false},
		{"a list with something else", web(func(s *rescore.SourceSpec) { s.Studies = []string{"1.2", "x"} }), "number 2", false},
		{"a list and dates", web(func(s *rescore.SourceSpec) { s.Studies, s.Query.From = []string{"1.2"}, "20200101" }), "either", false},
		{"a PACS", dimse(same), "", true},
		{"no peer", dimse(func(s *rescore.SourceSpec) { s.Peer = "PACS" }), "TITLE=HOST:PORT", false},
		{"no title", dimse(func(s *rescore.SourceSpec) { s.OwnAE = "" }), "AE title", false},
		{"no listener", dimse(func(s *rescore.SourceSpec) { s.Listen = "11112" }), "HOST:PORT", false},
		{"questions in plaintext", dimse(func(s *rescore.SourceSpec) { s.Peer = "PACS=10.1.2.3:104" }), "plaintext", true},
		{"images in plaintext", dimse(func(s *rescore.SourceSpec) { s.Listen = "0.0.0.0:11112" }), "plaintext", true},
		{"images in plaintext, questions not", dimse(func(s *rescore.SourceSpec) { s.Listen, s.TLS = "0.0.0.0:11112", true }), "plaintext", true},
		{"a PACS over TLS", dimse(func(s *rescore.SourceSpec) { s.Peer, s.TLS = "PACS=10.1.2.3:104", true }), "", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			opt := options(t)
			opt.Decoded = pixel.Known()
			for _, opt.Insecure = range []bool{false, true} {
				s, err := sources.Open(c.spec, opt)
				if c.err == "" || opt.Insecure && c.trusted {
					require.NoError(t, err)
					require.Equal(t, c.spec.Kind != rescore.SourceFolder, s.Whole())
					require.NoError(t, s.Close())
				} else {
					require.ErrorContains(t, err, c.err)
					require.NotContains(t, err.Error(), "secret")
				}
			}
		})
	}
	opt := options(t)
	_, err := sources.Open(dimse(same), opt)
	require.ErrorContains(t, err, "decoded")
	opt.Spool = nil
	_, err = sources.Open(dimse(same), opt)
	require.NoError(t, err, "to list it nothing is decoded")
}

// The token goes to the server; a list names each study once.
func TestAServerThatWantsAToken(t *testing.T) {
	inner := &fakeWeb{holdings: many(3, spread)}
	ts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer secret" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		inner.ServeHTTP(w, r)
	}))
	defer ts.Close()
	file := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(file, []byte("secret\n"), 0o600))
	spec := rescore.SourceSpec{Kind: rescore.SourceWeb, URL: ts.URL + "/dicom-web/", TokenFile: file, Studies: []string{"1.2.1", "1.2.1"}}
	s, err := sources.Open(spec, options(t))
	require.NoError(t, err)
	require.Len(t, scanAll(t, s).studies(), 1)
	spec.TokenFile = ""
	s, err = sources.Open(spec, options(t))
	require.NoError(t, err)
	require.ErrorContains(t, s.Scan(context.Background(), "", func(rescore.Batch) error { return nil }), "401")
}
