package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"

	"nafas/internal/triage"
)

// The folders of a data folder.
const (
	spoolDir      = "spool"
	inboxDir      = "inbox"
	instancesDir  = "instances"
	quarantineDir = "quarantine"
	modelsDir     = "models"
)

// Folder is the data folder's files. Names are our own: a random name in a
// folder that is the shortened hash of the study's UID, below one of 256, so
// that no name comes from outside, no folder grows large, and a study lies
// together.
type Folder struct {
	root string
	disk Disk
	// durable holds folders whose own names are known to be durable, so that
	// a sender of single instances does not pay for them each time.
	mu      sync.Mutex
	durable map[string]bool
	inbox   inbox
}

// maxDurable bounds the memory of durable; past it, it starts anew.
const maxDurable = 10000

var _ triage.Files = (*Folder)(nil)

// OpenFolder makes the folders that are missing.
func OpenFolder(root string, disk Disk) (*Folder, error) {
	f := &Folder{root: root, disk: disk, durable: map[string]bool{}}
	for _, dir := range []string{spoolDir, inboxDir, instancesDir, quarantineDir, modelsDir} {
		if _, err := disk.Mkdir(f.Abs(dir)); err != nil {
			return nil, err
		}
	}
	return f, disk.SyncDir(root)
}

// Abs implements triage.Files.
func (f *Folder) Abs(name string) string { return filepath.Join(f.root, filepath.FromSlash(name)) }

// Read implements triage.Files.
func (f *Folder) Read(name string) ([]byte, error) { return f.disk.ReadFile(f.Abs(name)) }

// FreeBytes implements triage.Files: what an ordinary user may still write.
func (f *Folder) FreeBytes() (int64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(f.root, &s); err != nil {
		return 0, fmt.Errorf("free space of the data folder: %w", err)
	}
	return int64(s.Bavail) * int64(s.Bsize), nil
}

// Spool implements triage.Files.
func (f *Folder) Spool() (triage.SpoolFile, error) {
	name := spoolDir + "/" + uuid.NewString()
	file, err := f.disk.Create(f.Abs(name))
	if err != nil {
		return nil, err
	}
	return &spoolFile{folder: f, path: name, file: file}, nil
}

// Place implements triage.Files. Order: every rename, then every folder, from
// the deepest up, that has a new name in it.
func (f *Folder) Place(ctx context.Context, moves []triage.Move) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	dirty := map[string]bool{}
	for i := range moves {
		if moves[i].From == nil {
			continue
		}
		if err := f.place(&moves[i], dirty); err != nil {
			return err
		}
	}
	if err := f.syncDirs(dirty); err != nil {
		return err
	}
	if len(f.durable) > maxDurable {
		clear(f.durable)
	}
	maps.Copy(f.durable, dirty)
	return nil
}

func (f *Folder) place(m *triage.Move, dirty map[string]bool) error {
	spool, ok := m.From.(*spoolFile)
	if !ok {
		return errors.New("a file of another folder")
	}
	dir, err := f.dir(*m, dirty)
	if err != nil {
		return err
	}
	to := dir + "/" + uuid.NewString() + ".dcm"
	if err := spool.place(to); err != nil {
		return err
	}
	m.To = to
	dirty[dir] = true
	return nil
}

// dir makes the folder of a study. A folder that exists may not be durable
// yet, made by a commit that did not end, so its parent is synced unless this
// process has done so.
func (f *Folder) dir(m triage.Move, dirty map[string]bool) (string, error) {
	top := instancesDir
	if m.Place == triage.PlaceQuarantine {
		top = quarantineDir
	}
	name := studyDir(m.Study)
	for _, dir := range []string{top + "/" + name[:2], top + "/" + name[:2] + "/" + name} {
		if dirty[dir] || f.durable[dir] {
			continue
		}
		if _, err := f.disk.Mkdir(f.Abs(dir)); err != nil {
			return "", err
		}
		dirty[path.Dir(dir)] = true
	}
	return top + "/" + name[:2] + "/" + name, nil
}

// studyDir is a name that says nothing of the UID to who does not know it.
func studyDir(uid string) string {
	sum := sha256.Sum256([]byte("nafas study folder\x00" + uid))
	return hex.EncodeToString(sum[:12])
}

func (f *Folder) syncDirs(dirty map[string]bool) error {
	byDepth := map[int][]string{}
	for dir := range dirty {
		depth := strings.Count(dir, "/")
		byDepth[depth] = append(byDepth[depth], dir)
	}
	for _, depth := range slices.Backward(slices.Sorted(maps.Keys(byDepth))) {
		var g errgroup.Group
		g.SetLimit(dirSyncsAtOnce)
		for _, dir := range byDepth[depth] {
			g.Go(func() error { return f.disk.SyncDir(f.Abs(dir)) })
		}
		if err := g.Wait(); err != nil {
			return err
		}
	}
	return nil
}

const dirSyncsAtOnce = 8

// Remove implements triage.Files. A file that is not there is no error.
func (f *Folder) Remove(paths []string) error {
	var errs []error
	for _, p := range paths {
		if err := f.disk.Remove(f.Abs(p)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// spoolFile is a file on its way in.
type spoolFile struct {
	folder *Folder
	path   string
	file   File
	// stays: placing the file leaves its name.
	stays bool
	mu    sync.Mutex
	state spoolState
}

type spoolState int

const (
	spoolOpen spoolState = iota
	spoolSynced
	spoolGone
)

func (s *spoolFile) Path() string { return s.path }

func (s *spoolFile) Write(p []byte) (int, error) { return s.file.Write(p) }

func (s *spoolFile) Read() ([]byte, func(), error) {
	data, err := s.folder.disk.ReadFile(s.folder.Abs(s.path))
	return data, func() {}, err
}

func (s *spoolFile) Sync() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != spoolOpen {
		return errors.New("the spool file is not open")
	}
	if err := s.file.Sync(); err != nil {
		return err
	}
	s.state = spoolSynced
	return s.file.Close()
}

// place gives the file its name in the data folder.
func (s *spoolFile) place(to string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != spoolSynced {
		return errors.New("a file is placed only after it was synced")
	}
	if s.stays {
		return s.folder.disk.Link(s.folder.Abs(s.path), s.folder.Abs(to))
	}
	if err := s.folder.disk.Rename(s.folder.Abs(s.path), s.folder.Abs(to)); err != nil {
		return err
	}
	s.state = spoolGone
	return nil
}

// Discard is called on the way out, where an error helps nobody: what stays
// in the spool is removed at the next start.
func (s *spoolFile) Discard() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state == spoolGone {
		return
	}
	if s.state == spoolOpen {
		_ = s.file.Close()
	}
	_ = s.folder.disk.Remove(s.folder.Abs(s.path))
	s.state = spoolGone
}
