package rescorings

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgconn"
)

// dialect is what the two databases spell in their own ways.
type dialect struct {
	// types are the words of the migrations.
	types *strings.Replacer
	// forUpdate and forShare lock the rows that a query returns until the
	// transaction ends; skipLocked passes over those that somebody else has.
	// SQLite has one writer, who needs none of it.
	forUpdate, forShare, skipLocked string
	// riverNow is now as River's columns hold it, and riverTime turns microseconds
	// since 1970 into that.
	riverNow, riverTime string
	// clock is the database's clock in microseconds, "" where the caller's own
	// clock is the one that counts.
	clock string
	// lastAttempter is the client that has a job of river_job.
	lastAttempter string
	// jobStudy is the study of a job of river_job.
	jobStudy string
	// keptIn names the database to people.
	keptIn   string
	postgres bool
}

var sqliteDialect = &dialect{
	types:         strings.NewReplacer("$ID", "INTEGER PRIMARY KEY", "$TEXT", "TEXT", "$BLOB", "BLOB"),
	riverNow:      `strftime('%Y-%m-%d %H:%M:%f', 'now')`,
	riverTime:     `strftime('%Y-%m-%d %H:%M:%f', CAST(? AS REAL) / 1e6, 'unixepoch')`,
	lastAttempter: `json_extract(attempted_by, '$[#-1]')`,
	jobStudy:      `json_extract(args, '$.study_uid')`,
	keptIn:        FileName,
}

var postgresDialect = &dialect{
	types:         strings.NewReplacer("$ID", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY", "$TEXT", `TEXT COLLATE "C"`, "$BLOB", "BYTEA"),
	forUpdate:     ` FOR UPDATE`,
	forShare:      ` FOR SHARE`,
	skipLocked:    ` SKIP LOCKED`,
	riverNow:      `now()`,
	riverTime:     `to_timestamp(CAST(? AS DOUBLE PRECISION) / 1e6)`,
	clock:         `CAST(extract(epoch FROM clock_timestamp()) * 1e6 AS BIGINT)`,
	lastAttempter: `attempted_by[array_length(attempted_by, 1)]`,
	jobStudy:      `args->>'study_uid'`,
	keptIn:        "PostgreSQL",
	postgres:      true,
}

// numbered are queries with their parameters numbered.
var numbered sync.Map

// bind numbers the parameters of a query where the database wants that. A query
// has no question mark but those.
func (d *dialect) bind(query string) string {
	if !d.postgres {
		return query
	}
	if known, ok := numbered.Load(query); ok {
		return known.(string)
	}
	var b strings.Builder
	n := 0
	for _, r := range query {
		if r == '?' {
			n++
			b.WriteString("$" + strconv.Itoa(n))
			continue
		}
		b.WriteRune(r)
	}
	numbered.Store(query, b.String())
	return b.String()
}

// text is s as a database takes it: PostgreSQL has no text that is not UTF-8, and
// none with a zero in it.
func text(s string) string {
	if utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 {
		return s
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

func texts(args []any) []any {
	for i, a := range args {
		if s, ok := a.(string); ok {
			args[i] = text(s)
		}
	}
	return args
}

// again says that a transaction lost against another one, and may win the next
// time (SQLSTATE 40001 and 40P01).
func again(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "40001" || pg.Code == "40P01")
}

// tx is a transaction that takes queries with question marks.
type tx struct {
	*sql.Tx
	d *dialect
}

func (t tx) exec(ctx context.Context, query string, args ...any) (int64, error) {
	res, err := t.ExecContext(ctx, t.d.bind(query), texts(args)...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

func (t tx) row(ctx context.Context, query string, args ...any) *sql.Row {
	return t.QueryRowContext(ctx, t.d.bind(query), texts(args)...)
}

// each runs a query and hands on every row.
func (t tx) each(ctx context.Context, query string, scan func(*sql.Rows) error, args ...any) error {
	rows, err := t.QueryContext(ctx, t.d.bind(query), texts(args)...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// list is n question marks, for an IN.
func list(n int) string { return strings.TrimSuffix(strings.Repeat("?, ", n), ", ") }

// tuples is n times a row of question marks, for VALUES.
func tuples(n, columns int) string {
	return strings.TrimSuffix(strings.Repeat("("+list(columns)+"), ", n), ", ")
}

// chunk is how many rows go into one statement: far below the 32766 parameters of
// SQLite with ten columns.
const chunk = 500
