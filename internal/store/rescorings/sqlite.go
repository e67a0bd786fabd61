package rescorings

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/riverqueue/river/riverdriver/riversqlite"

	"nafas/internal/store"
)

// FileName is the database of a data folder's rescorings.
const FileName = store.RescoringsFile

const (
	lockFile = "rescore.lock"
	// schemaLock is held for as long as the schema is looked at, by whoever opens.
	schemaLock = "rescore.schema.lock"
)

// OpenSQLite opens the rescorings of a data folder, which is made where there is
// none. Who works takes the lock (ErrInUse where another process has it) and
// makes ready what a dead process left. Others may open it at the same time.
func OpenSQLite(ctx context.Context, dir string, o Options) (*Ledger, error) {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	l := &Ledger{d: sqliteDialect, log: o.Log}
	if err := l.openSQLite(ctx, dir, o.Works); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

func (l *Ledger) openSQLite(ctx context.Context, dir string, works bool) error {
	var err error
	if works {
		if l.lock, err = store.TryLock(filepath.Join(dir, lockFile)); errors.Is(err, store.ErrInUse) {
			return ErrInUse
		} else if err != nil {
			return err
		}
	}
	if err = l.connectSQLite(filepath.Join(dir, FileName)); err != nil {
		return err
	}
	schema, err := waitLock(ctx, filepath.Join(dir, schemaLock))
	if err != nil {
		return err
	}
	err = l.open(ctx)
	if err = errors.Join(err, schema.Close()); err != nil || !works {
		return err
	}
	return l.recover(ctx)
}

func (l *Ledger) connectSQLite(path string) error {
	// SQLite would make it readable by others; its other files take over the mode
	// of this one.
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := (store.OS{}).SyncDir(filepath.Dir(path)); err != nil {
		return err
	}
	if l.write, err = sql.Open("sqlite", store.DSN(path, "_txlock", "immediate")); err != nil {
		return err
	}
	// One connection: SQLite knows one writer, and waiting in Go beats SQLITE_BUSY.
	l.write.SetMaxOpenConns(1)
	l.write.SetMaxIdleConns(1)
	l.write.SetConnMaxLifetime(0)
	for db, most := range map[**sql.DB]int{&l.read: max(2, runtime.NumCPU()), &l.long: longConns} {
		if *db, err = sql.Open("sqlite", store.DSN(path, "_pragma", "query_only(1)")); err != nil {
			return err
		}
		(*db).SetMaxOpenConns(most)
		(*db).SetMaxIdleConns(2)
	}
	l.driver = riversqlite.New(l.write)
	return nil
}

// waitLock waits for a lock that nobody holds for long.
func waitLock(ctx context.Context, path string) (*os.File, error) {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	for {
		f, err := store.TryLock(path)
		if !errors.Is(err, store.ErrInUse) {
			return f, err
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%s is held: %w", filepath.Base(path), ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// recover makes ready what a dead process left: the lock says that nobody is at
// it.
func (l *Ledger) recover(ctx context.Context) error {
	var studies int64
	err := l.inTx(ctx, func(ctx context.Context, t tx) error {
		if _, err := t.exec(ctx, `UPDATE river_job SET state = 'available', scheduled_at = `+t.d.riverNow+` WHERE state = 'running'`); err != nil {
			return err
		}
		// The dead process' turn as leader would delay jobs that are tried again.
		if _, err := t.exec(ctx, `DELETE FROM river_leader`); err != nil {
			return err
		}
		var err error
		if studies, err = t.exec(ctx, `UPDATE study SET state = 'queued', worker = NULL WHERE state = 'running'`); err != nil {
			return err
		}
		_, err = t.exec(ctx, `UPDATE study SET state = 'waiting', worker = NULL WHERE state = 'queued' AND `+lost)
		return err
	})
	if studies > 0 {
		l.log.InfoContext(ctx, "took over from a process that ended early", "studies", studies)
	}
	return err
}
