package rescorings

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"golang.org/x/sys/unix"
)

// connectTime bounds the making of a connection where the connection string does
// not. silence is how long a peer that is cut off may keep a connection waiting:
// what is sent has to be acknowledged in that time, and so has a probe while an
// answer is awaited.
const (
	connectTime = 10 * time.Second
	silence     = 30 * time.Second
)

// conns bounds the connections of one process, longConns besides: a server has 100
// by default, for all workers together.
const conns = 8

// statements is how many of them a connection keeps prepared; those that take
// rows in bulk are long.
const statements = 128

// OpenPostgres opens the rescorings in a PostgreSQL database that several
// processes may share; its schema is made where there is none. dsn is a connection
// string, of which nothing is said in errors and logs but the server's address.
func OpenPostgres(ctx context.Context, dsn string, o Options) (*Ledger, error) {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	c, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, errors.New("the connection string is neither a URL such as postgres://user@host/database nor a list such as \"host=db user=nafas dbname=nafas\"")
	}
	bound(c)
	db, long := pool(c, conns), pool(c, longConns)
	l := &Ledger{d: postgresDialect, log: o.Log, write: db, read: db, long: long, driver: riverdatabasesql.New(db)}
	if err := l.openPostgres(ctx); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

func pool(c *pgx.ConnConfig, most int) *sql.DB {
	db := sql.OpenDB(discreet{stdlib.GetConnector(*c)})
	db.SetMaxOpenConns(most)
	db.SetMaxIdleConns(most / 2)
	db.SetConnMaxIdleTime(5 * time.Minute)
	return db
}

// thinking is the most that one may be silent with a transaction open: nobody here
// does anything else meanwhile, and who is cut off then holds up all that work on the
// same rescoring.
const thinking = 15 * time.Second

// bound sees to it that nothing waits for ever, whoever asks: River's statements
// have no time limits of their own.
func bound(c *pgx.ConnConfig) {
	if c.ConnectTimeout == 0 {
		c.ConnectTimeout = connectTime
	}
	d := &net.Dialer{
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: silence / 2, Interval: silence / 6, Count: 3},
		Control:         acknowledgeSoon,
	}
	c.DialFunc = d.DialContext
	c.StatementCacheCapacity = statements
	limit, idle := strconv.FormatInt(most.Milliseconds(), 10), strconv.FormatInt(thinking.Milliseconds(), 10)
	for name, value := range map[string]string{
		"application_name": "nafas", "statement_timeout": limit, "idle_in_transaction_session_timeout": idle,
		// The server gives back the locks of a client that is cut off.
		"tcp_keepalives_idle": "15", "tcp_keepalives_interval": "5", "tcp_keepalives_count": "3",
	} {
		if _, set := c.RuntimeParams[name]; !set {
			c.RuntimeParams[name] = value
		}
	}
}

// acknowledgeSoon breaks a connection whose peer does not acknowledge what it is
// sent (RFC 5482).
func acknowledgeSoon(network, _ string, raw syscall.RawConn) error {
	if !strings.HasPrefix(network, "tcp") {
		return nil
	}
	var err error
	controlErr := raw.Control(func(fd uintptr) {
		err = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(silence.Milliseconds()))
	})
	return errors.Join(controlErr, err)
}

// discreet keeps the connection string out of errors, whoever logs them.
type discreet struct{ driver.Connector }

func (d discreet) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := d.Connector.Connect(ctx)
	var refused *pgconn.ConnectError
	if errors.As(err, &refused) {
		err = fmt.Errorf("the database cannot be reached: %w", refused.Unwrap())
	}
	return conn, err
}

// schemaKey is of the lock that is held while the schema is looked at, so that
// several workers may start at once.
const schemaKey = 0x6e61666173 // "nafas"

func (l *Ledger) openPostgres(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	conn, err := l.write.Conn(ctx)
	if err != nil {
		return err
	}
	// The lock ends with the connection, which is not used for anything else.
	defer conn.Close()
	defer conn.Raw(func(any) error { return driver.ErrBadConn })
	for {
		var mine bool
		if err := conn.QueryRowContext(ctx, `SELECT pg_try_advisory_lock($1)`, schemaKey).Scan(&mine); err != nil {
			return err
		}
		if mine {
			return l.open(ctx)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("another worker looks after the schema: %w", ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}
