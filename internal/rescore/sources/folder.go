package sources

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"nafas/internal/rescore"
)

// Folder is an archive of files: a folder of any shape, with anything in it, or
// one zip archive.
type Folder struct {
	opt Options
	// dir is absolute. only is not "" where the archive is that one file in it.
	dir, only string
}

var _ rescore.Source = (*Folder)(nil)

// Errors of a folder that is not there as it should be.
var (
	errNothing = errors.New("the archive holds no files: is the disk there, and is this the right folder?")
	errGone    = errors.New("the archive is not where it was")
)

// NewFolder is the archive at an absolute path.
func NewFolder(root string, opt Options) (*Folder, error) {
	if !filepath.IsAbs(root) {
		return nil, fmt.Errorf("the path of an archive must be absolute, not %q", root)
	}
	s := &Folder{opt: opt.withDefaults(), dir: filepath.Clean(root)}
	// What cannot be looked at now is told by who wants to read it.
	if info, err := os.Stat(s.dir); err == nil && info.Mode().IsRegular() {
		s.dir, s.only = filepath.Split(s.dir)
	}
	return s, nil
}

// Whole implements rescore.Source: files of one study may lie anywhere.
func (s *Folder) Whole() bool { return false }

// Close implements io.Closer.
func (s *Folder) Close() error { return nil }

// opened is a folder while it is used.
type opened struct {
	*Folder
	root *os.Root
	info fs.FileInfo
	// own is what the program keeps below root.
	own []string
}

func (s *Folder) open() (*opened, error) {
	root, err := os.OpenRoot(s.dir)
	if err != nil {
		return nil, fmt.Errorf("the archive is not there: %w", err)
	}
	o := &opened{Folder: s, root: root, own: ownBelow(s.dir, s.opt.Own)}
	if err := o.settle(); err != nil {
		_ = root.Close()
		return nil, err
	}
	return o, nil
}

// settle remembers what is at the path now, and that there is something in it.
func (o *opened) settle() error {
	name := "."
	if o.only != "" {
		name = o.only
	}
	var err error
	if o.info, err = o.root.Stat(name); err != nil {
		return fmt.Errorf("the archive is not there: %w", err)
	}
	return o.hasFiles()
}

// hasFiles says whether there is anything: where a disk is not mounted there is an
// empty folder in its place.
func (o *opened) hasFiles() error {
	if o.only != "" {
		if !o.info.Mode().IsRegular() || o.info.Size() == 0 {
			return errNothing
		}
		return nil
	}
	f, err := o.root.Open(".")
	if err != nil {
		return fmt.Errorf("the archive is not there: %w", err)
	}
	defer f.Close()
	if _, err = f.Readdirnames(1); errors.Is(err, io.EOF) {
		return errNothing
	}
	return err
}

// there says whether the archive is still what was opened: not removed, not
// unmounted, nothing in its place.
func (o *opened) there() error {
	info, err := os.Stat(filepath.Join(o.dir, o.only))
	if err != nil {
		return fmt.Errorf("%w: %w", errGone, bare(err))
	}
	if !os.SameFile(info, o.info) {
		return errGone
	}
	return o.hasFiles()
}

func (o *opened) close() { _ = o.root.Close() }

// bare strips the path from an error of the file system.
func bare(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

// Scan implements rescore.Source: in the order of source.ComparePaths, members of
// an archive by name in its place. The cursor is the last path that is done.
func (s *Folder) Scan(ctx context.Context, after string, each func(rescore.Batch) error) error {
	return s.scan(ctx, after, func(b rescore.Batch, _ int64) error { return each(b) })
}

func (s *Folder) scan(ctx context.Context, after string, each func(b rescore.Batch, bytes int64) error) error {
	file, member, err := splitPath(after)
	if err != nil {
		return fmt.Errorf("the cursor of the scan: %w", err)
	}
	o, err := s.open()
	if err != nil {
		return err
	}
	defer o.close()
	sc := &scan{opened: o, ctx: ctx, gather: newGather(s.opt.BatchFiles, func(b rescore.Batch, bytes int64) error {
		if err := o.there(); err != nil {
			return err
		}
		return each(b, bytes)
	})}
	if err := sc.run(file, member); err != nil {
		return err
	}
	if err := o.there(); err != nil {
		return err
	}
	if after == "" && sc.gather.files == 0 {
		return errNothing
	}
	return nil
}
