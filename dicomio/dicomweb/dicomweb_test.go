package dicomweb_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/dicomweb"
)

const twoParts = "--b\r\nContent-Type: application/dicom\r\n\r\nfirst\r\n--b\r\nContent-Type: application/dicom; transfer-syntax=*\r\n\r\nsecond\r\n--b--\r\n"

func readAll(t *testing.T, b *dicomweb.Body) (parts []string, err error) {
	t.Helper()
	for {
		part, err := b.Next()
		if errors.Is(err, io.EOF) {
			return parts, nil
		}
		if err != nil {
			return parts, err
		}
		data, err := io.ReadAll(part)
		if err != nil {
			return parts, err
		}
		parts = append(parts, string(data))
	}
}

func TestBodiesAsClientsWriteThem(t *testing.T) {
	two := []string{"first", "second"}
	for _, c := range []struct {
		name, contentType, body string
		want                    []string
	}{
		{"as the standard has it", `multipart/related; type="application/dicom"; boundary=b`, twoParts, two},
		{"a type without quotes", `multipart/related; type=application/dicom; boundary=b`, twoParts, two},
		{"a boundary in quotes, capitals, no space", `Multipart/Related;boundary="b";Type="application/dicom"`, twoParts, two},
		{"no type", `multipart/related; boundary=b`, twoParts, two},
		{"a root parameter with a semicolon in it", `multipart/related; start="<a;b>"; boundary=b`, twoParts, two},
		{"a boundary longer than allowed, as Orthanc's", `multipart/related; type="application/dicom"; boundary=` + strings.Repeat("b", 73),
			strings.ReplaceAll(twoParts, "--b", "--"+strings.Repeat("b", 73)), two},
		{"parts without headers", `multipart/related; boundary=b`, "--b\r\n\r\nfirst\r\n--b--\r\n", two[:1]},
		{"one instance", `application/dicom`, "first", two[:1]},
		{"one instance with parameters", `application/dicom; transfer-syntax=1.2.840.10008.1.2.1`, "first", two[:1]},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, err := dicomweb.NewBody(c.contentType, strings.NewReader(c.body))
			require.NoError(t, err)
			got, err := readAll(t, b)
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
}

func TestBodiesThatAreNone(t *testing.T) {
	for _, contentType := range []string{"", "application/json", `multipart/related; type="application/dicom+xml"; boundary=b`, "multipart/form-data; boundary=b"} {
		_, err := dicomweb.NewBody(contentType, strings.NewReader(twoParts))
		require.ErrorIs(t, err, dicomweb.ErrMediaType, contentType)
	}
	_, err := dicomweb.NewBody("multipart/related", strings.NewReader(twoParts))
	require.ErrorContains(t, err, "boundary")
	b, err := dicomweb.NewBody("multipart/related; boundary=b", strings.NewReader("--b\r\nContent-Type: text/html\r\n\r\nx\r\n--b--"))
	require.NoError(t, err)
	_, err = readAll(t, b)
	require.ErrorIs(t, err, dicomweb.ErrMediaType)
	b, err = dicomweb.NewBody("multipart/related; boundary=b", strings.NewReader(twoParts[:len(twoParts)-10]))
	require.NoError(t, err)
	_, err = readAll(t, b)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF, "half a body is not a whole one")
}

func FuzzBody(f *testing.F) {
	f.Add(`multipart/related; type="application/dicom"; boundary=b`, twoParts)
	f.Add(`application/dicom`, "x")
	f.Fuzz(func(t *testing.T, contentType, body string) {
		b, err := dicomweb.NewBody(contentType, strings.NewReader(body))
		if err != nil {
			return
		}
		_, _ = readAll(t, b)
	})
}

func TestStoreResponse(t *testing.T) {
	data, err := dicomweb.StoreResponse([]dicomweb.Stored{{SOPClassUID: "1", SOPInstanceUID: "2"}, {SOPInstanceUID: "3", Failure: 0xC000}})
	require.NoError(t, err)
	require.JSONEq(t, `{
		"00081199": {"vr": "SQ", "Value": [{"00081150": {"vr": "UI", "Value": ["1"]}, "00081155": {"vr": "UI", "Value": ["2"]}}]},
		"00081198": {"vr": "SQ", "Value": [{"00081150": {"vr": "UI"}, "00081155": {"vr": "UI", "Value": ["3"]}, "00081197": {"vr": "US", "Value": [49152]}}]}
	}`, string(data))
}

