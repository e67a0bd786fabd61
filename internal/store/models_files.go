package store

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/google/uuid"
	"golang.org/x/sys/unix"

	"nafas/internal/registry"
)

// draftPrefix begins the names of folders of models that are on their way in.
const draftPrefix = ".draft-"

// Abs implements registry.Shelf.
func (k *Models) Abs(name string) string { return k.s.Abs(name) }

// FreeBytes implements registry.Shelf.
func (k *Models) FreeBytes() (int64, error) { return k.s.FreeBytes() }

// Draft implements registry.Shelf.
func (k *Models) Draft() (registry.Draft, error) {
	d := &draft{k: k, folder: modelsDir + "/" + draftPrefix + uuid.NewString()}
	_, err := k.s.disk.Mkdir(k.s.Abs(d.folder))
	return d, err
}

// Discard implements registry.Shelf.
func (k *Models) Discard(folder string) error {
	if path.Dir(folder) != modelsDir {
		return fmt.Errorf("%s is no folder of a model", folder)
	}
	return os.RemoveAll(k.s.Abs(folder))
}

// draft is a folder of a model on its way in.
type draft struct {
	k      *Models
	folder string
	files  []*draftFile
	placed bool
}

// Dir implements registry.Draft.
func (d *draft) Dir() string { return d.k.s.Abs(d.folder) }

// Create implements registry.Draft.
func (d *draft) Create(name string) (io.WriteCloser, error) {
	if !fs.ValidPath(name) || strings.Contains(name, "/") || name == "." {
		return nil, fmt.Errorf("%q is no name of a file", name)
	}
	f, err := d.k.s.disk.Create(d.k.s.Abs(d.folder + "/" + name))
	if err != nil {
		return nil, err
	}
	one := &draftFile{file: f, name: name, sum: sha256.New()}
	d.files = append(d.files, one)
	return one, nil
}

// draftFile is a file of a draft: closing it makes it durable.
type draftFile struct {
	file  File
	name  string
	sum   hash.Hash
	bytes int64
	whole bool
}

func (f *draftFile) Write(p []byte) (int, error) {
	n, err := f.file.Write(p)
	f.sum.Write(p[:n])
	f.bytes += int64(n)
	return n, err
}

func (f *draftFile) Close() error {
	err := f.file.Sync()
	f.whole = err == nil
	return errors.Join(err, f.file.Close())
}

// Place implements registry.Draft. Order: contents were synced as they were closed;
// their names, the folder's new name, and the row is the caller's.
func (d *draft) Place(name string) (folder string, files []registry.File, err error) {
	for _, f := range d.files {
		if !f.whole {
			return "", nil, fmt.Errorf("%s was not written to its end", f.name)
		}
		one := registry.File{Name: f.name, Bytes: f.bytes}
		f.sum.Sum(one.SHA256[:0])
		files = append(files, one)
	}
	s, to := d.k.s, modelsDir+"/"+name
	if err := d.k.makeRoom(to); err != nil {
		return "", nil, err
	}
	if err := s.disk.SyncDir(s.Abs(d.folder)); err != nil {
		return "", nil, err
	}
	if err := s.disk.Rename(s.Abs(d.folder), s.Abs(to)); err != nil {
		return "", nil, err
	}
	d.placed = true
	return to, files, s.disk.SyncDir(s.Abs(modelsDir))
}

// makeRoom takes away what lies where a model is to be: a crash left it, or its
// files are not whole. What a backup still needs of a model that was removed stays
// until it has ended.
func (k *Models) makeRoom(folder string) error {
	ctx := context.Background()
	if _, err := k.s.Bury(ctx); err != nil {
		return err
	}
	doomed, err := k.doomed(ctx, folder)
	if err != nil {
		return err
	}
	if doomed {
		return &registry.Error{Kind: registry.Busy, Found: "a backup is being written, which needs the files of the same model as it was removed", Remedy: "Try again when it has ended."}
	}
	return os.RemoveAll(k.s.Abs(folder))
}

func (k *Models) doomed(ctx context.Context, folder string) (is bool, err error) {
	err = k.s.read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM doomed WHERE path >= ?1 || '/' AND path < ?1 || '0')`, folder).Scan(&is)
	return is, err
}

// Discard implements registry.Draft.
func (d *draft) Discard() {
	if d.placed {
		return
	}
	for _, f := range d.files {
		_ = f.file.Close() // it may be closed
	}
	// What stays is removed by the next start.
	_ = os.RemoveAll(d.Dir())
}

// sweepModels removes folders of models that a crash left: drafts, and those
// without a row. Nobody else has the data folder.
func (s *SQLite) sweepModels(ctx context.Context) error {
	entries, err := os.ReadDir(s.Abs(modelsDir))
	if err != nil {
		return err
	}
	for _, e := range entries {
		folder := modelsDir + "/" + e.Name()
		var known bool
		if err := s.read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM model WHERE folder = ?)`, folder).Scan(&known); err != nil {
			return err
		}
		if !known {
			known, err = s.Models().doomed(ctx, folder) // Bury's, when no backup needs it
		}
		if err != nil || known {
			if err != nil {
				return err
			}
			continue
		}
		if err := os.RemoveAll(s.Abs(folder)); err != nil && !errors.Is(err, unix.ENOENT) {
			return err
		}
		s.log.InfoContext(ctx, "removed a model that was not installed to the end", "folder", folder)
	}
	return nil
}
