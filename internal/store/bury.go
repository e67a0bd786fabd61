package store

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"
)

// backupLock is held while a backup copies files, and while files are deleted
// that an older state of the database names.
const backupLock = "backup.lock"

// buryAtOnce bounds a transaction.
const buryAtOnce = 1000

// Bury implements triage.Keeper.
func (s *SQLite) Bury(ctx context.Context) (files int, err error) {
	first, err := texts(ctx, s.read, `SELECT path FROM doomed LIMIT 1`)
	if err != nil || len(first) == 0 {
		return 0, err
	}
	guard, err := flock(filepath.Join(s.dir, backupLock), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, ErrInUse) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer guard.Close()
	return s.buryAll(ctx)
}

// buryAll is Bury for who holds the lock of backups.
func (s *SQLite) buryAll(ctx context.Context) (files int, err error) {
	for {
		paths, err := texts(ctx, s.read, `SELECT path FROM doomed ORDER BY path LIMIT ?`, buryAtOnce)
		if err != nil || len(paths) == 0 {
			return files, err
		}
		if err := s.Folder.bury(paths); err != nil {
			return files, err
		}
		if err := s.inTx(ctx, func(tx *sql.Tx) error {
			for _, p := range paths {
				if _, err := tx.ExecContext(ctx, `DELETE FROM doomed WHERE path = ?`, p); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			return files, err
		}
		files += len(paths)
	}
}

// bury deletes files, and the folders of studies that are empty then; when it
// returns, that is durable.
func (f *Folder) bury(paths []string) error {
	if err := f.Remove(paths); err != nil {
		return err
	}
	dirs := map[string]bool{}
	for _, p := range paths {
		dirs[path.Dir(p)] = true
	}
	// No file is placed meanwhile, perhaps into a folder that goes.
	f.mu.Lock()
	defer f.mu.Unlock()
	dirty := map[string]bool{}
	for _, dir := range slices.Sorted(maps.Keys(dirs)) {
		err := f.disk.Remove(f.Abs(dir))
		switch {
		case err == nil || errors.Is(err, fs.ErrNotExist):
			delete(f.durable, dir)
			dirty[path.Dir(dir)] = true
		case errors.Is(err, unix.ENOTEMPTY), errors.Is(err, unix.EEXIST):
			dirty[dir] = true
		default:
			return err
		}
	}
	return f.syncDirs(dirty)
}

// flock takes a lock of a file, made where it is missing; the system gives it
// back when the process ends, however it ends. ErrInUse where somebody has it
// and how says not to wait.
func flock(path string, how int) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, fileMode)
	if err != nil {
		return nil, err
	}
	err = unix.Flock(int(f.Fd()), how)
	if errors.Is(err, unix.EWOULDBLOCK) {
		err = ErrInUse
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}
