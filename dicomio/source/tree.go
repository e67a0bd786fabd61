package source

import (
	"cmp"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"nafas/dicomio/refusal"
)

// Entry is one thing below a root that is no folder, or a folder that cannot be
// read.
type Entry struct {
	// Path is below the root, with slashes, in the bytes of the file system.
	Path string
	// At is where the walk goes on behind it.
	At string
	// Info is what it is itself, where it is a link; nil where Err is set.
	Info fs.FileInfo
	// Err is why it is not read: the file system's, without a path, or a
	// *refusal.Error for folders that are nested too deep.
	Err error
}

// heldNames bounds the names that are in memory for each level of folders; a
// larger folder is listed more than once.
const heldNames = 1 << 16

// maxTreeDepth bounds the nesting of folders: without links there are no loops,
// so that nobody's archive is deeper.
const maxTreeDepth = 256

// Tree hands on everything below a root in the order of ComparePaths, behind the
// place after ("" for all), in bounded memory. Links are handed on and not
// followed. The error is each's, the context's, or why the root itself cannot be
// listed.
func Tree(ctx context.Context, root *os.Root, after string, each func(Entry) error) error {
	t := tree{ctx: ctx, root: root, after: after, each: each, held: heldNames}
	return t.folder(".", 0)
}

// ComparePaths orders slash paths name by name, so that what is in a folder comes
// together: bytes, with the slash below all others.
func ComparePaths(a, b string) int {
	for i := range min(len(a), len(b)) {
		switch {
		case a[i] == b[i]:
		case a[i] == '/':
			return -1
		case b[i] == '/':
			return 1
		default:
			return cmp.Compare(a[i], b[i])
		}
	}
	return cmp.Compare(len(a), len(b))
}

// endOf is behind everything in a folder: no name of a file system begins so.
func endOf(folder string) string { return path.Join(folder, "\xff\xff") }

type tree struct {
	ctx   context.Context
	root  *os.Root
	after string
	each  func(Entry) error
	held  int
}

func (t *tree) folder(name string, depth int) error {
	from, inclusive := t.begin(name), true
	for {
		names, more, listErr := t.list(name, from, inclusive)
		if err := t.ctx.Err(); err != nil {
			return err
		}
		if listErr != nil && name == "." {
			return listErr
		}
		for _, n := range names {
			if err := t.entry(path.Join(name, n), depth); err != nil {
				return err
			}
		}
		if listErr != nil {
			return t.hand(Entry{Path: name, At: endOf(name), Err: bare(listErr)})
		}
		if !more {
			return nil
		}
		from, inclusive = names[len(names)-1], false
	}
}

// begin is the first name of a folder that is not done.
func (t *tree) begin(folder string) string {
	rest := t.after
	if folder != "." {
		var within bool
		if rest, within = strings.CutPrefix(t.after, folder+"/"); !within {
			return ""
		}
	}
	first, _, _ := strings.Cut(rest, "/")
	return first
}

// list returns the first names of a folder from one on, sorted; more says that
// there are others behind. With an error come the names that were read before it.
func (t *tree) list(folder, from string, inclusive bool) (names []string, more bool, err error) {
	f, err := t.root.Open(folder)
	if err != nil {
		return nil, false, err
	}
	defer f.Close()
	for {
		some, err := f.Readdirnames(1024)
		for _, n := range some {
			if n > from || inclusive && n == from {
				names = append(names, n)
			}
		}
		if len(names) > 2*t.held || err != nil {
			slices.Sort(names)
			if len(names) > t.held {
				names, more = names[:t.held], true
			}
		}
		if errors.Is(err, io.EOF) {
			return names, more, nil
		}
		if err == nil {
			err = t.ctx.Err()
		}
		if err != nil {
			return names, more, err
		}
	}
}

func (t *tree) entry(name string, depth int) error {
	if err := t.ctx.Err(); err != nil {
		return err
	}
	done := t.after != "" && ComparePaths(name, t.after) <= 0
	if done && !strings.HasPrefix(t.after, name+"/") {
		return nil
	}
	info, err := t.root.Lstat(name)
	switch {
	case err != nil: // it may be gone since it was listed
		return t.hand(Entry{Path: name, At: name, Err: bare(err)})
	case !info.IsDir():
		return t.hand(Entry{Path: name, At: name, Info: info})
	case depth+1 >= maxTreeDepth:
		return t.hand(Entry{Path: name, At: endOf(name), Err: refusal.New(refusal.TooLarge,
			"move the folder further up", "folders nested deeper than %d are not read", maxTreeDepth)})
	}
	return t.folder(name, depth+1)
}

func (t *tree) hand(e Entry) error {
	if t.after != "" && ComparePaths(e.At, t.after) <= 0 {
		return nil
	}
	return t.each(e)
}
