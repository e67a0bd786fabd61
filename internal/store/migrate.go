package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
)

//go:embed migrations/*.sql
var migrations embed.FS

type migration struct {
	version int
	name    string
	sql     string
}

// migrate brings River's tables and ours up to date, one transaction per
// step. A database from a later Nafas is refused, not guessed at.
func (s *SQLite) migrate(ctx context.Context) error {
	rivers, err := rivermigrate.New(riversqlite.New(s.write), &rivermigrate.Config{Logger: quiet()})
	if err != nil {
		return err
	}
	if _, err := rivers.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return err
	}
	steps, err := loadMigrations()
	if err != nil {
		return err
	}
	if _, err := s.write.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS schema_version (version INTEGER PRIMARY KEY, applied_at INTEGER NOT NULL)`); err != nil {
		return err
	}
	have, err := s.applied(ctx)
	if err != nil {
		return err
	}
	if newest := steps[len(steps)-1].version; len(have) > 0 && slices.Max(have) > newest {
		return fmt.Errorf("version %d is newer than the %d that this program knows: use the program that wrote it, or restore a backup of the older one; nothing was changed", slices.Max(have), newest)
	}
	steps = slices.DeleteFunc(steps, func(m migration) bool { return slices.Contains(have, m.version) })
	if len(have) > 0 && len(steps) > 0 {
		// In a large folder it takes a while, in which nothing else is heard.
		s.log.InfoContext(ctx, "bringing the database up to date", "from", slices.Max(have), "to", steps[len(steps)-1].version)
	}
	for _, m := range steps {
		if err := s.apply(ctx, m); err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
	}
	return nil
}

// applied are the steps that the database has seen: one by one, since their
// numbers may have gaps that a later version fills.
func (s *SQLite) applied(ctx context.Context) ([]int, error) {
	rows, err := s.write.QueryContext(ctx, `SELECT version FROM schema_version`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []int
	for rows.Next() {
		var version int
		if err := rows.Scan(&version); err != nil {
			return nil, err
		}
		out = append(out, version)
	}
	return out, rows.Err()
}

func (s *SQLite) apply(ctx context.Context, m migration) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, m.sql); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO schema_version (version, applied_at) VALUES (?, ?)`, m.version, time.Now().UnixMicro())
		return err
	})
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
		text, err := migrations.ReadFile("migrations/" + e.Name())
		if err != nil {
			return nil, err
		}
		out = append(out, migration{version: version, name: e.Name(), sql: string(text)})
	}
	slices.SortFunc(out, func(a, b migration) int { return a.version - b.version })
	return out, nil
}
