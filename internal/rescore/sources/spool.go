package sources

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"nafas/internal/rescore"
)

// ErrSpoolInUse says that another process has the folder.
var ErrSpoolInUse = errors.New("another process uses this folder; give each one of its own")

// Spool is the folder of one process for files that it fetches. Sources share it.
type Spool struct {
	dir  string
	lock *os.File
}

// spoolPrefix begins the names of the folders in it: nothing else is removed.
const spoolPrefix = "fetched-"

// OpenSpool takes a folder, which it makes where it is missing, and removes what
// an earlier process left in it. It fails where another process has it.
func OpenSpool(dir string) (*Spool, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("%w: %w", rescore.ErrSpool, err)
	}
	lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", rescore.ErrSpool, err)
	}
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		_ = lock.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			err = ErrSpoolInUse
		}
		return nil, fmt.Errorf("%w: %w", rescore.ErrSpool, err)
	}
	s := &Spool{dir: dir, lock: lock}
	if err := s.empty(); err != nil {
		_ = lock.Close()
		return nil, fmt.Errorf("%w: %w", rescore.ErrSpool, err)
	}
	return s, nil
}

func (s *Spool) empty() error {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), spoolPrefix) {
			err = errors.Join(err, os.RemoveAll(filepath.Join(s.dir, e.Name())))
		}
	}
	return err
}

// Close gives the folder back, empty.
func (s *Spool) Close() error { return errors.Join(s.empty(), s.lock.Close()) }

// errNoSpool is a fault of the program.
var errNoSpool = errors.New("fetching needs a spool folder, and none was given")

// Folder makes one for what is fetched together; remove removes it.
func (s *Spool) Folder() (dir string, remove func(), err error) {
	if s == nil {
		return "", nil, errNoSpool
	}
	if dir, err = os.MkdirTemp(s.dir, spoolPrefix); err != nil {
		return "", nil, fmt.Errorf("%w: %w", rescore.ErrSpool, err)
	}
	return dir, func() { _ = os.RemoveAll(dir) }, nil
}
