// Package store keeps what the application knows: rows and jobs in SQLite,
// instance files in a folder beside it. It owns the transactions, and the
// insertion of jobs in them.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"golang.org/x/sys/unix"

	// The driver's name is "sqlite".
	_ "modernc.org/sqlite"

	"nafas/internal/triage"
)

// The files of a data folder beside its folders.
const (
	databaseFile = "nafas.db"
	lockFile     = "lock"
	// PseudonymKeyFile is for triage.LoadPseudonyms.
	PseudonymKeyFile = "pseudonym.key"
)

// ErrInUse says that another server has the data folder.
var ErrInUse = errors.New("the data folder is in use by another server")

// SQLite is the store of one machine.
type SQLite struct {
	*Folder
	dir string
	// write has one connection: SQLite knows one writer, and waiting in Go
	// beats SQLITE_BUSY.
	write *sql.DB
	read  *sql.DB
	lock  *os.File
	// jobs only inserts; the client that works is internal/jobs'.
	jobs         *river.Client[*sql.Tx]
	log          *slog.Logger
	installation string
	destinations []triage.Destination
}

var _ triage.Store = (*SQLite)(nil)

// Options of Open. Zero values mean the defaults.
type Options struct {
	// Disk is the file system. Default OS.
	Disk Disk
	// Log gets what happens in the store. Default slog.Default.
	Log *slog.Logger
	// Destinations are those that results are delivered to.
	Destinations []triage.Destination
}

// Open opens a data folder, makes it where there is none, takes its lock,
// brings its schema up to date, and makes ready what a dead server left
// behind. ErrInUse where another server has it; ErrRestoring where it is half
// restored.
func Open(ctx context.Context, dir string, o Options) (*SQLite, error) {
	if o.Disk == nil {
		o.Disk = OS{}
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if err := os.MkdirAll(dir, dirMode); err != nil {
		return nil, err
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	s := &SQLite{dir: dir, log: o.Log, destinations: o.Destinations}
	if err := s.open(ctx, o); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *SQLite) open(ctx context.Context, o Options) error {
	var err error
	if s.lock, err = lockPatiently(ctx, filepath.Join(s.dir, lockFile)); err != nil {
		return err
	}
	if err = notRestoring(s.dir); err != nil {
		return err
	}
	if s.Folder, err = OpenFolder(s.dir, o.Disk); err != nil {
		return err
	}
	// Made by the owner of the folder, whoever writes backups.
	guard, err := os.OpenFile(filepath.Join(s.dir, backupLock), os.O_RDWR|os.O_CREATE, fileMode)
	if err = errors.Join(err, guard.Close()); err != nil {
		return err
	}
	if err = s.connect(); err != nil {
		return err
	}
	if err = s.migrate(ctx); err != nil {
		return fmt.Errorf("schema of %s: %w", databaseFile, err)
	}
	// The database was made just now, perhaps: its name, and that of the
	// folder, have to be durable too. Where the folder above cannot be read,
	// somebody else made the data folder in it, long ago.
	if err = o.Disk.SyncDir(s.dir); err != nil {
		return err
	}
	if err = o.Disk.SyncDir(filepath.Dir(s.dir)); err != nil && !errors.Is(err, fs.ErrPermission) {
		return err
	}
	if s.jobs, err = river.NewClient(riversqlite.New(s.write), &river.Config{Logger: quiet()}); err != nil {
		return err
	}
	if err = s.name(ctx); err != nil {
		return err
	}
	return s.recover(ctx)
}

// lockTries and lockPause bear with a LiveWatch, which holds the lock for a moment
// to see whether anybody has it.
const (
	lockTries = 20
	lockPause = 10 * time.Millisecond
)

func lockPatiently(ctx context.Context, path string) (f *os.File, err error) {
	for range lockTries {
		if f, err = flock(path, unix.LOCK_EX|unix.LOCK_NB); !errors.Is(err, ErrInUse) || ctx.Err() != nil {
			break
		}
		time.Sleep(lockPause)
	}
	return f, err
}

// quiet is for a River client that only inserts: its start says nothing of
// use.
func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

func (s *SQLite) connect() error {
	path := filepath.Join(s.dir, databaseFile)
	// SQLite would make it readable by others; its other files take over the
	// mode of this one.
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, fileMode)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if s.write, err = sql.Open("sqlite", dsn(path, "_txlock", "immediate")); err != nil {
		return err
	}
	s.write.SetMaxOpenConns(1)
	s.write.SetMaxIdleConns(1)
	s.write.SetConnMaxLifetime(0)
	if s.read, err = sql.Open("sqlite", dsn(path, "_pragma", "query_only(1)")); err != nil {
		return err
	}
	s.read.SetMaxOpenConns(max(2, runtime.NumCPU()))
	s.read.SetMaxIdleConns(2)
	return nil
}

// dsn: WAL so that readers and the writer do not wait for each other; FULL so
// that a commit survives the loss of power (sqlite.org/pragma.html,
// synchronous); times as text that compares with River's own.
func dsn(path string, more ...string) string {
	q := url.Values{"_pragma": {
		"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)",
	}}
	q.Set("_time_format", "sqlite")
	q.Set("_timezone", "UTC")
	for i := 0; i < len(more); i += 2 {
		q.Add(more[i], more[i+1])
	}
	return (&url.URL{Scheme: "file", Opaque: url.PathEscape(path), RawQuery: q.Encode()}).String()
}

// name reads, or at the first start makes, the name of the installation.
func (s *SQLite) name(ctx context.Context) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `INSERT INTO installation (id, name) VALUES (1, ?) ON CONFLICT DO NOTHING`, uuid.NewString()); err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, `SELECT name FROM installation`).Scan(&s.installation)
	})
}

// Installation implements triage.Store.
func (s *SQLite) Installation() string { return s.installation }

// DB is the connection that writes, for the River client that works the jobs.
// It is one connection: whoever holds it keeps everybody else from writing.
func (s *SQLite) DB() *sql.DB { return s.write }

// Dir is the data folder.
func (s *SQLite) Dir() string { return s.dir }

// Close gives the folder back. Nothing may be in use any more.
func (s *SQLite) Close() error {
	var errs []error
	if s.Folder != nil {
		s.closeInbox()
	}
	for _, db := range []*sql.DB{s.read, s.write} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	if s.lock != nil {
		errs = append(errs, s.lock.Close())
	}
	return errors.Join(errs...)
}

// inTx runs f in a transaction of the writing connection.
func (s *SQLite) inTx(ctx context.Context, f func(tx *sql.Tx) error) error {
	return inTx(ctx, s.write, nil, f)
}

// inSnapshot runs f on one consistent state of the database.
func (s *SQLite) inSnapshot(ctx context.Context, f func(tx *sql.Tx) error) error {
	return inTx(ctx, s.read, &sql.TxOptions{ReadOnly: true}, f)
}

func inTx(ctx context.Context, db *sql.DB, o *sql.TxOptions, f func(tx *sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, o)
	if err != nil {
		return err
	}
	if err := f(tx); err != nil {
		return errors.Join(err, ignoreDone(tx.Rollback()))
	}
	return tx.Commit()
}

// ignoreDone: a context that ended has rolled back already.
func ignoreDone(err error) error {
	if errors.Is(err, sql.ErrTxDone) {
		return nil
	}
	return err
}

// Driver is for the River client that works the jobs, on the connection that
// writes.
func (s *SQLite) Driver() *riversqlite.Driver { return riversqlite.New(s.write) }
