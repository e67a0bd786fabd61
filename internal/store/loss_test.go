package store_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/internal/store"
	"nafas/internal/triage"
)

// lossy is a file system over the real one that writes down what is done and
// knows what would be left after a loss of power: contents as of their last
// sync, names as of the last sync of their folder, and nothing else. It syncs
// nothing for real, which would only take time.
type lossy struct {
	store.OS
	mu  sync.Mutex
	log []event
	// current and durable are names by path; a name that was never made
	// durable is only in current.
	current, durable map[string]*node
	// failAfter is the operation at which the power goes, counted from 1;
	// 0 for never.
	failAfter int
	ops       int
	// lost is called once, at the moment of loss.
	lost func()
}

// event is one line of the log: what was done, and to which path.
type event struct{ op, path string }

type node struct {
	dir bool
	// synced is what the last sync made durable.
	synced []byte
}

var errPower = errors.New("the power is gone")

func newLossy() *lossy {
	return &lossy{current: map[string]*node{}, durable: map[string]*node{}}
}

// step counts an operation and fails it, and all later ones, when the time
// has come.
func (l *lossy) step(op, path string) error {
	l.ops++
	if l.failAfter > 0 && l.ops >= l.failAfter {
		if l.lost != nil {
			l.lost()
			l.lost = nil
		}
		return errPower
	}
	l.log = append(l.log, event{op, path})
	return nil
}

func (l *lossy) note(op string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.log = append(l.log, event{op: op})
}

func (l *lossy) Create(path string) (store.File, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.step("create", path); err != nil {
		return nil, err
	}
	f, err := l.OS.Create(path)
	if err != nil {
		return nil, err
	}
	n := &node{}
	l.current[path] = n
	return &lossyFile{File: f, disk: l, path: path, node: n}, nil
}

func (l *lossy) Mkdir(path string) (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.step("mkdir", path); err != nil {
		return false, err
	}
	made, err := l.OS.Mkdir(path)
	if made {
		l.current[path] = &node{dir: true}
	}
	return made, err
}

func (l *lossy) Rename(from, to string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.step("rename", to); err != nil {
		return err
	}
	l.current[to] = l.current[from]
	delete(l.current, from)
	// What is in a folder goes with it, and stays as durable as it is.
	for _, known := range []map[string]*node{l.current, l.durable} {
		for path, n := range known {
			if rest, within := strings.CutPrefix(path, from+"/"); within {
				known[to+"/"+rest] = n
				delete(known, path)
			}
		}
	}
	return l.OS.Rename(from, to)
}

func (l *lossy) Link(from, to string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.step("link", to); err != nil {
		return err
	}
	l.current[to] = l.current[from]
	return l.OS.Link(from, to)
}

func (l *lossy) Remove(path string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.step("remove", path); err != nil {
		return err
	}
	if err := l.OS.Remove(path); err != nil {
		return err // such as a folder that is not empty
	}
	delete(l.current, path)
	return nil
}

func (l *lossy) SyncDir(path string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.step("syncdir", path); err != nil {
		return err
	}
	for name := range l.durable {
		if filepath.Dir(name) == path {
			delete(l.durable, name)
		}
	}
	for name, n := range l.current {
		if filepath.Dir(name) == path {
			l.durable[name] = n
		}
	}
	return nil
}

// survivors copies what a loss of power leaves of root into to. The database
// syncs for itself, so that it is as its last commit left it.
func (l *lossy) survivors(t *testing.T, root, to string) {
	t.Helper()
	for _, name := range []string{"nafas.db", "nafas.db-wal"} {
		if b, err := os.ReadFile(filepath.Join(root, name)); err == nil {
			require.NoError(t, os.WriteFile(filepath.Join(to, name), b, 0o600))
		}
	}
	reachable := func(path string) bool {
		for path != root {
			if l.durable[path] == nil {
				return false
			}
			path = filepath.Dir(path)
		}
		return true
	}
	for path, n := range l.durable {
		if !strings.HasPrefix(path, root+"/") || !reachable(path) {
			continue
		}
		target := filepath.Join(to, strings.TrimPrefix(path, root))
		if n.dir {
			require.NoError(t, os.MkdirAll(target, 0o700))
			continue
		}
		require.NoError(t, os.MkdirAll(filepath.Dir(target), 0o700))
		require.NoError(t, os.WriteFile(target, n.synced, 0o600))
	}
}

type lossyFile struct {
	store.File
	disk *lossy
	path string
	node *node
}

func (f *lossyFile) Sync() error {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if err := f.disk.step("sync", f.path); err != nil {
		return err
	}
	b, err := os.ReadFile(f.path)
	f.node.synced = b
	return err
}

// committing notes when the rows are committed.
type committing struct {
	triage.Store
	disk *lossy
}

func (c committing) Record(ctx context.Context, in triage.Intake) (triage.Recorded, error) {
	r, err := c.Store.Record(ctx, in)
	if err == nil {
		c.disk.note("commit")
	}
	return r, err
}
