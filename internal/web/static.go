package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"regexp"
	"strings"
	"sync"
)

// file is a file of the page.
type file struct {
	data []byte
	kind string
	etag string
	// hashed: its name changes with its contents.
	hashed bool
	// packed is it compressed by gzip, made when it is first asked for; nil where
	// that gains nothing.
	packed func() []byte
}

// hashedName is how the build names files by their contents (page/build.mjs).
var hashedName = regexp.MustCompile(`-[A-Z0-9]{8}\.[a-z0-9]+$`)

// kinds are those that mime.TypeByExtension takes from the machine it runs on.
var kinds = map[string]string{
	".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".html": "text/html; charset=utf-8",
	".wasm": "application/wasm", ".json": "application/json", ".svg": "image/svg+xml", ".woff2": "font/woff2",
}

// pageFiles are the files of the page by their paths under page/dist.
func pageFiles(from fs.FS) (map[string]*file, error) {
	root, err := fs.Sub(from, "page/dist")
	if err != nil {
		return nil, err
	}
	out := map[string]*file{}
	err = fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		out[name] = newFile(name, data)
		return nil
	})
	if err == nil && out["index.html"] == nil {
		err = fmt.Errorf("the page was not built: run npm ci and npm run build in internal/web/page")
	}
	return out, err
}

func newFile(name string, data []byte) *file {
	sum := sha256.Sum256(data)
	kind := kinds[path.Ext(name)]
	if kind == "" {
		kind = mime.TypeByExtension(path.Ext(name))
	}
	if kind == "" {
		kind = "application/octet-stream"
	}
	return &file{
		data: data, kind: kind, etag: `"` + hex.EncodeToString(sum[:12]) + `"`, hashed: hashedName.MatchString(name),
		packed: sync.OnceValue(func() []byte { return packed(data) }),
	}
}

// leastPacked: below it the header of gzip and one packet of the network decide.
const leastPacked = 1 << 10

func packed(data []byte) []byte {
	if len(data) < leastPacked {
		return nil
	}
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // the level is one
	_, _ = z.Write(data)                                  // into memory
	_ = z.Close()
	if b.Len() >= len(data)*9/10 {
		return nil
	}
	return b.Bytes()
}

func (w *Web) index(rw http.ResponseWriter, r *http.Request) { w.files["index.html"].give(rw, r) }

func (w *Web) asset(rw http.ResponseWriter, r *http.Request) {
	f := w.files[r.PathValue("name")]
	if f == nil {
		http.Error(rw, "there is no such file of the page; load the page again", http.StatusNotFound)
		return
	}
	f.give(rw, r)
}

func (f *file) give(rw http.ResponseWriter, r *http.Request) {
	h := rw.Header()
	h.Set("Content-Type", f.kind)
	h.Set("Vary", "Accept-Encoding")
	h.Set("Cache-Control", "no-cache")
	if f.hashed {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	data, etag := f.data, f.etag
	if small := f.small(r); small != nil {
		// Another encoding is another representation (RFC 9110 section 8.8.3.3).
		data, etag = small, strings.TrimSuffix(etag, `"`)+`-gzip"`
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("ETag", etag)
	if sameTag(r, etag) {
		h.Del("Content-Encoding")
		rw.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Length", fmt.Sprint(len(data)))
	_, _ = rw.Write(data) // who left does not see it
}

// small is the file compressed, where that gains something and the browser takes
// it.
func (f *file) small(r *http.Request) []byte {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		coding, weight, _ := strings.Cut(part, ";")
		if strings.EqualFold(strings.TrimSpace(coding), "gzip") && strings.ReplaceAll(weight, " ", "") != "q=0" {
			return f.packed()
		}
	}
	return nil
}

// sameTag says whether who asks has it already.
func sameTag(r *http.Request, etag string) bool {
	for part := range strings.SplitSeq(r.Header.Get("If-None-Match"), ",") {
		if part = strings.TrimPrefix(strings.TrimSpace(part), "W/"); part == etag || part == "*" {
			return true
		}
	}
	return false
}
