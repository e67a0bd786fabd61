package sources

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"golang.org/x/sys/unix"

	"nafas/dicomio/refusal"
	"nafas/internal/rescore"
)

// Fetch implements rescore.Source: files are read where they lie, members of zip
// archives are inflated into the spool. Where any is gone or has another size, it
// is ReasonGone of the study: it would be read with slices missing.
func (s *Folder) Fetch(ctx context.Context, c rescore.Case) ([]rescore.Fetched, func(), error) {
	none := func() {}
	o, err := s.open()
	if err != nil {
		return nil, none, err
	}
	defer o.close()
	f := &folderFetch{opened: o, ctx: ctx, release: none, zips: map[string]*zipFile{}}
	defer f.closeZips()
	if err := f.all(readable(c.Parts)); err != nil {
		f.release()
		return nil, none, err
	}
	return f.files, f.release, nil
}

// readable are the series of a case that could be read.
func readable(parts []rescore.Part) (out []rescore.Part) {
	for _, p := range merge(parts) {
		if rescore.Readable(p.Modality) {
			out = append(out, p)
		}
	}
	return out
}

// folderFetch is one fetch from a folder.
type folderFetch struct {
	*opened
	ctx   context.Context
	files []rescore.Fetched
	// into is the folder in the spool, once there is one.
	into    string
	release func()
	zips    map[string]*zipFile
	spooled int64
	gone    int
}

func (f *folderFetch) all(series []rescore.Part) error {
	total := 0
	for _, p := range series {
		for _, file := range p.Files {
			if err := f.ctx.Err(); err != nil {
				return err
			}
			total++
			if err := f.file(file); err != nil {
				return err
			}
		}
	}
	if f.gone > 0 {
		// Where the archive itself is gone, no study is to blame.
		if err := f.there(); err != nil {
			return err
		}
		return refusal.New(rescore.ReasonGone, "plan again, or restore the files",
			"%d of the %d files of the study are gone from the archive, or have another size", f.gone, total)
	}
	return nil
}

func (f *folderFetch) file(want rescore.File) error {
	name, member, err := splitPath(want.Path)
	if err != nil {
		return err
	}
	path := filepath.Join(f.dir, filepath.FromSlash(name))
	if member == "" {
		err = f.plain(name, want.Size)
	} else {
		path, err = f.member(name, member, want.Size)
	}
	switch {
	case isGone(err):
		f.gone++
		return nil
	case err != nil:
		return study(err)
	}
	f.files = append(f.files, rescore.Fetched{Name: want.Path, Path: path})
	return nil
}

// plain checks a file that is read where it lies: os.Root follows no link that
// leads out.
func (f *folderFetch) plain(name string, size int64) error {
	info, err := f.root.Lstat(name)
	switch {
	case err != nil:
		return err
	case !info.Mode().IsRegular() || info.Size() != size:
		return errShrunk
	}
	file, err := f.root.Open(name)
	if err != nil {
		return err
	}
	return file.Close()
}

// member puts a file of an archive into the spool.
func (f *folderFetch) member(name, member string, size int64) (string, error) {
	z, err := f.zip(name)
	if err != nil {
		return "", err
	}
	m, ok := z.member(member)
	if !ok || int64(m.File.UncompressedSize64) != size {
		return "", errShrunk
	}
	if f.spooled += size; f.spooled > f.opt.MaxStudyBytes {
		return "", refusal.New(refusal.TooLarge, "unpack the archive", "files of a study in zip archives that inflate to more than the %d bytes allowed", f.opt.MaxStudyBytes)
	}
	if err := f.spool(); err != nil {
		return "", err
	}
	to := filepath.Join(f.into, fmt.Sprintf("%06d.dcm", len(f.files)))
	return to, inflate(m, to)
}

func (f *folderFetch) zip(name string) (*zipFile, error) {
	if z, ok := f.zips[name]; ok {
		return z, nil
	}
	z, err := openZip(f.root, name)
	if err == nil {
		f.zips[name] = z
	}
	return z, err
}

func (f *folderFetch) spool() error {
	if f.into != "" {
		return nil
	}
	dir, remove, err := f.opt.Spool.Folder()
	if err == nil {
		f.into, f.release = dir, remove
	}
	return err
}

func (f *folderFetch) closeZips() {
	for _, z := range f.zips {
		z.close()
	}
}

// isGone says that a file is not there as it was listed. A link in its way that
// leads out of the archive is such a case.
func isGone(err error) bool {
	return errors.Is(err, errShrunk) || errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.ELOOP) || escapes(err)
}

// escapes: os.Root has no error of its own for a path that leads out of it.
func escapes(err error) bool {
	var pe *fs.PathError
	var number unix.Errno
	return errors.As(err, &pe) && !errors.As(err, &number)
}

// study makes a refusal of what is one study's trouble; what else an archive does
// not hand out may come back.
func study(err error) error {
	if errors.Is(err, rescore.ErrSpool) {
		return err // of this machine, and its path is the spool's
	}
	if errors.Is(err, fs.ErrPermission) {
		return refusal.New(rescore.ReasonUnreadable, "let this program read the files", "a file of the study that is not readable: %s", unix.EACCES.Error())
	}
	return bare(err)
}
