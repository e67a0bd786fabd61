package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"nafas/internal/registry"
	"nafas/internal/triage"
)

// Models keep the detectors of a service; they end with the store.
type Models struct{ s *SQLite }

var (
	_ registry.Ledger = (*Models)(nil)
	_ registry.Shelf  = (*Models)(nil)
)

// Models of a store.
func (s *SQLite) Models() *Models { return &Models{s} }

// notNow says what cannot be done in the state of a model.
func notNow(remedy, found string, args ...any) error {
	return &registry.Error{Kind: registry.NotNow, Found: fmt.Sprintf(found, args...), Remedy: remedy}
}

const modelColumns = `m.sha256, m.name, m.version, m.license, m.intended_use, m.card, m.state, m.folder, m.installed_at,
	first.who, first.way, last.at, last.who, last.way`

// modelEvents joins the event of the installation and the latest one.
const modelEvents = ` FROM model m
	JOIN model_event first ON first.number = (SELECT max(number) FROM model_event WHERE model_sha256 = m.sha256 AND action = 'installed')
	JOIN model_event last ON last.number = (SELECT max(number) FROM model_event WHERE model_sha256 = m.sha256)`

func scanModel(scan func(...any) error) (m registry.Model, err error) {
	var installed, changed int64
	err = scan(&m.SHA256, &m.Name, &m.Version, &m.License, &m.IntendedUse, &m.Card, &m.State, &m.Folder, &installed,
		&m.InstalledBy.Name, &m.InstalledBy.By, &changed, &m.ChangedBy.Name, &m.ChangedBy.By)
	m.InstalledAt, m.ChangedAt = fromMicros(installed), fromMicros(changed)
	return m, err
}

// Models implements registry.Ledger.
func (k *Models) Models(ctx context.Context) (out []registry.Model, err error) {
	err = k.s.inSnapshot(ctx, func(tx *sql.Tx) error {
		out = nil
		readings, err := shadowReadings(ctx, tx)
		if err != nil {
			return err
		}
		return each(ctx, tx, `SELECT `+modelColumns+modelEvents+` ORDER BY first.number`, func(rows *sql.Rows) error {
			m, err := scanModel(rows.Scan)
			m.Readings = readings[m.SHA256]
			out = append(out, m)
			return err
		})
	})
	return out, err
}

func loadModel(ctx context.Context, tx *sql.Tx, where string, args ...any) (registry.Model, error) {
	m, err := scanModel(tx.QueryRowContext(ctx, `SELECT `+modelColumns+modelEvents+` WHERE `+where, args...).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return m, &registry.Error{Kind: registry.Unknown, Found: "the model is not installed"}
	}
	return m, err
}

func modelOf(ctx context.Context, tx *sql.Tx, sha256 string) (registry.Model, error) {
	return loadModel(ctx, tx, `m.sha256 = ?`, sha256)
}

// modelEvent is what addEvent writes; before and back are 0 but for a change of the
// live model.
type modelEvent struct {
	who          registry.Who
	at           time.Time
	action       registry.Action
	model        triage.Model
	before, back int64
}

