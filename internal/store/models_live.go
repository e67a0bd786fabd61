package store

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"nafas/internal/registry"
)

// becameLive is an event by which a model became the live one; number is 0 where
// there is none.
type becameLive struct {
	number, back int64
	sha256       string
}

func liveEvent(ctx context.Context, tx *sql.Tx, where string, args ...any) (e becameLive, err error) {
	err = tx.QueryRowContext(ctx, `
		SELECT number, model_sha256, coalesce(back, 0) FROM model_event WHERE action IN ('activated', 'rolled_back') AND `+where+` ORDER BY number DESC LIMIT 1`,
		args...).Scan(&e.number, &e.sha256, &e.back)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return e, err
}

// rollback is the event that a rollback returns to: models that were removed are
// passed over.
func rollback(ctx context.Context, tx *sql.Tx) (becameLive, error) {
	now, err := liveEvent(ctx, tx, `true`)
	for at := now; err == nil && at.back != 0; {
		if at, err = liveEvent(ctx, tx, `number = ?`, at.back); err != nil {
			break
		}
		var there bool
		err = tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM model WHERE sha256 = ? AND state <> 'live')`, at.sha256).Scan(&there)
		if err == nil && there {
			return at, nil
		}
	}
	return becameLive{}, err
}

// Before implements registry.Ledger.
func (k *Models) Before(ctx context.Context) (m registry.Model, err error) {
	err = k.s.inSnapshot(ctx, func(tx *sql.Tx) error {
		back, err := rollback(ctx, tx)
		if err != nil {
			return err
		}
		if back.number == 0 {
			return notNow("nafas model activate NAME chooses a model.", "no other model was live before the present one")
		}
		m, err = modelOf(ctx, tx, back.sha256)
		return err
	})
	return m, err
}

// RollBack implements registry.Ledger.
func (k *Models) RollBack(ctx context.Context, who registry.Who, at time.Time) error {
	return k.s.inTx(ctx, func(tx *sql.Tx) error {
		back, err := rollback(ctx, tx)
		if err != nil {
			return err
		}
		if back.number == 0 {
			return notNow("", "no other model was live before the present one")
		}
		return makeLive(ctx, tx, back.sha256, modelEvent{who: who, at: at, action: registry.ActionRolledBack, back: back.back})
	})
}

// Activate implements registry.Ledger.
func (k *Models) Activate(ctx context.Context, sha256 string, who registry.Who, at time.Time) error {
	return k.s.inTx(ctx, func(tx *sql.Tx) error {
		now, err := liveEvent(ctx, tx, `true`)
		if err != nil {
			return err
		}
		return makeLive(ctx, tx, sha256, modelEvent{who: who, at: at, action: registry.ActionActivated, back: now.number})
	})
}

// makeLive makes a model the live one by an event, of which model and before are
// filled in here.
func makeLive(ctx context.Context, tx *sql.Tx, sha256 string, e modelEvent) error {
	m, err := modelOf(ctx, tx, sha256)
	if err != nil {
		return err
	}
	if m.State == registry.Live {
		return notNow("", "%s %s is live already", m.Name, m.Version)
	}
	now, err := liveEvent(ctx, tx, `true`)
	if err != nil {
		return err
	}
	if err := dropShadowJobs(ctx, tx, sha256, e.at); err != nil {
		return err
	}
	// One at a time: the index allows no two.
	for _, set := range []struct {
		to    registry.State
		where string
	}{{registry.Retired, `state = 'live'`}, {registry.Live, `sha256 = ?2`}} {
		if _, err := tx.ExecContext(ctx, `UPDATE model SET state = ?1 WHERE `+set.where, set.to, sha256); err != nil {
			return err
		}
	}
	e.model, e.before = m.Model, now.number
	return addEvent(ctx, tx, e)
}

// StartShadow implements registry.Ledger.
func (k *Models) StartShadow(ctx context.Context, sha256 string, who registry.Who, at time.Time) error {
	return k.s.inTx(ctx, func(tx *sql.Tx) error {
		m, err := modelOf(ctx, tx, sha256)
		if err != nil {
			return err
		}
		if m.State == registry.Live || m.State == registry.Shadow {
			return notNow("", "%s %s is %s already", m.Name, m.Version, m.State)
		}
		other, err := loadModel(ctx, tx, `m.state = 'shadow'`)
		var none *registry.Error
		if err == nil {
			return notNow("Take it out first: nafas model shadow NAME --off.", "%s %s reads in shadow, and one model does at a time", other.Name, other.Version)
		} else if !errors.As(err, &none) {
			return err
		}
		return setState(ctx, tx, m, registry.Shadow, modelEvent{who: who, at: at, action: registry.ActionShadowStarted})
	})
}

// StopShadow implements registry.Ledger.
func (k *Models) StopShadow(ctx context.Context, sha256 string, who registry.Who, at time.Time) error {
	return k.s.inTx(ctx, func(tx *sql.Tx) error {
		m, err := modelOf(ctx, tx, sha256)
		if err != nil {
			return err
		}
		if m.State != registry.Shadow {
			return notNow("", "%s %s does not read in shadow", m.Name, m.Version)
		}
		if err := dropShadowJobs(ctx, tx, sha256, at); err != nil {
			return err
		}
		was, err := liveEvent(ctx, tx, `model_sha256 = ?`, sha256)
		if err != nil {
			return err
		}
		to := registry.Installed
		if was.number != 0 {
			to = registry.Retired
		}
		return setState(ctx, tx, m, to, modelEvent{who: who, at: at, action: registry.ActionShadowStopped})
	})
}

func setState(ctx context.Context, tx *sql.Tx, m registry.Model, to registry.State, e modelEvent) error {
	if _, err := tx.ExecContext(ctx, `UPDATE model SET state = ? WHERE sha256 = ?`, to, m.SHA256); err != nil {
		return err
	}
	e.model = m.Model
	return addEvent(ctx, tx, e)
}

// LiveModel is the live model of a data folder, whether a server runs on it or not;
// false where it has none yet.
func LiveModel(ctx context.Context, dir string) (m registry.Model, is bool, err error) {
	path := filepath.Join(dir, databaseFile)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return m, false, nil
	}
	db, err := sql.Open("sqlite", dsn(path, "_pragma", "query_only(1)"))
	if err != nil {
		return m, false, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'model_event')`).Scan(&is); err != nil || !is {
		return m, false, err
	}
	err = inTx(ctx, db, &sql.TxOptions{ReadOnly: true}, func(tx *sql.Tx) error {
		m, err = loadModel(ctx, tx, `m.state = 'live'`)
		return err
	})
	var none *registry.Error
	if errors.As(err, &none) {
		return m, false, nil
	}
	return m, err == nil, err
}