// server answers as it is told, and keeps what it got.
type server struct {
	status int
	answer string
	got    *http.Request
	parts  []string
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.got = r
	if r.Method == http.MethodPost {
		if b, err := dicomweb.NewBody(r.Header.Get("Content-Type"), r.Body); err == nil {
			for {
				part, err := b.Next()
				if err != nil {
					break
				}
				data, _ := io.ReadAll(part)
				s.parts = append(s.parts, string(data))
			}
		}
	}
	if s.status == http.StatusFound {
		w.Header().Set("Location", "http://127.0.0.1:1/")
	}
	w.WriteHeader(s.status)
	_, _ = io.WriteString(w, s.answer)
}

func client(t *testing.T, s *server, token string) *dicomweb.Client {
	t.Helper()
	ts := httptest.NewServer(s)
	t.Cleanup(ts.Close)
	c, err := dicomweb.NewClient(ts.URL+"/dicom-web/", token, nil)
	require.NoError(t, err)
	return c
}

func TestStoring(t *testing.T) {
	failed, err := dicomweb.StoreResponse([]dicomweb.Stored{{SOPInstanceUID: "2.25.1", Failure: 0xA700}})
	require.NoError(t, err)
	for _, c := range []struct {
		name   string
		status int
		answer string
		want   string
	}{
		{"all stored", 200, "{}", ""},
		{"all stored, as the server says in XML", 200, "<xml/>", ""},
		{"some not", 202, string(failed), "the first for reason A700H"},
		{"none", 409, string(failed), "the server answered 409: 1 instances not stored"},
		{"a success that names a failure", 200, string(failed), "A700H"},
		{"half a success that names nothing", 202, "", "answered 202"},
		{"no token", 401, "", "401 Unauthorized"},
		{"another place", 302, "", "302 Found"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &server{status: c.status, answer: c.answer}
			err := client(t, s, "secret").Store(t.Context(), [][]byte{[]byte("one"), []byte("two")})
			require.Equal(t, []string{"one", "two"}, s.parts)
			require.Equal(t, "/dicom-web/studies", s.got.URL.Path)
			require.Equal(t, "Bearer secret", s.got.Header.Get("Authorization"))
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			var status *dicomweb.StatusError
			require.ErrorAs(t, err, &status)
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestSearching(t *testing.T) {
	found, err := json.Marshal([]any{map[string]any{"00080018": map[string]any{"vr": "UI", "Value": []string{"3"}}}})
	require.NoError(t, err)
	for _, c := range []struct {
		status int
		answer string
		want   bool
		err    bool
	}{
		{200, string(found), true, false}, {200, "[]", false, false}, {204, "", false, false}, {404, "", false, false},
		{200, `[{"00080018": {"vr": "UI", "Value": ["4"]}}]`, false, false},
		{500, "", false, true}, {200, "<html>", false, true},
	} {
		s := &server{status: c.status, answer: c.answer}
		got, err := client(t, s, "").Has(t.Context(), "1", "2", "3")
		require.Equal(t, c.err, err != nil, "%+v", c)
		require.Equal(t, c.want, got, "%+v", c)
		require.Equal(t, "/dicom-web/studies/1/series/2/instances", s.got.URL.Path)
		require.Equal(t, "3", s.got.URL.Query().Get("SOPInstanceUID"))
		require.Empty(t, s.got.Header.Get("Authorization"))
	}
}

func TestServersThatAreNone(t *testing.T) {
	for _, base := range []string{"", "pacs:8042", "ftp://pacs/", "http://user:secret@pacs/", "http://pacs/?x=1"} {
		_, err := dicomweb.NewClient(base, "", nil)
		require.Error(t, err, base)
		require.NotContains(t, err.Error(), "secret")
	}
}
