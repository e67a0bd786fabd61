package store

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"nafas/internal/access"
	"nafas/internal/access/account"
)

const accountColumns = `name, display, roles, password, disabled, created_at, changed_at`

func scanAccount(scan func(...any) error) (a account.Account, err error) {
	var roles string
	var created, changed int64
	err = scan(&a.Name, &a.Display, &roles, &a.Hash, &a.Disabled, &created, &changed)
	a.Roles, a.CreatedAt, a.ChangedAt = rolesOf(roles), fromMicros(created), fromMicros(changed)
	return a, unknown(err)
}

// unknown: who is not in the books.
func unknown(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return account.ErrUnknown
	}
	return err
}

func rolesText(roles []access.Role) string {
	words := make([]string, len(roles))
	for i, r := range roles {
		words[i] = string(r)
	}
	return strings.Join(words, ",")
}

// rolesOf leaves out what is no role of this version.
func rolesOf(text string) []access.Role {
	var out []access.Role
	for word := range strings.SplitSeq(text, ",") {
		if roles, err := access.ParseRoles(word); err == nil {
			out = append(out, roles...)
		}
	}
	return out
}

// AnyAccount implements session.Book.
func (b *Books) AnyAccount(ctx context.Context) (any bool, err error) {
	return any, b.read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM account WHERE removed_at IS NULL)`).Scan(&any)
}

// Account implements session.Book.
func (b *Books) Account(ctx context.Context, name string) (account.Account, error) {
	return scanAccount(b.read.QueryRowContext(ctx, `SELECT `+accountColumns+` FROM account WHERE name = ? AND removed_at IS NULL`, name).Scan)
}

// Accounts are all that were not removed, by name.
func (b *Books) Accounts(ctx context.Context) (out []account.Account, err error) {
	rows, err := b.read.QueryContext(ctx, `SELECT `+accountColumns+` FROM account WHERE removed_at IS NULL ORDER BY name`)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		a, err := scanAccount(rows.Scan)
		if err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, rows.Err()
}

// AddAccount keeps a new user, or is account.ErrTaken.
func (b *Books) AddAccount(ctx context.Context, a account.Account) error {
	done, err := b.write.ExecContext(ctx, `INSERT INTO account (`+accountColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		a.Name, a.Display, rolesText(a.Roles), a.Hash, a.Disabled, micros(a.CreatedAt), micros(a.ChangedAt))
	return orElse(done, err, account.ErrTaken)
}

// orElse is none where a statement changed nothing.
func orElse(done sql.Result, err, none error) error {
	if err != nil {
		return err
	}
	if n, err := done.RowsAffected(); err != nil || n > 0 {
		return err
	}
	return none
}

// ChangeAccount changes a user, and ends its sessions; account.ErrUnknown where
// there is none. change must not change the name.
func (b *Books) ChangeAccount(ctx context.Context, name string, change func(*account.Account)) error {
	return b.inTx(ctx, func(tx *sql.Tx) error {
		a, err := scanAccount(tx.QueryRowContext(ctx, `SELECT `+accountColumns+` FROM account WHERE name = ? AND removed_at IS NULL`, name).Scan)
		if err != nil {
			return err
		}
		change(&a)
		if _, err := tx.ExecContext(ctx, `UPDATE account SET display = ?, roles = ?, password = ?, disabled = ?, changed_at = ? WHERE name = ?`,
			a.Display, rolesText(a.Roles), a.Hash, a.Disabled, micros(a.ChangedAt), name); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM session WHERE account = ?`, name)
		return err
	})
}

// RemoveAccount removes a user with its sessions; account.ErrUnknown where there
// is none. The name is given to nobody else: reviews speak of it.
func (b *Books) RemoveAccount(ctx context.Context, name string, at time.Time) error {
	return b.inTx(ctx, func(tx *sql.Tx) error {
		done, err := tx.ExecContext(ctx, `UPDATE account SET password = '', disabled = 1, roles = '', removed_at = ? WHERE name = ? AND removed_at IS NULL`, micros(at), name)
		if err := orElse(done, err, account.ErrUnknown); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM session WHERE account = ?`, name)
		return err
	})
}

// Rehash implements session.Book.
func (b *Books) Rehash(ctx context.Context, name, from, to string) error {
	_, err := b.write.ExecContext(ctx, `UPDATE account SET password = ? WHERE name = ? AND password = ?`, to, name, from)
	return err
}
