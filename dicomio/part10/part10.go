// Package part10 reads and writes DICOM files (PS3.10) behind a guard.
//
// Every byte is checked before it reaches github.com/suyashkumar/dicom: the
// transfer syntax against a list, every value length against the bytes that
// are left, nesting, number of elements and inflated size against limits.
// The library then parses a clean copy of the header alone, and the pixel
// data are cut from the caller's buffer. The library needs that: on files
// from the field version 1.1.0 panics, allocates by lengths it has not
// checked, and drops what frames are found by (guard_test.go has the list).
//
// Errors are *refusal.Error and never quote an element's value.
package part10

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/refusal"
)

// Limits bound what one file may cost before it is refused as too large.
type Limits struct {
	// MaxBytes is the size of the file.
	MaxBytes int64
	// MaxInflatedBytes is the size of a deflated data set after inflating.
	MaxInflatedBytes int64
	// MaxHeaderBytes is the size of the header values that are copied: all
	// but pixel data and other binary values, which stay in File.Bytes.
	MaxHeaderBytes int64
	// MaxDepth is the number of sequences inside one another.
	MaxDepth int
	// MaxElements is the number of elements and items, at every level.
	MaxElements int
}

// DefaultLimits admits every CT instance known to us, with a multi-frame one
// of some thousand slices the largest, and keeps the memory that a small file
// can claim under 64 MiB.
func DefaultLimits() Limits {
	return Limits{
		MaxBytes:         2 << 30,
		MaxInflatedBytes: 1 << 30,
		MaxHeaderBytes:   8 << 20,
		MaxDepth:         32,
		MaxElements:      130_000,
	}
}

// File is one parsed DICOM file. It refers to the bytes that it was parsed
// from: they must not change while it is in use.
type File struct {
	// TransferSyntax is the UID of the data set's encoding.
	TransferSyntax string
	// Bytes is the whole file; for the deflated transfer syntax, the inflated
	// data set alone.
	Bytes []byte
	// Dataset holds the elements of the file meta group and of the data set,
	// in the order of the file, without pixel data (7FE0,0010) at any level.
	// Text values are the bytes of the file (see Text); values of binary VRs
	// and values over 16 kB are []byte that refer to Bytes.
	Dataset dicom.Dataset
	// Pixel is nil where the data set has no pixel data.
	Pixel *PixelData
}

// Parse reads one DICOM file (PS3.10 section 7) from memory. The error is a
// *refusal.Error: Malformed, Unsupported or TooLarge. Parse never panics.
func Parse(data []byte, lim Limits) (*File, error) {
	if int64(len(data)) > lim.MaxBytes {
		return nil, refusal.New(refusal.TooLarge, "raise the limit or split the object",
			"file of %d bytes, the limit is %d", len(data), lim.MaxBytes)
	}
	pre, err := readPrologue(data)
	if err != nil {
		return nil, err
	}
	syn, ok := syntaxes[pre.transferSyntax]
	if !ok {
		return nil, refusal.New(refusal.Unsupported, "re-export the series uncompressed (Explicit VR Little Endian)",
			"transfer syntax %s", describeSyntax(pre.transferSyntax))
	}
	body := data
	if syn.deflated {
		if body, err = inflate(data[pre.body:], lim); err != nil {
			return nil, err
		}
		pre.body = 0
	}
	s := &scanner{data: body, syn: syn, lim: lim}
	if err := s.run(pre.meta, pre.body); err != nil {
		return nil, err
	}
	ds, err := s.parseHeader()
	if err != nil {
		return nil, err
	}
	f := &File{TransferSyntax: pre.transferSyntax, Bytes: body, Dataset: ds, Pixel: s.pixel}
	if pre.bare {
		if err := f.checkBare(); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// ReadFile reads and parses the file at path. Errors of the file system are
// returned as they are; those of the content are *refusal.Error.
func ReadFile(path string, lim Limits) (*File, error) {
	in, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() > lim.MaxBytes {
		return nil, refusal.New(refusal.TooLarge, "raise the limit or split the object",
			"file of %d bytes, the limit is %d", info.Size(), lim.MaxBytes)
	}
	data := make([]byte, info.Size())
	if _, err := io.ReadFull(in, data); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("%s became shorter while it was read", path)
		}
		return nil, err
	}
	return Parse(data, lim)
}

// checkBare refuses a data set without file meta information that does not
// name its own SOP instance: without the 'DICM' mark and that, nothing says
// that the bytes are DICOM.
func (f *File) checkBare() error {
	for _, t := range []tag.Tag{tag.SOPClassUID, tag.SOPInstanceUID} {
		if uid, _ := f.String(t); uid == "" {
			return errNotDICOM()
		}
	}
	return nil
}

func errNotDICOM() error {
	return refusal.New(refusal.Malformed, "send DICOM Part 10 files",
		"no 'DICM' mark at byte 128, and not an unambiguous data set without one")
}

func malformed(format string, args ...any) error {
	return refusal.New(refusal.Malformed, "re-export the object from its source", format, args...)
}
