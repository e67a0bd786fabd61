package source_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/refusal"
	"nafas/dicomio/source"
)

// dicomBytes begin like a DICOM file; Walk looks no further.
func dicomBytes(body string) []byte {
	return append(append(make([]byte, 128), "DICM"...), body...)
}

func write(t *testing.T, dir, name string, data []byte) {
	t.Helper()
	file := filepath.Join(dir, filepath.FromSlash(name))
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o700))
	require.NoError(t, os.WriteFile(file, data, 0o600))
}

func walk(t *testing.T, path string, lim source.Limits) (names, notes []string) {
	t.Helper()
	items, ns, err := source.Walk(context.Background(), path, lim)
	require.NoError(t, err)
	for _, it := range items {
		names = append(names, it.Name)
		data, err := it.Open()
		require.NoError(t, err)
		again, err := it.Bytes(make([]byte, 0, 1<<20))
		require.NoError(t, err)
		require.Equal(t, data, again)
	}
	for _, n := range ns {
		notes = append(notes, n.String())
	}
	return names, notes
}

func TestFolder(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "b/2.dcm", dicomBytes("2"))
	write(t, dir, "b/1", dicomBytes("1"))
	write(t, dir, "a.dcm", dicomBytes("a"))
	write(t, dir, "readme.txt", []byte("text"))
	write(t, dir, "empty", nil)
	outside := t.TempDir()
	write(t, outside, "secret.dcm", dicomBytes("secret"))
	require.NoError(t, os.Symlink(filepath.Join(outside, "secret.dcm"), filepath.Join(dir, "link.dcm")))
	require.NoError(t, os.Symlink(outside, filepath.Join(dir, "linked")))

	names, notes := walk(t, dir, source.Limits{})
	require.Equal(t, []string{"a.dcm", "b/1", "b/2.dcm"}, names)
	require.Equal(t, []string{
		"empty: not a DICOM file",
		"link.dcm: a link or a special file, not followed",
		"linked: a link or a special file, not followed",
		"readme.txt: not a DICOM file",
	}, notes)
}

func TestSingleFile(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "a.dcm", dicomBytes("a"))
	names, notes := walk(t, filepath.Join(dir, "a.dcm"), source.Limits{})
	require.Equal(t, []string{"a.dcm"}, names)
	require.Empty(t, notes)

	write(t, dir, "a.txt", []byte("text"))
	names, notes = walk(t, filepath.Join(dir, "a.txt"), source.Limits{})
	require.Empty(t, names)
	require.Equal(t, []string{"a.txt: not a DICOM file"}, notes)

	_, _, err := source.Walk(context.Background(), filepath.Join(dir, "none"), source.Limits{})
	require.ErrorIs(t, err, os.ErrNotExist)
}

// A data set without preamble, as old archives hold them, is given to the
// parser.
func TestWithoutPreamble(t *testing.T) {
	dir := t.TempDir()
	bare := append([]byte{8, 0, 5, 0, 'C', 'S', 10, 0}, "ISO_IR 100"...)
	write(t, dir, "old", append(bare, make([]byte, 200)...))
	names, _ := walk(t, dir, source.Limits{})
	require.Equal(t, []string{"old"}, names)
}

type zipEntry struct {
	name   string
	data   []byte
	header func(*zip.FileHeader)
}

func zipOf(t *testing.T, entries ...zipEntry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, Method: zip.Deflate}
		if e.header != nil {
			e.header(h)
		}
		f, err := w.CreateHeader(h)
		require.NoError(t, err)
		_, err = f.Write(e.data)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return b.Bytes()
}

func TestZip(t *testing.T) {
	dir := t.TempDir()
	inner := zipOf(t, zipEntry{name: "x.dcm", data: dicomBytes("x")})
	write(t, dir, "study.zip", zipOf(t,
		zipEntry{name: "s/2.dcm", data: dicomBytes("2")},
		zipEntry{name: `win\1.dcm`, data: dicomBytes("1")},
		zipEntry{name: "stored.dcm", data: dicomBytes(strings.Repeat("z", 5000)), header: func(h *zip.FileHeader) { h.Method = zip.Store }},
		zipEntry{name: "s/2.dcm", data: dicomBytes("a second of that name")},
		zipEntry{name: "s/2.dcm#2", data: dicomBytes("one that is called so")},
		zipEntry{name: "../../evil.dcm", data: dicomBytes("e")},
		zipEntry{name: "/abs.dcm", data: dicomBytes("e")},
		zipEntry{name: "C:/abs.dcm", data: dicomBytes("e")},
		zipEntry{name: "link.dcm", data: []byte("/etc/passwd"), header: func(h *zip.FileHeader) { h.SetMode(os.ModeSymlink | 0o777) }},
		zipEntry{name: "readme.txt", data: []byte("text")},
		zipEntry{name: "nested.zip", data: inner},
		zipEntry{name: "folder/"},
	))
	names, notes := walk(t, filepath.Join(dir, "study.zip"), source.Limits{})
	require.Equal(t, []string{"s/2.dcm", "s/2.dcm#2", "s/2.dcm#2#2", "stored.dcm", "win/1.dcm"}, names)
	require.Equal(t, []string{
		"abs.dcm: not read: its path leads out of the archive",
		"abs.dcm#2: not read: its path leads out of the archive",
		"evil.dcm: not read: its path leads out of the archive",
		"link.dcm: a link or a special file, not followed",
		"nested.zip: an archive inside an archive, not opened",
		"readme.txt: not a DICOM file",
	}, notes)

	// In a folder the archive is read as well, under its name.
	write(t, dir, "b.dcm", dicomBytes("b"))
	names, _ = walk(t, dir, source.Limits{})
	require.Equal(t, []string{"b.dcm", "study.zip/s/2.dcm", "study.zip/s/2.dcm#2", "study.zip/s/2.dcm#2#2", "study.zip/stored.dcm", "study.zip/win/1.dcm"}, names)
}

