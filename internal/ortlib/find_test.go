package ortlib_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/internal/ortlib"
	"nafas/internal/ortlib/ortlibtest"
)

// none is a system's library path without a library.
func none(t *testing.T) []string { return []string{t.TempDir()} }

// fakeNPM puts a program called npm alone on PATH, which runs the script.
func fakeNPM(t *testing.T, script string) {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "npm"), []byte("#!/bin/sh\n"+script), 0o755))
	t.Setenv("PATH", dir+":/usr/bin:/bin")
}

// tarball is a shell script that leaves an npm archive whose library, for
// every architecture, is the given file.
func tarball(library string) string {
	return `set -e
mkdir -p package/bin/napi-v6/linux/x64 package/bin/napi-v6/linux/arm64
cp '` + library + `' package/bin/napi-v6/linux/x64/libonnxruntime.so.1
cp '` + library + `' package/bin/napi-v6/linux/arm64/libonnxruntime.so.1
tar czf onnxruntime-node-1.30.0.tgz package
rm -r package
`
}

func requireWaysOut(t *testing.T, err error) {
	t.Helper()
	var e *ortlib.Error
	require.ErrorAs(t, err, &e)
	for _, way := range []string{"--onnxruntime", "NAFAS_ONNXRUNTIME", "system", "nafas runtime fetch"} {
		require.ErrorContains(t, err, way)
	}
}

func TestFetchedLibraryIsCheckedAndKept(t *testing.T) {
	real := ortlibtest.Path(t)
	cache := t.TempDir()
	fakeNPM(t, tarball(real))
	o := ortlib.Options{CacheDir: cache, SystemDirs: none(t), AllowFetch: true}

	fetched, err := ortlib.Find(t.Context(), o)
	require.NoError(t, err)
	require.Equal(t, ortlib.Version, fetched.Version)
	require.Len(t, fetched.SHA256, 64)

	fakeNPM(t, "exit 1") // the second time nothing is fetched
	o.AllowFetch = false
	again, err := ortlib.Find(t.Context(), o)
	require.NoError(t, err)
	require.Equal(t, fetched, again)

	left, err := filepath.Glob(filepath.Join(filepath.Dir(again.Path), ".fetch-*"))
	require.NoError(t, err)
	require.Empty(t, left, "the work folder stays")
}

func TestServiceNeverFetches(t *testing.T) {
	fakeNPM(t, "touch called")
	_, err := ortlib.Find(t.Context(), ortlib.Options{CacheDir: t.TempDir(), SystemDirs: none(t)})
	requireWaysOut(t, err)
	require.ErrorContains(t, err, "no library")
}

func TestFetchRefuses(t *testing.T) {
	other := filepath.Join(t.TempDir(), "other")
	require.NoError(t, os.WriteFile(other, bytes.Repeat([]byte{1}, 1000), 0o644))
	for _, c := range []struct{ name, script, want string }{
		{"offline", "echo 'npm error network getaddrinfo EAI_AGAIN' >&2; exit 1", "EAI_AGAIN"},
		{"another library under that name", tarball(other), "wrong hash"},
		{"an archive without it", "mkdir package; tar czf onnxruntime-node-1.30.0.tgz package", "no library for this machine"},
		{"cut short", "printf 'garbage' > onnxruntime-node-1.30.0.tgz", "damaged"},
	} {
		t.Run(c.name, func(t *testing.T) {
			fakeNPM(t, c.script)
			cache := t.TempDir()
			_, err := ortlib.Find(t.Context(), ortlib.Options{CacheDir: cache, SystemDirs: none(t), AllowFetch: true})
			requireWaysOut(t, err)
			require.ErrorContains(t, err, c.want)
			libraries, err := filepath.Glob(filepath.Join(cache, "*", "*", "libonnxruntime*"))
			require.NoError(t, err)
			require.Empty(t, libraries, "what was refused got its name all the same")
		})
	}
}

func TestInterruptedFetchIsTheContextsError(t *testing.T) {
	fakeNPM(t, "sleep 5")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := ortlib.Find(ctx, ortlib.Options{CacheDir: t.TempDir(), SystemDirs: none(t), AllowFetch: true})
	require.ErrorIs(t, err, context.Canceled)
}

func TestTamperedCacheIsRefused(t *testing.T) {
	cache := t.TempDir()
	path := filepath.Join(cache, "onnxruntime-"+ortlib.Version, runtime.GOOS+"-"+runtime.GOARCH, "libonnxruntime.so.1")
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte("not it"), 0o644))
	_, err := ortlib.Find(t.Context(), ortlib.Options{CacheDir: cache, SystemDirs: none(t), AllowFetch: true})
	requireWaysOut(t, err)
	require.ErrorContains(t, err, "wrong hash")
}

func TestExplicit(t *testing.T) {
	real := ortlibtest.Path(t)
	lib, err := ortlib.Find(t.Context(), ortlib.Options{Explicit: real})
	require.NoError(t, err)
	require.Equal(t, real, lib.Path)

	text := filepath.Join(t.TempDir(), "libonnxruntime.so")
	require.NoError(t, os.WriteFile(text, []byte("text"), 0o644))
	for _, c := range []struct{ name, path, want string }{
		{"missing: it is never passed over for another", filepath.Join(t.TempDir(), "none.so"), "no such file"},
		{"no library at all", text, "not a shared library"},
		{"another shared library", "/bin/ls", "not an ONNX Runtime library"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := ortlib.Find(t.Context(), ortlib.Options{Explicit: c.path})
			requireWaysOut(t, err)
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestSystemLibraryComesBeforeTheCache(t *testing.T) {
	real := ortlibtest.Path(t)
	dir := t.TempDir()
	require.NoError(t, os.Symlink(real, filepath.Join(dir, "libonnxruntime.so")))
	lib, err := ortlib.Find(t.Context(), ortlib.Options{CacheDir: t.TempDir(), SystemDirs: []string{t.TempDir(), dir}})
	require.NoError(t, err)
	require.Equal(t, filepath.Join(dir, "libonnxruntime.so"), lib.Path)
}
