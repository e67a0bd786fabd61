package source

import (
	"archive/zip"
	"compress/flate"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path"
	"strings"

	"nafas/dicomio/refusal"
)

// archive takes in the entries of a zip archive, named prefix + their path in
// it. Nothing is extracted to disk.
func (w *walk) archive(open func() (*os.File, error), name, prefix string) error {
	f, err := open()
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	zr, err := zip.NewReader(f, info.Size())
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return &refusal.Error{Reason: refusal.Malformed, Found: "a zip archive that cannot be read", Remedy: "make the archive again", Err: err}
	}
	if err := checkArchive(zr, w.lim); err != nil {
		return err
	}
	a := archive{walk: w, open: open, prefix: prefix}
	for _, m := range Members(zr) {
		if err := w.count(); err != nil {
			return err
		}
		if err := a.entry(m); err != nil {
			return err
		}
	}
	for _, d := range a.directories {
		w.checkDirectory(d.Name, d, a.all)
	}
	return nil
}

// checkArchive refuses what cannot be read as a whole, before any byte of it
// is inflated.
func checkArchive(zr *zip.Reader, lim Limits) error {
	if len(zr.File) > lim.MaxItems {
		return refusal.New(refusal.TooLarge, "send the studies in several parts",
			"a zip archive of %d files, more than the %d allowed", len(zr.File), lim.MaxItems)
	}
	var total uint64
	for _, f := range zr.File {
		if f.Flags&1 != 0 {
			return refusal.New(refusal.Unsupported, "send it without a password", "an encrypted zip archive")
		}
		if f.Method != zip.Store && f.Method != zip.Deflate {
			return refusal.New(refusal.Unsupported, "make the archive with the usual deflate method",
				"a zip archive with compression method %d", f.Method)
		}
		// Each term is bounded so that the sum cannot wrap.
		total += min(f.UncompressedSize64, 1<<48)
		if total > uint64(lim.MaxInflatedBytes) {
			return refusal.New(refusal.TooLarge, "raise the limit on inflated size, or send the folder instead",
				"a zip archive that inflates to more than the %d bytes allowed", lim.MaxInflatedBytes)
		}
	}
	return nil
}

// Member is one file of a zip archive.
type Member struct {
	// Name is its path in the archive, clean and with slashes; "#2" and so on is
	// behind a name that another one has too. For messages, where Why is set.
	Name string
	// Why is not "" where it is not read: it leads out of the archive, or is no
	// regular file.
	Why  string
	File *zip.File
}