func TestZipRefused(t *testing.T) {
	plain := zipOf(t, zipEntry{name: "1.dcm", data: dicomBytes(strings.Repeat("1", 1<<20))})
	encrypted := bytes.Clone(plain)
	// General purpose flag, bit 0, in the local and the central header.
	encrypted[6] |= 1
	at := bytes.Index(encrypted, []byte("PK\x01\x02"))
	encrypted[at+8] |= 1
	method := bytes.Clone(plain)
	binary.LittleEndian.PutUint16(method[8:], 14)
	binary.LittleEndian.PutUint16(method[bytes.Index(method, []byte("PK\x01\x02"))+10:], 14)

	for _, tc := range []struct {
		name   string
		data   []byte
		lim    source.Limits
		reason refusal.Reason
		found  string
	}{
		{"encrypted", encrypted, source.Limits{}, refusal.Unsupported, "encrypted"},
		{"another method", method, source.Limits{}, refusal.Unsupported, "method 14"},
		{"cut short", plain[:len(plain)-10], source.Limits{}, refusal.Malformed, ""},
		{"inflates too much", plain, source.Limits{MaxInflatedBytes: 1 << 20}, refusal.TooLarge, "1048576"},
		{"too many files", zipOf(t, zipEntry{name: "a"}, zipEntry{name: "b"}), source.Limits{MaxItems: 1}, refusal.TooLarge, "2 files"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, "s.zip", tc.data)
			_, _, err := source.Walk(context.Background(), filepath.Join(dir, "s.zip"), tc.lim)
			require.Equal(t, tc.reason, refusal.Of(err), "%v", err)
			require.Contains(t, err.Error(), tc.found)

			if tc.name == "too many files" {
				return
			}
			// Beside other files it is an input that fails, not one that is
			// passed over: it may hold the rest of the study.
			write(t, dir, "a.dcm", dicomBytes("a"))
			items, notes, err := source.Walk(context.Background(), dir, tc.lim)
			require.NoError(t, err)
			require.Empty(t, notes)
			require.Len(t, items, 2)
			require.Equal(t, "s.zip", items[1].Name)
			_, err = items[1].Bytes(nil)
			require.Equal(t, tc.reason, refusal.Of(err), "%v", err)
		})
	}
}

// What an archive says of an entry and what is in it are two things.
func TestZipThatLies(t *testing.T) {
	big := dicomBytes(strings.Repeat("1", 100_000))
	for _, tc := range []struct {
		name string
		lie  func(b []byte, central int)
		lim  source.Limits
		want refusal.Reason
	}{
		{"more than declared", func(b []byte, at int) { binary.LittleEndian.PutUint32(b[at+24:], 1000) }, source.Limits{}, refusal.Malformed},
		{"less than declared", func(b []byte, at int) { binary.LittleEndian.PutUint32(b[at+24:], 1<<30) }, source.Limits{}, refusal.Malformed},
		{"another checksum", func(b []byte, at int) { b[at+16]++ }, source.Limits{}, refusal.Malformed},
		{"one file over its limit", func([]byte, int) {}, source.Limits{MaxFileBytes: 1000}, refusal.TooLarge},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			data := zipOf(t, zipEntry{name: "1.dcm", data: big})
			tc.lie(data, bytes.Index(data, []byte("PK\x01\x02")))
			write(t, dir, "s.zip", data)
			items, _, err := source.Walk(context.Background(), filepath.Join(dir, "s.zip"), tc.lim)
			require.NoError(t, err)
			require.Len(t, items, 1)
			_, err = items[0].Open()
			require.Equal(t, tc.want, refusal.Of(err), "%v", err)
		})
	}
}

func TestLimits(t *testing.T) {
	dir := t.TempDir()
	for i := range 5 {
		write(t, dir, fmt.Sprintf("%d.dcm", i), dicomBytes("x"))
	}
	_, _, err := source.Walk(context.Background(), dir, source.Limits{MaxItems: 4})
	require.Equal(t, refusal.TooLarge, refusal.Of(err))

	items, _, err := source.Walk(context.Background(), dir, source.Limits{MaxFileBytes: 10})
	require.NoError(t, err)
	_, err = items[0].Open()
	require.Equal(t, refusal.TooLarge, refusal.Of(err))

	write(t, dir, "a/b/c/d.dcm", dicomBytes("deep"))
	names, notes := walk(t, dir, source.Limits{MaxDepth: 2})
	require.NotContains(t, names, "a/b/c/d.dcm")
	require.Equal(t, []string{"a/b/c: folders nested deeper than 2 are not read"}, notes)

	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, _, err = source.Walk(ctx, dir, source.Limits{})
	require.ErrorIs(t, err, context.Canceled)
}

func TestReadAt(t *testing.T) {
	dir := t.TempDir()
	data := dicomBytes("0123456789")
	write(t, dir, "a.dcm", data)
	for _, it := range []source.Item{
		source.FromFile("a", filepath.Join(dir, "a.dcm"), 0),
		source.FromBytes("a", data),
	} {
		p := make([]byte, 4)
		require.NoError(t, it.ReadAt(p, 134, int64(len(data))))
		require.Equal(t, "2345", string(p))
		require.ErrorContains(t, it.ReadAt(p, 134, int64(len(data))+1), "changed")
		require.Error(t, it.ReadAt(p, int64(len(data))-2, int64(len(data))))
	}
}
