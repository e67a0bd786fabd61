package source

import (
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/part10"
	"nafas/dicomio/refusal"
)

// directoryName is the fixed name of the index of a medium (PS3.10 section
// 8.6). It is no image.
const directoryName = "DICOMDIR"

// IsDirectoryName says whether a file is called as the index of a medium is.
func IsDirectoryName(base string) bool { return strings.EqualFold(base, directoryName) }

// References are the files that an index (DICOMDIR) names: slash paths from its
// folder, "" for one that leads outside. A *refusal.Error where it cannot be read.
func References(data []byte) ([]string, error) {
	refs, err := references(data, DefaultLimits())
	out := make([]string, len(refs))
	for i, ref := range refs {
		out[i] = string(ref)
	}
	return out, err
}

// Fold makes names comparable as discs need it: case and the ISO 9660 version
// suffix say nothing.
func Fold(name string) string { return fold(name) }

// maxReferenceNotes keeps the index of a half-copied disc from flooding the
// report.
const maxReferenceNotes = 20

// reference is one Referenced File ID (0004,1500), as a slash path relative
// to the index, or "" where it leads outside.
type reference string

// references reads the index.
func references(data []byte, lim Limits) ([]reference, error) {
	limits := part10.DefaultLimits()
	limits.MaxBytes = min(limits.MaxBytes, lim.MaxFileBytes)
	f, err := part10.Parse(data, limits)
	if err != nil {
		return nil, err
	}
	var out []reference
	for _, record := range f.Sequence(tag.DirectoryRecordSequence) {
		for _, e := range record {
			if e.Tag != tag.ReferencedFileID || e.Value == nil {
				continue
			}
			if parts, ok := e.Value.GetValue().([]string); ok {
				if ref, any := join(parts); any {
					out = append(out, ref)
				}
			}
		}
	}
	return out, nil
}

// join makes a path of the components of a file ID. Only plain names count:
// a component that is a path itself could lead anywhere. any is false for an
// empty ID (records of patients and studies have none).
func join(parts []string) (ref reference, any bool) {
	clean := make([]string, 0, len(parts))
	for _, p := range parts {
		p = strings.TrimRight(p, " \x00")
		if p == "" && len(parts) == 1 {
			return "", false
		}
		if p == "" || p == "." || p == ".." || strings.ContainsAny(p, "/\\:\x00") {
			return "", true
		}
		clean = append(clean, p)
	}
	return reference(strings.Join(clean, "/")), len(clean) > 0
}

func fold(name string) string {
	return strings.ToLower(strings.TrimSuffix(strings.TrimSuffix(name, ";1"), "."))
}

// checkDirectory compares an index with the files that are there. Everything
// in the folder is read anyway, so the index only tells what is missing.
func (w *walk) checkDirectory(name string, it Item, all []string) {
	data, err := it.Open()
	if err != nil {
		w.note(name, "the index is not readable: %v", bare(err))
		return
	}
	refs, err := references(data, w.lim)
	if err != nil {
		w.note(name, "the index is not readable: %v", err)
		return
	}
	w.note(name, "the index of the medium, not an image to read")
	w.missing(name, refs, all)
}

// missing notes the references that lead outside or nowhere, and returns the
// folded names of the others.
func (w *walk) missing(name string, refs []reference, all []string) map[string]bool {
	there := make(map[string]bool, len(all))
	for _, n := range all {
		there[fold(n)] = true
	}
	found := map[string]bool{}
	bad := 0
	for _, ref := range refs {
		at := fold(path.Join(path.Dir(name), string(ref)))
		if ref != "" && there[at] {
			found[at] = true
			continue
		}
		if bad++; bad > maxReferenceNotes {
			continue
		}
		if ref == "" {
			w.note(name, "a reference that leads out of the medium, not followed")
		} else {
			w.note(name, "refers to %q, which is not there", string(ref))
		}
	}
	if more := bad - maxReferenceNotes; more > 0 {
		w.note(name, "and %d more references of that kind", more)
	}
	return found
}

// directoryFile takes in what the index at file names, and nothing else of
// its folder.
func (w *walk) directoryFile(file string) error {
	dir, name := filepath.Dir(file), filepath.Base(file)
	data, err := fileItem(name, func() (*os.File, error) { return os.Open(file) }, w.lim.MaxFileBytes).Open()
	if err != nil {
		return err
	}
	refs, err := references(data, w.lim)
	if err != nil {
		return err
	}
	inner := &walk{ctx: w.ctx, lim: w.lim}
	if err := inner.tree(dir); err != nil {
		return err
	}
	all := make([]string, 0, len(inner.items))
	for _, it := range inner.items {
		all = append(all, it.Name)
	}
	w.note(name, "the index of the medium, not an image to read")
	found := w.missing(name, refs, all)
	for _, it := range inner.items {
		if found[fold(it.Name)] {
			w.items = append(w.items, it)
		}
	}
	if left := len(inner.items) - len(w.items); left > 0 {
		w.note(name, "%d DICOM files of the folder are not in the index and were not read", left)
	}
	if len(refs) == 0 {
		return refusal.New(refusal.Malformed, "send the folder instead", "an index (DICOMDIR) that names no file")
	}
	return nil
}