func addEvent(ctx context.Context, tx *sql.Tx, e modelEvent) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO model_event (at, who, way, action, model_sha256, name, version, before, back)
		VALUES (?, ?, ?, ?, ?, ?, ?, nullif(?, 0), nullif(?, 0))`,
		micros(e.at), e.who.Name, e.who.By, e.action, e.model.SHA256, e.model.Name, e.model.Version, e.before, e.back)
	return err
}

// Add implements registry.Ledger.
func (k *Models) Add(ctx context.Context, m registry.Model, files []registry.File, who registry.Who, at time.Time) error {
	return k.s.inTx(ctx, func(tx *sql.Tx) error {
		var other string
		err := tx.QueryRowContext(ctx, `SELECT sha256 FROM model WHERE sha256 = ?1 OR name = ?2 AND version = ?3 ORDER BY sha256 <> ?1`,
			m.SHA256, m.Name, m.Version).Scan(&other)
		switch {
		case errors.Is(err, sql.ErrNoRows):
		case err != nil || other == m.SHA256:
			return err
		default:
			return &registry.Error{Kind: registry.Taken, Found: fmt.Sprintf("another model is %s %s", m.Name, m.Version)}
		}
		// Before the row: who installed it is found by the event.
		if err := addEvent(ctx, tx, modelEvent{who: who, at: at, action: registry.ActionInstalled, model: m.Model}); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO model (sha256, name, version, license, intended_use, card, state, folder, installed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			m.SHA256, m.Name, m.Version, m.License, m.IntendedUse, m.Card, registry.Installed, m.Folder, micros(at)); err != nil {
			return err
		}
		for _, f := range files {
			if _, err := tx.ExecContext(ctx, `INSERT INTO model_file (path, model_sha256, bytes, sha256) VALUES (?, ?, ?, ?)`,
				m.Folder+"/"+f.Name, m.SHA256, f.Bytes, f.SHA256[:]); err != nil {
				return err
			}
		}
		return nil
	})
}

// Remove implements registry.Ledger.
func (k *Models) Remove(ctx context.Context, sha256 string, readings bool, who registry.Who, at time.Time) error {
	return k.s.inTx(ctx, func(tx *sql.Tx) error {
		m, err := modelOf(ctx, tx, sha256)
		if err != nil {
			return err
		}
		if err := unused(ctx, tx, m, readings); err != nil {
			return err
		}
		if err := addEvent(ctx, tx, modelEvent{who: who, at: at, action: registry.ActionRemoved, model: m.Model}); err != nil {
			return err
		}
		for _, statement := range []string{
			`INSERT INTO doomed (path) SELECT path FROM model_file WHERE model_sha256 = ?`,
			`DELETE FROM shadow_reading WHERE model_sha256 = ?`,
			`DELETE FROM model WHERE sha256 = ?`,
		} {
			if _, err := tx.ExecContext(ctx, statement, sha256); err != nil {
				return err
			}
		}
		return nil
	})
}

// unused refuses a model that somebody or something needs.
func unused(ctx context.Context, tx *sql.Tx, m registry.Model, readings bool) error {
	name := m.Name + " " + m.Version
	switch m.State {
	case registry.Live:
		return notNow("Activate another one first.", "%s is the live model", name)
	case registry.Shadow:
		return notNow("Take it out of the shadow first: nafas model shadow NAME --off.", "%s reads in shadow", name)
	}
	back, err := rollback(ctx, tx)
	if err != nil {
		return err
	}
	if back.sha256 == m.SHA256 {
		return notNow("Activate another one first: then it is no longer the one before.", "%s is what a rollback returns to", name)
	}
	var results bool
	var shadow int
	if err := tx.QueryRowContext(ctx, `
		SELECT EXISTS (SELECT 1 FROM result WHERE model_sha256 = ?1), (SELECT count(*) FROM shadow_reading WHERE model_sha256 = ?1)`,
		m.SHA256).Scan(&results, &shadow); err != nil {
		return err
	}
	switch {
	case results:
		return notNow("It is kept as long as they are.", "results of this service are of %s", name)
	case shadow > 0 && !readings:
		return notNow("With --readings they are removed too.", "%s has read %d studies in shadow", name, shadow)
	}
	return nil
}

// Events implements registry.Ledger.
func (k *Models) Events(ctx context.Context) (out []registry.Event, err error) {
	err = k.s.inSnapshot(ctx, func(tx *sql.Tx) error {
		out = nil
		return each(ctx, tx, `
			SELECT e.number, e.at, e.who, e.way, e.action, e.name, e.version, e.model_sha256,
				coalesce(b.name, ''), coalesce(b.version, ''), coalesce(b.model_sha256, '')
			FROM model_event e LEFT JOIN model_event b ON b.number = e.before ORDER BY e.number`, func(rows *sql.Rows) error {
			var e registry.Event
			var at int64
			err := rows.Scan(&e.Number, &at, &e.Who.Name, &e.Who.By, &e.Action, &e.Model.Name, &e.Model.Version, &e.Model.SHA256,
				&e.Before.Name, &e.Before.Version, &e.Before.SHA256)
			e.At = fromMicros(at)
			out = append(out, e)
			return err
		})
	})
	return out, err
}