// Members are the files of an archive in its order, without its folders.
func Members(zr *zip.Reader) []Member {
	var out []Member
	used := map[string]bool{}
	for _, f := range zr.File {
		// Windows writers use the backslash although the format forbids it.
		inner := strings.ReplaceAll(f.Name, `\`, "/")
		if strings.HasSuffix(inner, "/") || f.Mode().IsDir() {
			continue
		}
		m := Member{Name: path.Clean(inner), File: f}
		switch {
		case !confined(inner):
			m.Name, m.Why = path.Base(inner), "not read: its path leads out of the archive"
		case !f.Mode().IsRegular():
			m.Why = "a link or a special file, not followed"
		}
		// The format allows two entries of one name: both are read.
		one := m.Name
		for n := 2; used[m.Name]; n++ {
			m.Name = fmt.Sprintf("%s#%d", one, n)
		}
		used[m.Name] = true
		out = append(out, m)
	}
	return out
}

type archive struct {
	*walk
	open        func() (*os.File, error)
	prefix      string
	all         []string
	directories []Item
}

func (a *archive) entry(m Member) error {
	name, f := a.prefix+m.Name, m.File
	if m.Why != "" {
		a.note(name, "%s", m.Why)
		return nil
	}
	offset, err := f.DataOffset()
	if err != nil {
		return &refusal.Error{Reason: refusal.Malformed, Found: "a zip archive with a damaged entry", Remedy: "make the archive again", Err: err}
	}
	e := entry{open: a.open, offset: offset, packed: int64(f.CompressedSize64), size: int64(f.UncompressedSize64),
		crc: f.CRC32, deflated: f.Method == zip.Deflate, maxBytes: a.lim.MaxFileBytes}
	a.all = append(a.all, name)
	item := Item{Name: name, Open: func() ([]byte, error) { return e.read(nil) }, Read: e.read}
	if IsDirectoryName(path.Base(name)) {
		a.directories = append(a.directories, item)
		return nil
	}
	return a.take(item, e)
}

func (a *archive) take(item Item, e entry) error {
	head, err := e.head()
	if err != nil {
		a.note(item.Name, "not readable: %v", err)
		return nil
	}
	switch Sniff(head) {
	case KindDICOM:
		a.items = append(a.items, item)
	case KindZip:
		a.note(item.Name, "an archive inside an archive, not opened")
	default:
		a.note(item.Name, "not a DICOM file")
	}
	return nil
}

// confined says whether a slash path stays below where it starts.
func confined(name string) bool {
	if name == "" || strings.HasPrefix(name, "/") || strings.ContainsAny(name, ":\x00") {
		return false
	}
	clean := path.Clean(name)
	return clean != ".." && !strings.HasPrefix(clean, "../")
}

// entry reads one file of an archive. The archive is opened anew each time,
// so that an Item owns no handle.
type entry struct {
	open         func() (*os.File, error)
	offset       int64
	packed, size int64
	crc          uint32
	deflated     bool
	maxBytes     int64
}

func (e entry) reader() (io.ReadCloser, error) {
	f, err := e.open()
	if err != nil {
		return nil, err
	}
	section := io.NewSectionReader(f, e.offset, e.packed)
	if !e.deflated {
		return struct {
			io.Reader
			io.Closer
		}{section, f}, nil
	}
	return struct {
		io.Reader
		io.Closer
	}{flate.NewReader(section), f}, nil
}

func (e entry) head() ([]byte, error) {
	r, err := e.reader()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	head := make([]byte, headBytes)
	n, err := io.ReadFull(r, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, errors.New("damaged data in the archive")
	}
	return head[:n], nil
}

// read inflates the entry: never more than the size that it declares, which
// the limits have passed, and exactly the bytes that its checksum names.
func (e entry) read(buf []byte) ([]byte, error) {
	if e.size > e.maxBytes {
		return nil, tooLarge(e.size, e.maxBytes)
	}
	r, err := e.reader()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	if buf, err = readDeclared(r, buf, e.size); err != nil {
		return nil, err
	}
	if crc32.ChecksumIEEE(buf) != e.crc {
		return nil, damaged(errors.New("its checksum differs"))
	}
	return buf, nil
}

// step bounds what is allocated ahead of data that has really come: a small
// archive may declare gigabytes.
const step = 16 << 20

func readDeclared(r io.Reader, buf []byte, size int64) ([]byte, error) {
	buf = buf[:0]
	for int64(len(buf)) < size {
		n := int(min(size-int64(len(buf)), step))
		if cap(buf)-len(buf) < n {
			grown := make([]byte, len(buf), len(buf)+max(n, min(len(buf), int(size)-len(buf))))
			copy(grown, buf)
			buf = grown
		}
		at := len(buf)
		buf = buf[:at+n]
		if _, err := io.ReadFull(r, buf[at:]); err != nil {
			return nil, damaged(err)
		}
	}
	var one [1]byte
	if n, _ := r.Read(one[:]); n > 0 {
		return nil, damaged(errors.New("it holds more than it declares"))
	}
	return buf, nil
}

func damaged(err error) error {
	return &refusal.Error{Reason: refusal.Malformed, Found: "a damaged file in the zip archive", Remedy: "make the archive again", Err: err}
}
