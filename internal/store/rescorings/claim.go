package rescorings

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"nafas/internal/rescore"
	"nafas/internal/triage"
)

// held is a study's row, held by this transaction.
type held struct {
	id             int64
	uid            string
	state          string
	job            sql.NullInt64
	attempt        int
	worker         sql.NullString
	begun          int
	parts, given   int64
	endedAt        sql.NullInt64
	verdict        sql.NullString
	belongsToToken bool
}

// hold returns a study, or triage.ErrFenced where there is none: whoever has a job
// for it, it is not this one.
func hold(ctx context.Context, t tx, rescoring int64, uid string, token triage.Token) (held, error) {
	h := held{uid: uid}
	err := t.row(ctx, `
		SELECT id, state, job_id, attempt, worker, begun, parts, given, ended_at, verdict FROM study WHERE rescoring = ? AND uid = ?`+t.d.forUpdate, rescoring, uid).
		Scan(&h.id, &h.state, &h.job, &h.attempt, &h.worker, &h.begun, &h.parts, &h.given, &h.endedAt, &h.verdict)
	if errors.Is(err, sql.ErrNoRows) {
		return h, triage.ErrFenced
	}
	h.belongsToToken = h.job.Valid && h.job.Int64 == token.JobID && h.attempt == token.Attempt
	return h, err
}

// owned says that the attempt has the study: it claimed it, nobody claimed it
// since, and it was not taken away.
func (h held) owned() bool {
	return h.belongsToToken && h.worker.Valid && (h.state == running || h.state == queued)
}

// claimable says that the attempt is newer than the one that has the study. An
// attempt that ended with a trouble may have the same number as the next one:
// River counts those that it puts off back.
func (h held) claimable(token triage.Token) bool {
	switch {
	case !h.job.Valid || h.job.Int64 != token.JobID || (h.state != running && h.state != queued):
		return false
	case token.Attempt > h.attempt:
		return true
	}
	return token.Attempt == h.attempt && h.state == queued && h.worker.Valid
}

// Claim implements rescore.Ledger.
func (l *Ledger) Claim(ctx context.Context, token triage.Token, id int64, studyUID, worker string) (rescore.Case, error) {
	var c rescore.Case
	var notNow bool
	err := l.inTx(ctx, func(ctx context.Context, t tx) error {
		s, err := standingOf(ctx, t, id, t.d.forShare)
		if err != nil {
			return err
		}
		h, err := hold(ctx, t, id, studyUID, token)
		if err != nil {
			return err
		}
		if !h.claimable(token) {
			return triage.ErrFenced
		}
		if notNow = !s.runs(); notNow {
			return h.wait(ctx, t, h.begun)
		}
		c, err = l.claim(ctx, t, id, &h, token, worker)
		return err
	})
	if err == nil && notNow {
		err = rescore.ErrNotNow
	}
	return c, err
}

// wait takes a study out of the queue; it is fed again.
func (h held) wait(ctx context.Context, t tx, begun int) error {
	if _, err := t.exec(ctx, `UPDATE study SET state = 'waiting', worker = NULL, begun = ? WHERE id = ?`, begun, h.id); err != nil {
		return err
	}
	return endJob(ctx, t, h.job.Int64, "completed")
}

func (l *Ledger) claim(ctx context.Context, t tx, id int64, h *held, token triage.Token, worker string) (rescore.Case, error) {
	c := rescore.Case{StudyUID: h.uid, Begun: h.begun + 1}
	var err error
	if c.Rescoring, err = l.load(ctx, t, id); err != nil {
		return c, err
	}
	if c.Parts, h.parts, err = loadParts(ctx, t, h.id); err != nil {
		return c, err
	}
	if len(c.Parts) > 0 {
		c.StudyDate = c.Parts[0].StudyDate
	}
	fingerprint := fingerprintOf(c.Parts)
	if c.Known, err = knownResults(ctx, t, c); err != nil {
		return c, err
	}
	if c.Earlier, err = earlier(ctx, t, c, fingerprint); err != nil {
		return c, err
	}
	if c.Trouble, err = troubles(ctx, t, h.id); err != nil {
		return c, err
	}
	// To have claimed something is a sign of life too: a worker may be at it before
	// it gave the first one.
	now, err := t.now(ctx)
	if err != nil {
		return c, err
	}
	if _, err := t.exec(ctx, `
		INSERT INTO worker (name, host, program, recipes, slots, seen_at) VALUES (?, '', '', '[]', 0, ?) ON CONFLICT (name) DO NOTHING`, worker, now); err != nil {
		return c, err
	}
	_, err = t.exec(ctx, `UPDATE study SET state = 'running', attempt = ?, worker = ?, begun = ?, given = ?, fingerprint = ? WHERE id = ?`,
		token.Attempt, worker, c.Begun, h.parts, fingerprint, h.id)
	return c, err
}

// now is the database's clock in microseconds, or ours where it has none of its
// own.
func (t tx) now(ctx context.Context) (int64, error) {
	if t.d.clock == "" {
		return micros(time.Now()), nil
	}
	var now int64
	err := t.row(ctx, `SELECT `+t.d.clock).Scan(&now)
	return now, err
}

// knownResults are those of a case's series under its recipe.
func knownResults(ctx context.Context, t tx, c rescore.Case) (map[string]triage.Result, error) {
	args := []any{c.Rescoring.Recipe.ModelSHA256, c.Rescoring.Recipe.ConfigSHA256}
	for _, p := range c.Parts {
		args = append(args, p.SeriesUID)
	}
	out := map[string]triage.Result{}
	if len(c.Parts) == 0 {
		return out, nil
	}
	err := t.each(ctx, `
		SELECT body FROM result
		WHERE recipe = (SELECT id FROM recipe WHERE model_sha256 = ? AND config_sha256 = ?) AND series_uid IN (`+list(len(c.Parts))+`)`,
		func(rows *sql.Rows) error {
			var body []byte
			if err := rows.Scan(&body); err != nil {
				return err
			}
			r, err := unpackResult(body)
			if err == nil {
				out[r.Key] = *r
			}
			return err
		}, args...)
	return out, err
}

func troubles(ctx context.Context, t tx, study int64) (map[triage.TroubleKind]int, error) {
	out := map[triage.TroubleKind]int{}
	err := t.each(ctx, `SELECT kind, n FROM trouble WHERE study = ?`, func(rows *sql.Rows) error {
		var kind triage.TroubleKind
		var n int
		err := rows.Scan(&kind, &n)
		out[kind] = n
		return err
	}, study)
	return out, err
}
