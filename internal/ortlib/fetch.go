package ortlib

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const (
	npmPackage = "onnxruntime-node@" + Version
	// npmPackageBytes is the size of the npm archive, for the progress bar.
	npmPackageBytes = 113_500_000
	// maxLibraryBytes bounds what is taken out of an archive (46 MB in
	// 1.30.0).
	maxLibraryBytes = 256 << 20

	releaseURL = "https://github.com/microsoft/onnxruntime/releases/download/v" + Version +
		"/onnxruntime-linux-%s-" + Version + ".tgz"
)

// fetch gets the library into the cache: from the npm package where npm is
// installed, else from the release archive. Two processes at once do the work
// once; what arrives is checked before it gets its name.
func fetch(ctx context.Context, target string, pinned build, progress func(done, total int64)) error {
	dir := filepath.Dir(target)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	unlock, err := lock(ctx, filepath.Join(dir, ".lock"))
	if err != nil {
		return err
	}
	defer unlock()
	if _, err := cached(target, pinned); err == nil {
		return nil // the other process was first
	}
	work, err := os.MkdirTemp(dir, ".fetch-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	part := filepath.Join(work, "library")
	if npm, err := exec.LookPath("npm"); err == nil {
		err = fromNPM(ctx, npm, work, part, pinned, progress)
		if err != nil {
			return err
		}
	} else if err := fromRelease(ctx, part, pinned, progress); err != nil {
		return err
	}
	if _, err := cached(part, pinned); err != nil {
		return err
	}
	return os.Rename(part, target)
}

// lock waits for the other process that is fetching.
func lock(ctx context.Context, path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	for {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { f.Close() }, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			f.Close()
			return nil, err
		}
		select {
		case <-ctx.Done():
			f.Close()
			return nil, ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// fromNPM lets npm do the download, so that its settings (registry, proxy,
// certificates) hold. Its cache goes into the work folder: how much is in it
// is the progress.
func fromNPM(ctx context.Context, npm, work, part string, pinned build, progress func(done, total int64)) error {
	cmd := exec.CommandContext(ctx, npm, "pack", npmPackage, "--silent", "--ignore-scripts",
		"--cache", filepath.Join(work, "npm-cache"))
	cmd.Dir = work
	var stderr strings.Builder
	cmd.Stderr = &stderr
	stop := watchSize(work, npmPackageBytes, progress)
	err := cmd.Run()
	stop()
	if err != nil {
		return fmt.Errorf("npm pack %s (offline?): %w: %s", npmPackage, err, lastLine(stderr.String()))
	}
	archives, _ := filepath.Glob(filepath.Join(work, "*.tgz"))
	if len(archives) != 1 {
		return fmt.Errorf("npm pack %s left no archive", npmPackage)
	}
	f, err := os.Open(archives[0])
	if err != nil {
		return err
	}
	defer f.Close()
	wanted := "package/bin/napi-v6/" + pinned.npmDir + "/libonnxruntime.so.1"
	return extract(f, part, func(name string) bool { return name == wanted })
}

func lastLine(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return lines[len(lines)-1]
}

// watchSize reports the bytes below dir until stop is called.
func watchSize(dir string, total int64, progress func(done, total int64)) (stop func()) {
	if progress == nil {
		return func() {}
	}
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-done:
				progress(total, total)
				return
			case <-time.After(200 * time.Millisecond):
				progress(min(treeBytes(dir), total), total)
			}
		}
	}()
	return func() { close(done); <-ended }
}

func treeBytes(dir string) (sum int64) {
	// Files come and go while npm works; those that are gone do not count.
	_ = filepath.WalkDir(dir, func(_ string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil
		}
		if info, err := d.Info(); err == nil {
			sum += info.Size()
		}
		return nil
	})
	return sum
}

func fromRelease(ctx context.Context, part string, pinned build, progress func(done, total int64)) error {
	url := fmt.Sprintf(releaseURL, pinned.releaseArch)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	reply, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("npm is not installed, and the release archive is out of reach (offline?): %w", err)
	}
	defer reply.Body.Close()
	if reply.StatusCode != http.StatusOK {
		return fmt.Errorf("npm is not installed, and the release archive answers %s", reply.Status)
	}
	body := io.Reader(reply.Body)
	if progress != nil {
		body = &counting{r: body, total: reply.ContentLength, report: progress}
	}
	return extract(body, part, func(name string) bool {
		return strings.HasPrefix(path.Base(name), "libonnxruntime.so."+Version)
	})
}

type counting struct {
	r           io.Reader
	done, total int64
	report      func(done, total int64)
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.done += int64(n)
	c.report(c.done, c.total)
	return n, err
}

// extract writes the first regular file whose name is wanted.
func extract(r io.Reader, to string, wanted func(name string) bool) error {
	gz, err := gzip.NewReader(r)
	if err != nil {
		return fmt.Errorf("the archive is damaged: %w", err)
	}
	for archive := tar.NewReader(gz); ; {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return errors.New("the archive holds no library for this machine")
		}
		if err != nil {
			return fmt.Errorf("the archive is damaged: %w", err)
		}
		if h.Typeflag != tar.TypeReg || !wanted(path.Clean(h.Name)) {
			continue
		}
		if h.Size > maxLibraryBytes {
			return fmt.Errorf("the library in the archive has %d bytes; at most %d are taken", h.Size, maxLibraryBytes)
		}
		return writeSynced(to, archive)
	}
}

func writeSynced(path string, r io.Reader) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o755)
	if err != nil {
		return err
	}
	if _, err := io.Copy(f, r); err != nil {
		f.Close()
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
