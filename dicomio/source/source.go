// Package source finds the DICOM files in what a sender points at: a file, a
// folder tree, a zip archive, a folder with a DICOMDIR. Walk gathers a study or
// a few; Tree goes through folders of any size.
//
// It never follows a path out of the place it was given (links, ".." in an
// archive or in a DICOMDIR), bounds everything that inflates, and leaves a
// note for each file that is not DICOM, so that nothing is passed over in
// silence.
package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"nafas/dicomio/refusal"
)

// Item is one DICOM file. Its methods may be called many times, and from
// several goroutines at once.
type Item struct {
	// Name is the path below the folder or archive that was given, with
	// slashes: for messages, never for opening.
	Name string
	// Open returns the whole content.
	Open func() ([]byte, error)
	// Read returns the whole content in buf where its capacity suffices: the
	// same as Open for callers that go through many files. It may be nil.
	Read func(buf []byte) ([]byte, error)
	// ReadAt fills p from the byte off on; it fails where the content has
	// not size bytes any more. It is nil where reading a part costs as much
	// as reading all (archives).
	ReadAt func(p []byte, off, size int64) error
}

// Bytes returns the whole content, in buf where that is possible.
func (it Item) Bytes(buf []byte) ([]byte, error) {
	if it.Read != nil {
		return it.Read(buf)
	}
	if it.Open == nil {
		return nil, errors.New("the item has no content")
	}
	return it.Open()
}

// FromBytes is an item that is already in memory.
func FromBytes(name string, data []byte) Item {
	return Item{
		Name: name,
		Open: func() ([]byte, error) { return data, nil },
		ReadAt: func(p []byte, off, size int64) error {
			if int64(len(data)) != size || off < 0 || off > size-int64(len(p)) {
				return errChanged
			}
			copy(p, data[off:])
			return nil
		},
	}
}

// refusedItem stands for an input that cannot be opened.
func refusedItem(name string, why *refusal.Error) Item {
	return Item{Name: name, Open: func() ([]byte, error) { return nil, why }}
}

// FromFile is an item over one file on disk; maxBytes <= 0 means the default
// limit.
func FromFile(name, path string, maxBytes int64) Item {
	if maxBytes <= 0 {
		maxBytes = DefaultLimits().MaxFileBytes
	}
	return fileItem(name, func() (*os.File, error) { return os.Open(path) }, maxBytes)
}

// Note says why a file was passed over, or what was odd about it.
type Note struct{ Name, Text string }

// String is "name: text".
func (n Note) String() string { return n.Name + ": " + n.Text }

// Limits bound what Walk and the items it returns read.
type Limits struct {
	// MaxFileBytes bounds one file, on disk or inflated.
	MaxFileBytes int64
	// MaxInflatedBytes bounds the inflated files of one archive together.
	MaxInflatedBytes int64
	// MaxItems bounds the files of one walk.
	MaxItems int
	// MaxDepth bounds the nesting of folders.
	MaxDepth int
}

// DefaultLimits hold a study of several thousand slices and refuse a bomb.
func DefaultLimits() Limits {
	return Limits{MaxFileBytes: 2 << 30, MaxInflatedBytes: 16 << 30, MaxItems: 200_000, MaxDepth: 32}
}

func (l Limits) orDefault() Limits {
	d := DefaultLimits()
	if l.MaxFileBytes <= 0 {
		l.MaxFileBytes = d.MaxFileBytes
	}
	if l.MaxInflatedBytes <= 0 {
		l.MaxInflatedBytes = d.MaxInflatedBytes
	}
	if l.MaxItems <= 0 {
		l.MaxItems = d.MaxItems
	}
	if l.MaxDepth <= 0 {
		l.MaxDepth = d.MaxDepth
	}
	return l
}

// walk gathers the items and notes of one call of Walk.
type walk struct {
	ctx   context.Context
	lim   Limits
	seen  int
	items []Item
	notes []Note
}

