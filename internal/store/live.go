package store

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"nafas/internal/triage"
	"nafas/internal/triage/quality"
)

// LiveWatch looks at the studies of a service from beside it, without its lock.
type LiveWatch struct {
	// looking has nothing but the connection that reads.
	looking SQLite
	lock    string
}

// WatchLive opens a data folder to look on; nil where no service has ever used
// it.
func WatchLive(dir string) (*LiveWatch, error) {
	path := filepath.Join(dir, databaseFile)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", dsn(path, "_pragma", "query_only(1)"))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(2) // a study is looked up while reviews are gone through
	return &LiveWatch{SQLite{read: db}, filepath.Join(dir, lockFile)}, nil
}

// Busy says whether a service has the folder now, and a study of it waits to be
// read or is read.
func (w *LiveWatch) Busy(ctx context.Context) (bool, error) {
	// A service that begins just now tries again for longer than this is held.
	free, err := flock(w.lock, unix.LOCK_SH|unix.LOCK_NB)
	if err == nil {
		return false, free.Close()
	}
	if !errors.Is(err, ErrInUse) {
		return false, err
	}
	var busy bool
	err = w.looking.read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM river_job WHERE queue = ? AND state IN ('available', 'running'))`, triage.QueueRead).Scan(&busy)
	return busy, err
}

// Study returns a study with its series, or triage.ErrNotFound.
func (w *LiveWatch) Study(ctx context.Context, uid string) (triage.Study, error) {
	return w.looking.Study(ctx, uid)
}

// Reviewed hands on what readers said of each study that is signed off.
func (w *LiveWatch) Reviewed(ctx context.Context, each func(quality.Study) error) error {
	_, err := w.looking.SignedStudies(ctx, triage.Period{}, func(s triage.SignedStudy) error { return each(s.Places()) })
	return err
}

// Close ends the watch.
func (w *LiveWatch) Close() error { return w.looking.read.Close() }
