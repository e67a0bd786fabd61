package store

import (
	"context"
	"database/sql"
	"time"

	"nafas/internal/access/account"
)

// OpenSession implements session.Book.
func (b *Books) OpenSession(ctx context.Context, s account.Session, hash string) error {
	var of any
	if s.Account {
		of = s.Name
	}
	done, err := b.write.ExecContext(ctx, `
		INSERT INTO session (id, account, name, display, roles, created_at, seen_at)
		SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7 WHERE ?2 IS NULL
			OR EXISTS (SELECT 1 FROM account WHERE name = ?2 AND password = ?8 AND NOT disabled AND removed_at IS NULL)`,
		s.ID[:], of, s.Name, s.Display, rolesText(s.Roles), micros(s.CreatedAt), micros(s.SeenAt), hash)
	return orElse(done, err, account.ErrUnknown)
}

// Session implements session.Book.
func (b *Books) Session(ctx context.Context, id [32]byte) (account.Session, error) {
	s := account.Session{ID: id}
	var roles string
	var created, seen int64
	err := b.read.QueryRowContext(ctx, `
		SELECT s.name, s.account IS NOT NULL, coalesce(a.display, s.display), coalesce(a.roles, s.roles), s.created_at, s.seen_at
		FROM session s LEFT JOIN account a ON a.name = s.account
		WHERE s.id = ? AND (s.account IS NULL OR NOT a.disabled AND a.removed_at IS NULL)`, id[:]).
		Scan(&s.Name, &s.Account, &s.Display, &roles, &created, &seen)
	s.Roles, s.CreatedAt, s.SeenAt = rolesOf(roles), fromMicros(created), fromMicros(seen)
	return s, unknown(err)
}

// SeeSession implements session.Book.
func (b *Books) SeeSession(ctx context.Context, id [32]byte, at time.Time) error {
	_, err := b.write.ExecContext(ctx, `UPDATE session SET seen_at = max(seen_at, ?) WHERE id = ?`, micros(at), id[:])
	return err
}

// EndSession implements session.Book.
func (b *Books) EndSession(ctx context.Context, id [32]byte) error {
	_, err := b.write.ExecContext(ctx, `DELETE FROM session WHERE id = ?`, id[:])
	return err
}

// EndSessions implements session.Book.
func (b *Books) EndSessions(ctx context.Context, openedBefore, seenBefore time.Time) error {
	_, err := b.write.ExecContext(ctx, `DELETE FROM session WHERE created_at <= ? OR seen_at <= ?`, micros(openedBefore), micros(seenBefore))
	return err
}

// EndSessionsOf ends those of a user, of whatever kind, and says how many they
// were.
func (b *Books) EndSessionsOf(ctx context.Context, name string) (int64, error) {
	done, err := b.write.ExecContext(ctx, `DELETE FROM session WHERE name = ?`, name)
	if err != nil {
		return 0, err
	}
	return done.RowsAffected()
}

// SessionsOf counts the sessions of each user, those that are over but were not
// looked at since among them.
func (b *Books) SessionsOf(ctx context.Context) (map[string]int, error) {
	out := map[string]int{}
	err := inTx(ctx, b.read, &sql.TxOptions{ReadOnly: true}, func(tx *sql.Tx) error {
		return each(ctx, tx, `SELECT name, count(*) FROM session GROUP BY name`, func(rows *sql.Rows) error {
			var name string
			var n int
			err := rows.Scan(&name, &n)
			out[name] = n
			return err
		})
	})
	return out, err
}
