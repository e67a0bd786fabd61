package sources

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	"golang.org/x/sync/errgroup"

	"nafas/dicomio/refusal"
	"nafas/dicomio/source"
	"nafas/internal/rescore"
)

// scan is one pass over the files of an archive.
type scan struct {
	*opened
	ctx    context.Context
	gather *gather
	// waiting are files that are looked at together.
	waiting []source.Entry
	// left are files of the program itself, taken all others.
	left, taken int
}

// run goes on behind a member of a file, or behind a file.
func (s *scan) run(file, member string) error {
	if member != "" {
		if err := s.resume(file, member); err != nil {
			return err
		}
	}
	take := func(e source.Entry) error {
		s.waiting = append(s.waiting, e)
		if len(s.waiting) < s.opt.BatchFiles {
			return nil
		}
		return s.lookAtWaiting()
	}
	if err := s.entries(file, take); err != nil {
		return err
	}
	if err := s.lookAtWaiting(); err != nil {
		return err
	}
	if file == "" && s.left > 0 && s.taken == 0 {
		return errNothing
	}
	return s.gather.flush()
}

func (s *scan) entries(after string, each func(source.Entry) error) error {
	if s.only == "" {
		return source.Tree(s.ctx, s.root, after, each)
	}
	if after == s.only {
		return nil
	}
	info, err := s.root.Stat(s.only)
	if err != nil {
		return bare(err)
	}
	return each(source.Entry{Path: s.only, At: s.only, Info: info})
}

// resume takes in the rest of an archive in which the scan was cut. Where it is
// gone since, that is said; where that is not known, the rest is not passed over.
func (s *scan) resume(file, member string) error {
	info, err := s.root.Lstat(file)
	switch {
	case isGone(err), err == nil && !info.Mode().IsRegular():
		return s.gather.add(joinPath(file, ""), joinPath(file, ""), seen{loose: failed(refusal.New(rescore.ReasonGone,
			"restore it and plan again", "an archive that is gone, or no file any more, since its first files were listed"))})
	case err != nil:
		return bare(err)
	}
	return s.archive(file, member)
}

// lookAtWaiting looks at many files at once and takes them in in their order.
func (s *scan) lookAtWaiting() error {
	found := make([]seen, len(s.waiting))
	err := s.parallel(len(s.waiting), func(i int) (err error) {
		found[i], err = s.lookAt(s.waiting[i])
		return err
	})
	if err != nil {
		return err
	}
	for i, e := range s.waiting {
		if err := s.take(e, found[i]); err != nil {
			return err
		}
	}
	s.waiting = s.waiting[:0]
	return nil
}

func (s *scan) parallel(n int, f func(i int) error) error {
	g, ctx := errgroup.WithContext(s.ctx)
	g.SetLimit(s.opt.Parallel)
	for i := range n {
		g.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			return f(i)
		})
	}
	return g.Wait()
}

func (s *scan) take(e source.Entry, found seen) error {
	if s.isOwn(e.Path) && found.loose != nil && found.loose.Reason == rescore.ReasonNotDICOM {
		s.left++
		return nil
	}
	s.taken++
	if found.archive {
		return s.archive(e.Path, "")
	}
	return s.gather.add(joinPath(e.Path, ""), joinPath(e.At, ""), found)
}

// lookAt looks at one entry; the error is the machine's.
func (s *scan) lookAt(e source.Entry) (seen, error) {
	switch {
	case e.Err != nil:
		return ended(e.Err)
	case e.Info.Mode().Type() == fs.ModeSymlink:
		return seen{loose: s.link(e.Path)}, nil
	case !e.Info.Mode().IsRegular():
		return seen{loose: skipped("a pipe, a socket or a device, not a file")}, nil
	}
	out, err := s.lookAtFile(e.Path)
	if err != nil {
		return ended(err)
	}
	return out, nil
}

// ended is what cannot be read.
func ended(err error) (seen, error) {
	if l := unread(err); l != nil {
		return seen{loose: l}, nil
	}
	return seen{}, bare(err)
}

// link is not followed. One that stays within the archive leads to what is read
// at its own place; another one may be all that is left of a study.
func (s *scan) link(name string) *rescore.Loose {
	if _, err := s.root.Stat(name); err == nil {
		return skipped("a link to something else in the archive, which is read at its own place")
	}
	return failed(refusal.New(refusal.Unsupported, "put the files themselves into the archive, or pass over the folder that the link leads to",
		"a link that leads out of the archive or nowhere, not followed"))
}

func (s *scan) lookAtFile(name string) (seen, error) {
	f, err := s.root.Open(name)
	if err != nil {
		return seen{}, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return seen{}, err
	}
	out, err := look(content{
		name: path.Base(name), size: info.Size(),
		head: func(n int64) ([]byte, error) { return headOf(f, min(n, info.Size())) },
		names: func(refs []string) (int, error) {
			return s.missing(path.Dir(name), refs), nil
		},
	})
	out.size, out.modTime = info.Size(), info.ModTime().UnixNano()
	return out, err
}

// headOf reads the first n bytes.
func headOf(f *os.File, n int64) ([]byte, error) {
	buf := make([]byte, n)
	read, err := f.ReadAt(buf, 0)
	if errors.Is(err, io.EOF) {
		err = nil // it became shorter; the parser sees it
	}
	return buf[:read], err
}

// missing counts the files of an index that are not there, by names as discs have
// them.
func (s *scan) missing(dir string, refs []string) (missing int) {
	listed := map[string]map[string]string{}
	for _, ref := range refs {
		if ref == "" || !s.thereFolded(listed, dir, ref) {
			missing++
		}
	}
	return missing
}

func (s *scan) thereFolded(listed map[string]map[string]string, dir, ref string) bool {
	for name := range strings.SplitSeq(ref, "/") {
		names, ok := listed[dir]
		if !ok {
			names = s.folded(dir)
			listed[dir] = names
		}
		real, ok := names[source.Fold(name)]
		if !ok {
			return false
		}
		dir = path.Join(dir, real)
	}
	return true
}

// folded are the names in a folder by what they are called on discs; none where it
// cannot be listed.
func (s *scan) folded(dir string) map[string]string {
	out := map[string]string{}
	f, err := s.root.Open(dir)
	if err != nil {
		return out
	}
	defer f.Close()
	names, _ := f.Readdirnames(-1)
	for _, n := range names {
		out[source.Fold(n)] = n
	}
	return out
}
