package sources

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"sync/atomic"

	"nafas/dicomio/refusal"
	"nafas/dicomio/source"

	"nafas/internal/rescore"
)

// zipFile is an open zip archive.
type zipFile struct {
	file    *os.File
	info    fs.FileInfo
	members []source.Member
	// inflated counts the bytes of members that were inflated whole.
	inflated atomic.Int64
}

func openZip(root *os.Root, name string) (*zipFile, error) {
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	z, err := readZip(f)
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return z, nil
}

func readZip(f *os.File) (*zipFile, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fs.ErrNotExist
	}
	zr, err := zip.NewReader(f, info.Size())
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		if pe := (*fs.PathError)(nil); errors.As(err, &pe) {
			return nil, err
		}
		return nil, refusal.New(refusal.Malformed, "make the archive again", "a zip archive that cannot be read")
	}
	z := &zipFile{file: f, info: info, members: source.Members(zr)}
	slices.SortFunc(z.members, func(a, b source.Member) int { return strings.Compare(a.Name, b.Name) })
	return z, nil
}

func (z *zipFile) close() { _ = z.file.Close() }

// behind are the members whose names come after one.
func (z *zipFile) behind(name string) []source.Member {
	i, found := slices.BinarySearchFunc(z.members, name, func(m source.Member, n string) int { return strings.Compare(m.Name, n) })
	if found {
		i++
	}
	return z.members[i:]
}

// member finds one by its name.
func (z *zipFile) member(name string) (source.Member, bool) {
	i, found := slices.BinarySearchFunc(z.members, name, func(m source.Member, n string) int { return strings.Compare(m.Name, n) })
	if !found || z.members[i].Why != "" {
		return source.Member{}, false
	}
	return z.members[i], true
}

// readMember opens a member. Its reader never gives more than the archive
// declares, and fails at the end where the checksum differs.
func readMember(m source.Member) (io.ReadCloser, error) {
	if m.File.Flags&1 != 0 {
		return nil, refusal.New(refusal.Unsupported, "unpack it with its password", "an encrypted file in a zip archive")
	}
	rc, err := m.File.Open()
	if errors.Is(err, zip.ErrAlgorithm) {
		return nil, refusal.New(refusal.Unsupported, "make the archive with the usual deflate method",
			"a file in a zip archive with compression method %d", m.File.Method)
	}
	if err != nil {
		return nil, damaged(err)
	}
	return rc, nil
}

// damaged keeps the errors of the file system.
func damaged(err error) error {
	if pe := (*fs.PathError)(nil); err == nil || errors.As(err, &pe) {
		return err
	}
	return refusal.New(refusal.Malformed, "make the archive again", "a damaged file in a zip archive")
}

// head reads the first n bytes of a member, where it has them; all of it is held
// against its checksum.
func (z *zipFile) head(m source.Member, n int64) ([]byte, error) {
	size := int64(m.File.UncompressedSize64)
	n = min(n, size)
	if n > secondHead && z.inflated.Add(n) > source.DefaultLimits().MaxInflatedBytes {
		return nil, refusal.New(refusal.TooLarge, "unpack the archive", "a zip archive whose files inflate to more than the %d bytes allowed",
			source.DefaultLimits().MaxInflatedBytes)
	}
	rc, err := readMember(m)
	if err != nil {
		return nil, err
	}
	defer rc.Close()
	// Not all at once: an archive may declare what is not there.
	data, err := io.ReadAll(io.LimitReader(rc, n))
	if err == nil && int64(len(data)) < n {
		err = io.ErrUnexpectedEOF
	}
	if err == nil && n == size {
		if _, err = rc.Read(make([]byte, 1)); errors.Is(err, io.EOF) {
			err = nil
		}
	}
	return data, damaged(err)
}

// archive takes in the members of a zip archive behind one of them.
func (s *scan) archive(name, after string) error {
	z, err := openZip(s.root, name)
	if err != nil {
		end, err := ended(err)
		if err != nil {
			return err
		}
		return s.gather.add(joinPath(name, ""), joinPath(name, ""), end)
	}
	defer z.close()
	members := z.behind(after)
	if len(members) == 0 && after == "" {
		return s.gather.add(joinPath(name, ""), joinPath(name, ""), seen{loose: skipped("a zip archive without files"), size: z.info.Size()})
	}
	for some := range slices.Chunk(members, s.opt.BatchFiles) {
		found := make([]seen, len(some))
		err := s.parallel(len(some), func(i int) (err error) {
			found[i], err = z.lookAt(some[i])
			return err
		})
		if err != nil {
			return err
		}
		for i, m := range some {
			p := joinPath(name, m.Name)
			if err := s.gather.add(p, p, found[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (z *zipFile) lookAt(m source.Member) (seen, error) {
	if m.Why != "" {
		return seen{loose: failed(refusal.New(refusal.Unsupported, "make the archive again, of files alone", "%s", m.Why))}, nil
	}
	out, err := look(content{
		name: path.Base(m.Name), size: int64(m.File.UncompressedSize64),
		head:  func(n int64) ([]byte, error) { return z.head(m, n) },
		names: func(refs []string) (int, error) { return z.missing(path.Dir(m.Name), refs), nil },
	})
	if err != nil {
		return ended(err)
	}
	if out.archive {
		out.archive = false
		out.loose = failed(refusal.New(refusal.Unsupported, "unpack it", "an archive inside an archive, not opened"))
	}
	out.size, out.modTime = int64(m.File.UncompressedSize64), z.info.ModTime().UnixNano()
	return out, nil
}

// missing counts the files of an index that are not in the archive.
func (z *zipFile) missing(dir string, refs []string) (missing int) {
	there := make(map[string]bool, len(z.members))
	for _, m := range z.members {
		there[foldPath(m.Name)] = true
	}
	for _, ref := range refs {
		if ref == "" || !there[foldPath(path.Join(dir, ref))] {
			missing++
		}
	}
	return missing
}

// foldPath is source.Fold of each name of a path.
func foldPath(p string) string {
	names := strings.Split(p, "/")
	for i, n := range names {
		names[i] = source.Fold(n)
	}
	return strings.Join(names, "/")
}

// errShrunk says that a member is not what it was when it was listed.
var errShrunk = errors.New("another size")

// inflate writes a member to a file of its own.
func inflate(m source.Member, to string) error {
	rc, err := readMember(m)
	if err != nil {
		return err
	}
	defer rc.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("%w: %w", rescore.ErrSpool, err)
	}
	w := &spoolWriter{w: out}
	_, err = io.Copy(w, rc)
	if w.err != nil {
		err = fmt.Errorf("%w: %w", rescore.ErrSpool, w.err)
	} else {
		err = damaged(err)
	}
	return errors.Join(err, out.Close())
}

// spoolWriter tells errors of the spool from those of what is put into it.
type spoolWriter struct {
	w   io.Writer
	err error
}

// Write implements io.Writer.
func (s *spoolWriter) Write(p []byte) (int, error) {
	n, err := s.w.Write(p)
	if err != nil {
		s.err = err
	}
	return n, err
}
