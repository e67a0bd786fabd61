package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Books keep what is known of people: accounts, sessions and the audit trail.
// They can be open beside a running server.
type Books struct{ write, read *sql.DB }

// Books of a store; they end with it.
func (s *SQLite) Books() *Books { return &Books{write: s.write, read: s.read} }

// booksSince is the step of the schema that the books need.
const booksSince = 12

// OpenBooks opens the books of a data folder, whether a server runs on it or not.
// Where there is no data folder it makes one.
func OpenBooks(ctx context.Context, dir string, o Options) (*Books, error) {
	ready, err := booksReady(ctx, dir)
	if err != nil {
		return nil, err
	}
	if !ready {
		if err := makeBooks(ctx, dir, o); err != nil {
			return nil, err
		}
	}
	if err := notRestoring(dir); err != nil {
		return nil, err
	}
	s := &SQLite{dir: dir}
	if err := s.connect(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s.Books(), nil
}

// makeBooks brings a folder up to date that no server has.
func makeBooks(ctx context.Context, dir string, o Options) error {
	s, err := Open(ctx, dir, o)
	if errors.Is(err, ErrInUse) {
		return fmt.Errorf("%w, of an earlier version, or one that is starting: try again, or restart it with this version first", err)
	}
	if err != nil {
		return err
	}
	return s.Close()
}

// booksReady says whether the folder's schema has the books.
func booksReady(ctx context.Context, dir string) (ready bool, err error) {
	path := filepath.Join(dir, databaseFile)
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	db, err := sql.Open("sqlite", dsn(path, "_pragma", "query_only(1)"))
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'schema_version')`).Scan(&ready); err != nil || !ready {
		return false, err
	}
	return ready, db.QueryRowContext(ctx, `SELECT count(*) = 2 FROM schema_version WHERE version IN (?, ?)`, booksSince-1, booksSince).Scan(&ready)
}

// Close gives books back that OpenBooks opened.
func (b *Books) Close() error { return errors.Join(b.read.Close(), b.write.Close()) }

func (b *Books) inTx(ctx context.Context, f func(tx *sql.Tx) error) error {
	return inTx(ctx, b.write, nil, f)
}

// AnyAccount says whether a data folder has users, whoever has it open. One that
// is not there, or of an earlier version, has none.
func AnyAccount(ctx context.Context, dir string) (any bool, err error) {
	ready, err := booksReady(ctx, dir)
	if err != nil || !ready {
		return false, err
	}
	db, err := sql.Open("sqlite", dsn(filepath.Join(dir, databaseFile), "_pragma", "query_only(1)"))
	if err != nil {
		return false, err
	}
	any, err = (&Books{read: db}).AnyAccount(ctx)
	return any, errors.Join(err, db.Close())
}
