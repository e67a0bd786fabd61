// Package rescorings keeps rescorings, their inputs and what became of each: in
// SQLite for one machine, in PostgreSQL for several. One code serves both;
// dialect holds the differences. The queue of River lies in the same database,
// so that a study and its job change together.
package rescorings

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"

	"nafas/internal/rescore"
)

// ErrInUse says that another process works on the rescorings of a data folder.
var ErrInUse = errors.New("another process works on the rescorings of this data folder")

// Options of a Ledger. Zero values mean the defaults.
type Options struct {
	// Log gets what happens in the ledger. Default slog.Default.
	Log *slog.Logger
	// Works says that this process reads studies. In a data folder one process
	// alone does; others may look on and steer.
	Works bool
}

// Ledger keeps rescorings; see rescore.Ledger. It may be used from several
// goroutines.
type Ledger struct {
	d           *dialect
	write, read *sql.DB
	// long is for who goes over all rows at the pace of somebody else: one that
	// stands still holds a connection, and must not hold up all others.
	long   *sql.DB
	driver riverdriver.Driver[*sql.Tx]
	// jobs only inserts; the client that works is internal/jobs'.
	jobs *river.Client[*sql.Tx]
	log  *slog.Logger
	lock *os.File

	mu sync.Mutex
	// fixed are rescorings as far as they never change.
	fixed map[int64]rescore.Rescoring
}

var _ rescore.Ledger = (*Ledger)(nil)

// Driver is for the River client that works the jobs.
func (l *Ledger) Driver() riverdriver.Driver[*sql.Tx] { return l.driver }

// Shared says that processes of several machines may work these rescorings at once.
func (l *Ledger) Shared() bool { return l.d.postgres }

// Close ends the use of the database. Nothing may be in use any more.
func (l *Ledger) Close() error {
	var errs []error
	if l.long != nil {
		errs = append(errs, l.long.Close())
	}
	if l.read != nil && l.read != l.write {
		errs = append(errs, l.read.Close())
	}
	if l.write != nil {
		errs = append(errs, l.write.Close())
	}
	if l.lock != nil {
		errs = append(errs, l.lock.Close())
	}
	return errors.Join(errs...)
}

// open brings the schema up to date and makes the client that inserts.
func (l *Ledger) open(ctx context.Context) error {
	if err := l.migrate(ctx); err != nil {
		return fmt.Errorf("schema of the rescorings: %w", err)
	}
	var err error
	l.fixed = map[int64]rescore.Rescoring{}
	l.jobs, err = river.NewClient(l.driver, &river.Config{Logger: quiet()})
	return err
}

// longConns bounds the connections of long; one comparison takes two.
const longConns = 4

// quiet is for a River client that only inserts: its start says nothing of use.
func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// most bounds one transaction, waiting for others included; longest is for those
// that go over every study of a rescoring.
const (
	most    = 2 * time.Minute
	longest = 30 * time.Minute
)

// inTx runs f in a transaction that writes, again where another one got in its
// way: f must not count on having run once.
func (l *Ledger) inTx(ctx context.Context, f func(ctx context.Context, t tx) error) error {
	return l.within(ctx, most, l.write, nil, f)
}

// inSnapshot runs f on one consistent state of the database.
func (l *Ledger) inSnapshot(ctx context.Context, f func(ctx context.Context, t tx) error) error {
	o := &sql.TxOptions{ReadOnly: true}
	if l.d.postgres {
		o.Isolation = sql.LevelRepeatableRead
	}
	return l.within(ctx, most, l.read, o, f)
}

// tries is how often a transaction is begun that others get in the way of.
const tries = 10

func (l *Ledger) within(ctx context.Context, limit time.Duration, db *sql.DB, o *sql.TxOptions, f func(context.Context, tx) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for try := 1; ; try++ {
		err := once(ctx, db, o, l.d, f)
		if err == nil || try == tries || !again(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(time.Duration(try) * 10 * time.Millisecond):
		}
	}
}

func once(ctx context.Context, db *sql.DB, o *sql.TxOptions, d *dialect, f func(context.Context, tx) error) error {
	t, err := db.BeginTx(ctx, o)
	if err != nil {
		return err
	}
	if err := f(ctx, tx{t, d}); err != nil {
		// A context that ended has rolled back already.
		if undo := t.Rollback(); undo != nil && !errors.Is(undo, sql.ErrTxDone) {
			err = errors.Join(err, undo)
		}
		return err
	}
	return t.Commit()
}

func micros(t time.Time) int64 { return t.UnixMicro() }

func fromMicros(us sql.NullInt64) time.Time {
	if !us.Valid {
		return time.Time{}
	}
	return time.UnixMicro(us.Int64).UTC()
}
