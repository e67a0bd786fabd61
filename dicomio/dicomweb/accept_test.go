package dicomweb_test

import (
	"io"
	"mime"
	"mime/multipart"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/dicomweb"
)

const (
	explicit = "1.2.840.10008.1.2.1"
	jpegLS   = "1.2.840.10008.1.2.4.80"
)

func TestChoose(t *testing.T) {
	coded := dicomweb.Offer{Type: "application/octet-stream", Multipart: true, TransferSyntax: jpegLS}
	plain := dicomweb.Offer{Type: "application/octet-stream", Multipart: true, TransferSyntax: explicit, Plain: true}
	own := dicomweb.Offer{Type: "image/jls", Multipart: true, TransferSyntax: jpegLS, Plain: true}
	alone := dicomweb.Offer{Type: "application/octet-stream", TransferSyntax: explicit, Plain: true}
	all := []dicomweb.Offer{coded, plain, own, alone}
	jsonOnly := []dicomweb.Offer{{Type: dicomweb.MediaTypeJSON}}
	none := dicomweb.Offer{}
	for _, c := range []struct {
		accept string
		offers []dicomweb.Offer
		want   dicomweb.Offer
		why    string
	}{
		{"", all, plain, "nothing said: what anybody can read"},
		{"*/*", all, plain, "anything: what anybody can read"},
		{`multipart/related; type="application/octet-stream"`, all, plain, "the default transfer syntax"},
		{`multipart/related; type=application/octet-stream; transfer-syntax=*`, all, coded, "Cornerstone3D: as it is stored, without quotes"},
		{`multipart/related;type="application/octet-stream";transfer-syntax="` + jpegLS + `"`, all, coded, "by name, in quotes"},
		{`multipart/related; type="application/octet-stream"; transfer-syntax=1.2.3`, all, none, "another one"},
		{`multipart/related; type="image/jls"`, all, own, "the type of its own"},
		{`multipart/related; type="image/*"; transfer-syntax=*`, all, own, "of a group"},
		{`multipart/related`, all, plain, "of any type"},
		{"application/octet-stream", all, alone, "not in parts"},
		{"application/octet-stream; q=0, */*;q=0.1", all, plain, "what is refused by a quality of 0"},
		{`image/jls;q=0.2, multipart/related; type="image/jls";q=0.3, application/octet-stream;q=0.4`, all, alone, "by quality"},
		{"text/html, application/xhtml+xml, */*;q=0.8", jsonOnly, jsonOnly[0], "a browser"},
		{"application/json", jsonOnly, jsonOnly[0], "the name of before DICOM's own"},
		{"application/dicom+json", jsonOnly, jsonOnly[0], "its own"},
		{`multipart/related; type="application/dicom+xml"`, jsonOnly, none, "XML is not written"},
		{"image/png", jsonOnly, none, "no picture"},
		{"nonsense", jsonOnly, jsonOnly[0], "what cannot be read says nothing"},
	} {
		var headers []string
		if c.accept != "" {
			headers = []string{c.accept}
		}
		got, ok := dicomweb.Choose(dicomweb.ParseAccept(headers, nil), c.offers)
		require.Equal(t, c.want, got, "%s: %s", c.accept, c.why)
		require.Equal(t, c.want != none, ok)
	}
	got, ok := dicomweb.Choose(dicomweb.ParseAccept([]string{"image/png"}, []string{"application/dicom+json"}), jsonOnly)
	require.True(t, ok, "the query counts before the header")
	require.Equal(t, jsonOnly[0], got)
}

// What Parts writes is what a reader of multipart/related reads.
func TestParts(t *testing.T) {
	var b strings.Builder
	p := dicomweb.NewParts(&b, dicomweb.Offer{Type: "application/dicom", Multipart: true})
	kind, parameters, err := mime.ParseMediaType(p.ContentType())
	require.NoError(t, err)
	require.Equal(t, "multipart/related", kind)
	require.Equal(t, "application/dicom", parameters["type"])
	for _, body := range []string{"one", "\r\n--two--\r\n"} {
		w, err := p.Next("", "http://x/1")
		require.NoError(t, err)
		_, err = io.WriteString(w, body)
		require.NoError(t, err)
	}
	require.NoError(t, p.Close())
	r := multipart.NewReader(strings.NewReader(b.String()), parameters["boundary"])
	for _, want := range []string{"one", "\r\n--two--\r\n"} {
		part, err := r.NextRawPart()
		require.NoError(t, err)
		require.Equal(t, "application/dicom", part.Header.Get("Content-Type"))
		require.Equal(t, "http://x/1", part.Header.Get("Content-Location"))
		body, err := io.ReadAll(part)
		require.NoError(t, err)
		require.Equal(t, want, string(body))
	}
	_, err = r.NextRawPart()
	require.ErrorIs(t, err, io.EOF)
}

func FuzzAccept(f *testing.F) {
	f.Add(`multipart/related; type="application/octet-stream"; transfer-syntax=*;q=0.5, */*`)
	f.Add(`a/b;q=1e9,"`)
	f.Fuzz(func(t *testing.T, text string) {
		ranges := dicomweb.ParseAccept([]string{text}, nil)
		require.NotEmpty(t, ranges)
		for i, r := range ranges {
			require.True(t, r.Quality > 0 && r.Quality <= 1000)
			require.True(t, i == 0 || r.Quality <= ranges[i-1].Quality)
		}
		dicomweb.Choose(ranges, []dicomweb.Offer{{Type: "image/png"}})
	})
}
