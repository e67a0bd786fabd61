package source

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	"nafas/dicomio/refusal"
)

// errChanged is returned where a file is no longer what was read first.
var errChanged = errors.New("the file changed while it was being read")

func tooLarge(got, limit int64) error {
	return refusal.New(refusal.TooLarge, "raise the limit on file size, or leave the file out",
		"%d bytes, more than the %d allowed", got, limit)
}

// fileItem reads a file that open opens, never more than maxBytes of it.
func fileItem(name string, open func() (*os.File, error), maxBytes int64) Item {
	read := func(buf []byte) ([]byte, error) {
		f, err := open()
		if err != nil {
			return nil, err
		}
		defer f.Close()
		return readAll(f, buf, maxBytes)
	}
	return Item{
		Name: name,
		Open: func() ([]byte, error) { return read(nil) },
		Read: read,
		ReadAt: func(p []byte, off, size int64) error {
			f, err := open()
			if err != nil {
				return err
			}
			defer f.Close()
			if info, err := f.Stat(); err != nil || info.Size() != size {
				return errors.Join(errChanged, err)
			}
			_, err = f.ReadAt(p, off)
			return err
		},
	}
}

func readAll(f *os.File, buf []byte, maxBytes int64) ([]byte, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	size := info.Size()
	if size > maxBytes {
		return nil, tooLarge(size, maxBytes)
	}
	if int64(cap(buf)) < size {
		buf = make([]byte, size)
	}
	buf = buf[:size]
	if _, err := io.ReadFull(f, buf); err != nil {
		return nil, errors.Join(errChanged, err)
	}
	return buf, nil
}

// tree takes in all regular files below dir. Links are noted and not
// followed, so that nothing outside dir is read.
func (w *walk) tree(dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	var directories, all []string
	err = fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			if name == "." {
				return err
			}
			w.note(name, "not readable: %v", bare(err))
			return nil
		}
		if d.IsDir() {
			if strings.Count(name, "/") >= w.lim.MaxDepth {
				w.note(name, "folders nested deeper than %d are not read", w.lim.MaxDepth)
				return fs.SkipDir
			}
			return w.ctx.Err()
		}
		if err := w.count(); err != nil {
			return err
		}
		all = append(all, name)
		if IsDirectoryName(path.Base(name)) {
			directories = append(directories, name)
			return nil
		}
		return w.treeFile(dir, name, d)
	})
	if err != nil {
		return err
	}
	for _, name := range directories {
		w.checkDirectory(name, fileItem(name, inRoot(dir, name), w.lim.MaxFileBytes), all)
	}
	return nil
}

func (w *walk) treeFile(dir, name string, d fs.DirEntry) error {
	if !d.Type().IsRegular() {
		w.note(name, "a link or a special file, not followed")
		return nil
	}
	open := inRoot(dir, name)
	kind, err := sniffFile(open)
	if err != nil {
		w.note(name, "not readable: %v", bare(err))
		return nil
	}
	return w.add(name, kind, open, false)
}

// inRoot opens name below dir each time anew: no handle stays open, and a
// link that was put in its place meanwhile cannot lead outside.
func inRoot(dir, name string) func() (*os.File, error) {
	return func() (*os.File, error) { return os.OpenInRoot(dir, name) }
}

// bare strips the path from a file system error: local paths may hold names.
func bare(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}
