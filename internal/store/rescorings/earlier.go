package rescorings

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"nafas/internal/rescore"
	"nafas/internal/store"
	"nafas/internal/triage"
)

// earlierStudy is done, and has no failure.
const earlierStudy = `
	SELECT s.id, s.worker, s.ended_at, s.verdict FROM study s
	JOIN rescoring r ON r.id = s.rescoring JOIN recipe c ON c.id = r.recipe
	WHERE s.fingerprint = ? AND s.uid = ? AND s.state = 'done' AND s.rescoring <> ? AND c.model_sha256 = ? AND c.config_sha256 = ?
		AND NOT EXISTS (SELECT 1 FROM series x WHERE x.study = s.id AND x.state = 'failed')
		AND NOT EXISTS (SELECT 1 FROM loose x WHERE x.study = s.id AND x.state = 'failed')
	ORDER BY s.rescoring DESC LIMIT 1`

// earlier is what another rescoring of the same recipe made of the same files, the
// latest one; nil for nothing. What failed is read again.
func earlier(ctx context.Context, t tx, c rescore.Case, fingerprint []byte) (*rescore.Outcome, error) {
	if fingerprint == nil {
		return nil, nil
	}
	h := held{uid: c.StudyUID}
	err := t.row(ctx, earlierStudy,
		fingerprint, c.StudyUID, c.Rescoring.ID, c.Rescoring.Recipe.ModelSHA256, c.Rescoring.Recipe.ConfigSHA256).
		Scan(&h.id, &h.worker, &h.endedAt, &h.verdict)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	o, err := outcomeOf(ctx, t, h)
	return &o, err
}

// outcomeOf is the outcome of a study that is done, out of its rows.
func outcomeOf(ctx context.Context, t tx, h held) (rescore.Outcome, error) {
	o := rescore.Outcome{StudyUID: h.uid, At: fromMicros(h.endedAt), Worker: h.worker.String}
	var err error
	if o.Verdict, err = decodeVerdict(h.verdict); err != nil {
		return o, err
	}
	err = t.each(ctx, `
		SELECT s.uid, s.modality, s.instances, s.state, s.reason, s.found, s.remedy, r.body
		FROM series s LEFT JOIN result r ON r.id = s.result WHERE s.study = ? ORDER BY s.uid`, func(rows *sql.Rows) error {
		var s rescore.SeriesOutcome
		var body []byte
		if err := rows.Scan(&s.SeriesUID, &s.Modality, &s.Instances, &s.State, &s.Reason, &s.Found, &s.Remedy, &body); err != nil {
			return err
		}
		var err error
		s.Result, err = unpackResult(body)
		o.Series = append(o.Series, s)
		return err
	}, h.id)
	if err != nil {
		return o, err
	}
	err = t.each(ctx, `SELECT path, state, reason, found, remedy FROM loose WHERE study = ? ORDER BY path`, func(rows *sql.Rows) error {
		var f rescore.Loose
		var path []byte
		err := rows.Scan(&path, &f.State, &f.Reason, &f.Found, &f.Remedy)
		f.Path = string(path)
		o.Loose = append(o.Loose, f)
		return err
	}, h.id)
	return o, err
}

func decodeVerdict(s sql.NullString) (*rescore.Verdict, error) {
	if !s.Valid {
		return nil, nil
	}
	v := &rescore.Verdict{}
	return v, json.Unmarshal([]byte(s.String), v)
}

func encodeVerdict(v *rescore.Verdict) (any, error) {
	if v == nil {
		return nil, nil
	}
	body, err := json.Marshal(v)
	return string(body), err
}

// packResult writes a result as a row holds it.
func packResult(r triage.Result) ([]byte, error) {
	body, err := store.EncodeResult(r)
	if err != nil {
		return nil, err
	}
	return deflate([]byte(body))
}

// unpackResult reads what packResult wrote; nil for none.
func unpackResult(body []byte) (*triage.Result, error) {
	if len(body) == 0 {
		return nil, nil
	}
	text, err := inflate(body)
	if err != nil {
		return nil, err
	}
	return store.DecodeResult(string(text))
}
