package store

import (
	"errors"
	"os"
	"sync"

	"github.com/google/uuid"

	"nafas/internal/triage"
)

// namesAhead is how many empty files are made at once: one synchronisation of
// the folder makes all their names durable.
const namesAhead = 16

// inbox keeps files with durable names ready.
type inbox struct {
	mu    sync.Mutex
	ready []*spoolFile
}

// Inbox implements triage.Files.
func (f *Folder) Inbox() (triage.SpoolFile, error) {
	f.inbox.mu.Lock()
	defer f.inbox.mu.Unlock()
	if len(f.inbox.ready) == 0 {
		if err := f.fillInbox(); err != nil {
			return nil, err
		}
	}
	last := len(f.inbox.ready) - 1
	out := f.inbox.ready[last]
	f.inbox.ready = f.inbox.ready[:last]
	return out, nil
}

func (f *Folder) fillInbox() error {
	var made []*spoolFile
	err := func() error {
		for range namesAhead {
			name := inboxDir + "/" + uuid.NewString()
			file, err := f.disk.Create(f.Abs(name))
			if err != nil {
				return err
			}
			made = append(made, &spoolFile{folder: f, path: name, file: file, stays: true})
		}
		return f.disk.SyncDir(f.Abs(inboxDir))
	}()
	if err != nil {
		discardAll(made)
		return err
	}
	f.inbox.ready = made
	return nil
}

func discardAll(files []*spoolFile) {
	for _, s := range files {
		s.Discard()
	}
}

// closeInbox takes the empty files away that nobody came for.
func (f *Folder) closeInbox() {
	f.inbox.mu.Lock()
	defer f.inbox.mu.Unlock()
	discardAll(f.inbox.ready)
	f.inbox.ready = nil
}

// Arrived implements triage.Files.
func (f *Folder) Arrived() ([]triage.SpoolFile, error) {
	entries, err := os.ReadDir(f.Abs(inboxDir))
	if err != nil {
		return nil, err
	}
	var out []triage.SpoolFile
	var empty []string
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			return nil, err
		}
		path := inboxDir + "/" + e.Name()
		if info.Size() == 0 {
			empty = append(empty, path)
			continue
		}
		out = append(out, &spoolFile{folder: f, path: path, stays: true, state: spoolSynced})
	}
	return out, errors.Join(err, f.Remove(empty))
}
