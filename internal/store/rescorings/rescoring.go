package rescorings

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"nafas/internal/rescore"
	"nafas/internal/triage"
)

// Create implements rescore.Ledger.
func (l *Ledger) Create(ctx context.Context, r rescore.Rescoring) (rescore.Rescoring, error) {
	source, err1 := json.Marshal(r.Source)
	settings, err2 := json.Marshal(r.Settings)
	limits, err3 := json.Marshal(r.Limits)
	if err := errors.Join(err1, err2, err3); err != nil {
		return rescore.Rescoring{}, err
	}
	var id int64
	err := l.inTx(ctx, func(ctx context.Context, t tx) error {
		recipe, err := recipeID(ctx, t, r.Recipe)
		if err != nil {
			return err
		}
		err = t.row(ctx, `
			INSERT INTO rescoring (name, source, model_name, model_version, model_sha256, model_from, recipe, settings, baseline, home, created_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
			r.Name, string(source), r.Model.Name, r.Model.Version, r.Model.SHA256, r.ModelFrom, recipe, string(settings),
			r.Baseline, r.Home, micros(r.CreatedAt)).Scan(&id)
		if err != nil {
			return err
		}
		_, err = t.exec(ctx, `INSERT INTO standing (rescoring, state, why, scanned, planned, limits) VALUES (?, ?, '', '', 0, ?)`,
			id, string(rescore.StatePlanning), string(limits))
		return err
	})
	if err != nil {
		return rescore.Rescoring{}, err
	}
	return l.Rescoring(ctx, id)
}

// recipeID is the number of a recipe, which is made where there is none.
func recipeID(ctx context.Context, t tx, r triage.Recipe) (int64, error) {
	if _, err := t.exec(ctx, `INSERT INTO recipe (model_sha256, config_sha256) VALUES (?, ?) ON CONFLICT DO NOTHING`, r.ModelSHA256, r.ConfigSHA256); err != nil {
		return 0, err
	}
	var id int64
	err := t.row(ctx, `SELECT id FROM recipe WHERE model_sha256 = ? AND config_sha256 = ?`, r.ModelSHA256, r.ConfigSHA256).Scan(&id)
	return id, err
}

// Rescoring implements rescore.Ledger.
func (l *Ledger) Rescoring(ctx context.Context, id int64) (rescore.Rescoring, error) {
	var out rescore.Rescoring
	err := l.inSnapshot(ctx, func(ctx context.Context, t tx) error {
		var err error
		out, err = l.load(ctx, t, id)
		return err
	})
	return out, err
}

// Rescorings implements rescore.Ledger.
func (l *Ledger) Rescorings(ctx context.Context) ([]rescore.Rescoring, error) {
	var out []rescore.Rescoring
	err := l.inSnapshot(ctx, func(ctx context.Context, t tx) error {
		out = nil
		var ids []int64
		err := t.each(ctx, `SELECT id FROM rescoring ORDER BY id DESC`, func(rows *sql.Rows) error {
			var id int64
			err := rows.Scan(&id)
			ids = append(ids, id)
			return err
		})
		for _, id := range ids {
			if err != nil {
				return err
			}
			var r rescore.Rescoring
			r, err = l.load(ctx, t, id)
			out = append(out, r)
		}
		return err
	})
	return out, err
}

// load reads a rescoring with its totals.
func (l *Ledger) load(ctx context.Context, t tx, id int64) (rescore.Rescoring, error) {
	r, err := l.loadFixed(ctx, t, id)
	if err != nil {
		return r, err
	}
	var limits string
	var worked int64
	var ended sql.NullInt64
	n := &r.Totals
	err = t.row(ctx, `
		SELECT (SELECT home FROM rescoring WHERE id = standing.rescoring), state, why, scanned, planned, limits, ended_at, worked_us,
			studies, studies_done, passed_over, waiting, scored, unchanged, skipped, failed, files, late, erased
		FROM standing WHERE rescoring = ?`, id).Scan(&r.Home, &r.State, &r.Why, &r.Cursor, &r.Planned, &limits, &ended, &worked,
		&n.Studies, &n.StudiesDone, &n.PassedOver, &n.Waiting, &n.Scored, &n.Unchanged, &n.Skipped, &n.Failed, &n.Files, &n.Late, &n.Erased)
	if err != nil {
		return r, err
	}
	if err := json.Unmarshal([]byte(limits), &r.Limits); err != nil {
		return r, err
	}
	r.EndedAt, r.WorkedFor = fromMicros(ended), time.Duration(worked)*time.Microsecond
	n.Inputs = n.Waiting + n.Ended()
	n.Reasons = map[string]int64{}
	err = t.each(ctx, `SELECT reason, n FROM reason WHERE rescoring = ? AND n <> 0`, func(rows *sql.Rows) error {
		var reason string
		var count int64
		err := rows.Scan(&reason, &count)
		n.Reasons[reason] = count
		return err
	}, id)
	return r, err
}

// SetHome implements rescore.Ledger.
func (l *Ledger) SetHome(ctx context.Context, id int64, host string) error {
	return l.inTx(ctx, func(ctx context.Context, t tx) error {
		n, err := t.exec(ctx, `UPDATE rescoring SET home = ? WHERE id = ?`, host, id)
		if err == nil && n == 0 {
			err = rescore.ErrNotFound
		}
		return err
	})
}

// loadFixed reads what of a rescoring never changes, once.
func (l *Ledger) loadFixed(ctx context.Context, t tx, id int64) (rescore.Rescoring, error) {
	l.mu.Lock()
	r, known := l.fixed[id]
	l.mu.Unlock()
	if known {
		return r, nil
	}
	r.ID = id
	var source, settings string
	var created sql.NullInt64
	err := t.row(ctx, `
		SELECT r.name, r.source, r.model_name, r.model_version, r.model_sha256, r.model_from, r.settings, r.baseline, r.created_at,
			c.model_sha256, c.config_sha256
		FROM rescoring r JOIN recipe c ON c.id = r.recipe WHERE r.id = ?`, id).Scan(
		&r.Name, &source, &r.Model.Name, &r.Model.Version, &r.Model.SHA256, &r.ModelFrom, &settings, &r.Baseline, &created,
		&r.Recipe.ModelSHA256, &r.Recipe.ConfigSHA256)
	if errors.Is(err, sql.ErrNoRows) {
		return r, rescore.ErrNotFound
	}
	if err == nil {
		err = errors.Join(json.Unmarshal([]byte(source), &r.Source), json.Unmarshal([]byte(settings), &r.Settings))
	}
	if err != nil {
		return r, err
	}
	r.CreatedAt = fromMicros(created)
	l.mu.Lock()
	l.fixed[id] = r
	l.mu.Unlock()
	return r, nil
}
