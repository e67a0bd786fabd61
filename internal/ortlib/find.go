package ortlib

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// Options of Find.
type Options struct {
	// Explicit is the path that the user named; it is taken or refused, never
	// passed over.
	Explicit string
	// AllowFetch lets a missing library be downloaded into the cache.
	AllowFetch bool
	// CacheDir is where fetched libraries live; empty means the user's cache
	// folder.
	CacheDir string
	// SystemDirs replaces the system's library path, for tests; nil means
	// the system's.
	SystemDirs []string
	// Progress of a download in bytes; may be nil.
	Progress func(done, total int64)
}

// Find returns a library that can be loaded on this machine. The error is an
// *Error, which names the ways out, or the context's.
func Find(ctx context.Context, o Options) (Library, error) {
	pinned, ok := builds[runtime.GOOS+"/"+runtime.GOARCH]
	if !ok {
		return Library{}, &Error{Found: fmt.Sprintf("%s/%s is not supported: linux on amd64 and arm64 are", runtime.GOOS, runtime.GOARCH)}
	}
	if o.Explicit != "" {
		lib, err := inspect(o.Explicit)
		if err != nil {
			return Library{}, &Error{Found: "the library that was named, " + o.Explicit, Err: err}
		}
		return lib, nil
	}
	lib, passedOver := findSystem(o.systemDirs())
	if lib != nil {
		return *lib, nil
	}
	cache, err := o.cacheFile()
	if err != nil {
		return Library{}, &Error{Found: "no cache folder", Err: err}
	}
	found, err := cached(cache, pinned)
	switch {
	case err == nil:
		return found, nil
	case !errors.Is(err, fs.ErrNotExist):
		return Library{}, &Error{Found: "the cached library " + cache, Err: err}
	case !o.AllowFetch:
		return Library{}, &Error{Found: notFound(cache, passedOver)}
	}
	if err := fetch(ctx, cache, pinned, o.Progress); err != nil {
		if ctx.Err() != nil {
			return Library{}, ctx.Err()
		}
		return Library{}, &Error{Found: "it could not be fetched", Err: err}
	}
	return cached(cache, pinned)
}

func notFound(cache string, passedOver []error) string {
	s := "no library in the system's library path nor at " + cache
	if err := errors.Join(passedOver...); err != nil {
		s += " (passed over: " + strings.ReplaceAll(err.Error(), "\n", "; ") + ")"
	}
	return s
}

// cached checks the whole hash each time: a library that was cut short or
// exchanged in the cache must never run.
func cached(path string, pinned build) (Library, error) {
	if _, err := os.Stat(path); err != nil {
		return Library{}, err
	}
	sum, err := fileSHA256(path)
	if err != nil {
		return Library{}, err
	}
	if sum != pinned.sha256 {
		return Library{}, fmt.Errorf("wrong hash: SHA-256 %s, expected %s; delete the file", sum, pinned.sha256)
	}
	return inspect(path)
}

func (o Options) cacheFile() (string, error) {
	dir := o.CacheDir
	if dir == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return "", err
		}
		dir = filepath.Join(user, "nafas")
	}
	return filepath.Join(dir, "onnxruntime-"+Version, runtime.GOOS+"-"+runtime.GOARCH, "libonnxruntime.so.1"), nil
}

func (o Options) systemDirs() []string {
	if o.SystemDirs != nil {
		return o.SystemDirs
	}
	dirs := filepath.SplitList(os.Getenv("LD_LIBRARY_PATH"))
	triplet := map[string]string{"amd64": "x86_64-linux-gnu", "arm64": "aarch64-linux-gnu"}[runtime.GOARCH]
	for _, root := range []string{"/usr/local/lib", "/usr/lib", "/lib"} {
		dirs = append(dirs, filepath.Join(root, triplet), root+"64", root)
	}
	return dirs
}

// findSystem takes the first library that is new enough; others are passed
// over with the reason.
func findSystem(dirs []string) (*Library, []error) {
	var passedOver []error
	for _, dir := range dirs {
		// The plain name comes first: it is what a distribution means to be
		// linked.
		paths, _ := filepath.Glob(filepath.Join(dir, "libonnxruntime.so*"))
		for _, path := range paths {
			lib, err := inspect(path)
			if err == nil {
				return &lib, nil
			}
			passedOver = append(passedOver, fmt.Errorf("%s: %w", path, err))
		}
	}
	return nil, passedOver
}
