package rescorings

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/riverqueue/river/rivermigrate"
)

//go:embed migrations/*.sql
var migrations embed.FS

type migration struct {
	version   int
	name, sql string
}

// migrate brings our tables and River's up to date, one transaction per step;
// whoever calls it holds the lock of the schema. A database from a later Nafas is
// refused before anything is changed.
func (l *Ledger) migrate(ctx context.Context) error {
	steps, err := loadMigrations()
	if err != nil {
		return err
	}
	if _, err := l.write.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS schema_version (version INTEGER PRIMARY KEY)`); err != nil {
		return err
	}
	have, err := l.applied(ctx)
	if err != nil {
		return err
	}
	if newest := steps[len(steps)-1].version; len(have) > 0 && slices.Max(have) > newest {
		return fmt.Errorf("version %d is newer than the %d that this program knows: use the program that wrote it; nothing was changed", slices.Max(have), newest)
	}
	rivers, err := rivermigrate.New(l.driver, &rivermigrate.Config{Logger: quiet()})
	if err != nil {
		return err
	}
	if _, err := rivers.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return err
	}
	for _, m := range steps {
		if slices.Contains(have, m.version) {
			continue
		}
		if err := l.apply(ctx, m); err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
	}
	return nil
}

// applied are the steps that the database has seen.
func (l *Ledger) applied(ctx context.Context) ([]int, error) {
	var out []int
	err := l.inSnapshot(ctx, func(ctx context.Context, t tx) error {
		out = nil
		return t.each(ctx, `SELECT version FROM schema_version`, func(rows *sql.Rows) error {
			var version int
			err := rows.Scan(&version)
			out = append(out, version)
			return err
		})
	})
	return out, err
}

func (l *Ledger) apply(ctx context.Context, m migration) error {
	return l.within(ctx, longest, l.write, nil, func(ctx context.Context, t tx) error {
		if err := t.takeTime(ctx); err != nil {
			return err
		}
		if _, err := t.ExecContext(ctx, l.d.types.Replace(m.sql)); err != nil {
			return err
		}
		_, err := t.exec(ctx, `INSERT INTO schema_version (version) VALUES (?)`, m.version)
		return err
	})
}

// takeTime lifts the connection's bound on one statement: the transaction's holds.
func (t tx) takeTime(ctx context.Context) error {
	if !t.d.postgres {
		return nil
	}
	_, err := t.exec(ctx, `SET LOCAL statement_timeout = 0`)
	return err
}

// loadMigrations reads NNNN_name.sql in order.
func loadMigrations() ([]migration, error) {
	entries, err := migrations.ReadDir("migrations")
	if err != nil {
		return nil, err
	}
	var out []migration
	for _, e := range entries {
		number, _, _ := strings.Cut(e.Name(), "_")
		version, err := strconv.Atoi(number)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", e.Name(), err)
		}
		sql, err := migrations.ReadFile("migrations/" + e.Name())
		if err != nil {
			return nil, err
		}
		out = append(out, migration{version, e.Name(), string(sql)})
	}
	slices.SortFunc(out, func(a, b migration) int { return a.version - b.version })
	return out, nil
}