// Walk returns the DICOM files at path, sorted by name, and a note for
// everything that it passed over. path is a file, a DICOMDIR, a zip archive
// or a folder; archives inside a folder are opened, archives inside archives
// are not. Zero limits mean the defaults.
//
// Errors: the context's, the file system's, and *refusal.Error (TooLarge,
// Unsupported, Malformed) where path itself is an archive or a DICOMDIR that
// cannot be read. Inside a folder such an archive is an item whose Open fails
// with the refusal: it may hold the rest of a study, so that it counts as an
// input that was not read. A DICOMDIR is a note there, since its folder is
// read all the same.
func Walk(ctx context.Context, path string, lim Limits) ([]Item, []Note, error) {
	w := &walk{ctx: ctx, lim: lim.orDefault()}
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, err
	}
	switch {
	case info.IsDir():
		err = w.tree(path)
	case info.Mode().IsRegular() && IsDirectoryName(filepath.Base(path)):
		err = w.directoryFile(path)
	case info.Mode().IsRegular():
		err = w.file(path)
	default:
		err = fmt.Errorf("%s is neither a file nor a folder", filepath.Base(path))
	}
	if err != nil {
		return nil, nil, err
	}
	slices.SortStableFunc(w.items, func(a, b Item) int { return strings.Compare(a.Name, b.Name) })
	slices.SortStableFunc(w.notes, func(a, b Note) int { return strings.Compare(a.Name, b.Name) })
	return w.items, w.notes, nil
}

func (w *walk) note(name, text string, args ...any) {
	w.notes = append(w.notes, Note{Name: name, Text: fmt.Sprintf(text, args...)})
}

// count bounds the number of files looked at.
func (w *walk) count() error {
	w.seen++
	if w.seen > w.lim.MaxItems {
		return refusal.New(refusal.TooLarge, "send the studies in several parts",
			"more than %d files", w.lim.MaxItems)
	}
	return w.ctx.Err()
}

// file takes in the one file that the caller named.
func (w *walk) file(path string) error {
	name := filepath.Base(path)
	open := func() (*os.File, error) { return os.Open(path) }
	kind, err := sniffFile(open)
	if err != nil {
		return err
	}
	return w.add(name, kind, open, true)
}

// add takes in a file of a known kind. named: the caller asked for exactly
// this file, so a bad archive is an error rather than an item that fails.
func (w *walk) add(name string, kind Kind, open func() (*os.File, error), named bool) error {
	switch kind {
	case KindDICOM:
		w.items = append(w.items, fileItem(name, open, w.lim.MaxFileBytes))
	case KindZip:
		prefix := name + "/"
		if named {
			prefix = ""
		}
		err := w.archive(open, name, prefix)
		if refused := new(refusal.Error); !named && errors.As(err, &refused) {
			w.items = append(w.items, refusedItem(name, refused))
			return nil
		}
		return err
	default:
		w.note(name, "not a DICOM file")
	}
	return nil
}

// Kind is what the first bytes say of a file.
type Kind int

// The kinds of file.
const (
	KindOther Kind = iota
	// KindDICOM claims to be DICOM; the parser decides.
	KindDICOM
	KindZip
)

// headBytes reach to the end of the DICM marker (PS3.10 section 7.1).
const headBytes = 132

// Sniff tells by how a file begins what it is; it wants at least 132 bytes, or all
// there are.
func Sniff(head []byte) Kind {
	switch {
	case len(head) >= headBytes && string(head[128:132]) == "DICM":
		return KindDICOM
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("PK\x05\x06")):
		return KindZip
	case len(head) >= headBytes && startsDataSet(head):
		return KindDICOM
	}
	return KindOther
}

// startsDataSet recognises a data set without preamble and meta information, as old
// archives hold them: it starts in group 0008, with the group's length, the
// character set, the image type or the SOP class. The parser decides.
func startsDataSet(head []byte) bool {
	if head[0] != 8 || head[1] != 0 || head[3] != 0 {
		return false
	}
	switch head[2] {
	case 0x00, 0x01, 0x05, 0x08, 0x12, 0x16, 0x18:
		return true
	}
	return false
}

func sniffFile(open func() (*os.File, error)) (Kind, error) {
	f, err := open()
	if err != nil {
		return KindOther, err
	}
	defer f.Close()
	head := make([]byte, headBytes)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return KindOther, err
	}
	return Sniff(head[:n]), nil
}
