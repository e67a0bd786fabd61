package sources

import (
	"errors"
	"io/fs"
	"path"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"nafas/dicomio"
	"nafas/dicomio/part10"
	"nafas/dicomio/refusal"
	"nafas/dicomio/source"
	"nafas/internal/rescore"
)

// content is a file that is looked at.
type content struct {
	// name is its last name.
	name string
	size int64
	// head returns its first bytes, so many or all.
	head func(n int64) ([]byte, error)
	// names says how many files an index names that are not there; nil where
	// nobody knows.
	names func(references []string) (missing int, err error)
}

// seen is what one look at a file found: a series' file, an archive, or neither.
type seen struct {
	size, modTime                                int64
	study, series, instance, modality, studyDate string
	archive                                      bool
	// loose has no path yet; nil for what belongs to a series and for an archive.
	loose *rescore.Loose
}

// The sizes in which the beginning of a file is read: nearly all headers are
// shorter than the first, and very few longer than the second.
const (
	firstHead  = 64 << 10
	secondHead = 1 << 20
)

// large is held while more of a file is in memory.
var large sync.Mutex

// look says what a file is. An error is not the file's fault, or why it cannot be
// read: unread says which.
func look(c content) (seen, error) {
	head, err := c.head(firstHead)
	if err != nil {
		return seen{}, err
	}
	switch source.Sniff(head) {
	case source.KindZip:
		return seen{archive: true}, nil
	case source.KindOther:
		return seen{loose: other(c)}, nil
	}
	if in, ok := dicomio.IdentifyHead(head); ok {
		return ofSeries(in), nil
	}
	large.Lock()
	defer large.Unlock()
	if c.size > firstHead {
		if head, err = c.head(secondHead); err != nil {
			return seen{}, err
		}
		if in, ok := dicomio.IdentifyHead(head); ok {
			return ofSeries(in), nil
		}
	}
	return whole(c, head)
}

func ofSeries(in *dicomio.Instance) seen {
	return seen{study: in.StudyUID, series: in.SeriesUID, instance: in.SOPUID, modality: in.Modality, studyDate: dicomio.Date(in.StudyDate)}
}

// whole looks at all of a file whose beginning does not say enough.
func whole(c content, head []byte) (seen, error) {
	limits := part10.DefaultLimits()
	if c.size > limits.MaxBytes {
		return seen{loose: failed(refusal.New(refusal.TooLarge, "split the object", "file of %d bytes, the limit is %d", c.size, limits.MaxBytes))}, nil
	}
	if c.size > int64(len(head)) {
		var err error
		if head, err = c.head(c.size); err != nil {
			return seen{}, err
		}
	}
	f, err := part10.Parse(head, limits)
	index := source.IsDirectoryName(c.name)
	if err == nil {
		index = index || dicomio.IsMediaDirectory(f)
		var in *dicomio.Instance
		if in, err = dicomio.Identify(f); err == nil {
			return ofSeries(in), nil
		}
	}
	if index {
		return seen{loose: indexFound(c, head)}, nil
	}
	return seen{loose: failed(err)}, nil
}

func skipped(found string) *rescore.Loose {
	return &rescore.Loose{State: rescore.Skipped, Reason: rescore.ReasonNotDICOM, Found: found}
}

// other is what does not begin as DICOM: a failure where its name says that it
// should.
func other(c content) *rescore.Loose {
	called := strings.EqualFold(path.Ext(c.name), ".dcm") && !strings.HasPrefix(c.name, "._") // of macOS, beside each file
	switch {
	case called && c.size == 0:
		return failed(refusal.New(refusal.Malformed, "restore the file from where it came", "an empty file that is called .dcm"))
	case called:
		return failed(refusal.New(refusal.Malformed, "restore the file from where it came", "a file that is called .dcm and is no DICOM"))
	case c.size == 0:
		return skipped("an empty file")
	}
	return skipped("not a DICOM file")
}

// indexFound says of an index what it is. It fails where files that it names are
// not there; those that are there are read whatever it says.
func indexFound(c content, data []byte) *rescore.Loose {
	found := "the index of a medium (DICOMDIR), not an image"
	refs, err := source.References(data)
	if err != nil {
		return skipped(found + "; it cannot be read")
	}
	if c.names != nil {
		if missing, err := c.names(refs); err == nil && missing > 0 {
			return failed(refusal.New(rescore.ReasonGone, "copy the medium again, or see that its files lie elsewhere in the archive",
				"%s; of the %d files that it names %d are not there", found, len(refs), missing))
		}
	}
	return skipped(found)
}

// failed is the end of a file with a refusal.
func failed(err error) *rescore.Loose {
	var r *refusal.Error
	if !errors.As(err, &r) {
		r = refusal.New(refusal.Malformed, "re-export the object from its source", "a file that cannot be read")
	}
	return &rescore.Loose{State: rescore.Failed, Reason: string(r.Reason), Found: r.Found, Remedy: r.Remedy}
}

// unread is the end of a file or folder that the system does not hand out; nil
// where that is the fault of the machine.
func unread(err error) *rescore.Loose {
	var r *refusal.Error
	var number unix.Errno
	switch {
	case errors.As(err, &r):
		return failed(r)
	case errors.Is(err, unix.EMFILE), errors.Is(err, unix.ENFILE), errors.Is(err, unix.ENOMEM):
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return failed(refusal.New(rescore.ReasonGone, "nothing to do, where it was removed on purpose", "it was listed, and is not there any more"))
	case errors.As(err, &number):
		return failed(refusal.New(rescore.ReasonUnreadable, "let this program read it, or take it out of the archive", "not readable: %s", number.Error()))
	}
	return failed(refusal.New(rescore.ReasonUnreadable, "let this program read it, or take it out of the archive", "not readable"))
}
