package rescorings

import (
	"context"
	"database/sql"
	"time"

	"nafas/internal/rescore"
)

// EndPlanning implements rescore.Ledger.
func (l *Ledger) EndPlanning(ctx context.Context, id int64, readable func(modality string) bool, at time.Time) error {
	return l.within(ctx, longest, l.write, nil, func(ctx context.Context, t tx) error {
		if err := t.takeTime(ctx); err != nil {
			return err
		}
		s, err := lock(ctx, t, id)
		if err != nil {
			return err
		}
		if s.state != rescore.StatePlanning {
			return rescore.ErrNotNow
		}
		others, err := s.unreadable(ctx, t, readable)
		if err != nil {
			return err
		}
		if len(others) > 0 {
			if err := s.passOver(ctx, t, others, at); err != nil {
				return err
			}
		}
		if err := s.write(ctx, t); err != nil {
			return err
		}
		s.planned, s.state = true, rescore.StateRunning
		if _, err := t.exec(ctx, `UPDATE standing SET planned = 1, state = ? WHERE rescoring = ?`, string(s.state), id); err != nil {
			return err
		}
		return s.end(ctx, t, at)
	})
}

// unreadable are the modalities of waiting studies that nobody reads.
func (s *standing) unreadable(ctx context.Context, t tx, readable func(string) bool) ([]any, error) {
	var out []any
	err := t.each(ctx, `
		SELECT DISTINCT r.modality FROM study s JOIN series r ON r.study = s.id WHERE s.rescoring = ? AND s.state = 'waiting'`,
		func(rows *sql.Rows) error {
			var modality string
			err := rows.Scan(&modality)
			if !readable(modality) {
				out = append(out, modality)
			}
			return err
		}, s.id)
	return out, err
}

// passOver ends the waiting studies that have series of these modalities alone.
func (s *standing) passOver(ctx context.Context, t tx, modalities []any, at time.Time) error {
	for last := int64(0); ; {
		var studies []any
		err := t.each(ctx, `
			SELECT s.id FROM study s
			WHERE s.rescoring = ? AND s.state = 'waiting' AND s.id > ?
				AND NOT EXISTS (SELECT 1 FROM series r WHERE r.study = s.id AND r.modality NOT IN (`+list(len(modalities))+`))
			ORDER BY s.id LIMIT `+"5000", func(rows *sql.Rows) error {
			err := rows.Scan(&last)
			studies = append(studies, last)
			return err
		}, append([]any{s.id, last}, modalities...)...)
		if err != nil || len(studies) == 0 {
			return err
		}
		for _, modality := range modalities {
			why := rescore.NotCT(modality.(string))
			n, err := t.exec(ctx, `
				UPDATE series SET state = 'skipped', reason = ?, found = ?, remedy = ?
				WHERE study IN (`+list(len(studies))+`) AND modality = ? AND state = 'waiting'`,
				append(append([]any{string(why.Reason), why.Found, why.Remedy}, studies...), modality)...)
			if err != nil {
				return err
			}
			s.add.input(rescore.Skipped, string(why.Reason), n)
			s.add.input(rescore.Waiting, "", -n)
		}
		n, err := t.exec(ctx, `UPDATE study SET state = 'done', worker = NULL, ended_at = ? WHERE id IN (`+list(len(studies))+`)`,
			append([]any{micros(at)}, studies...)...)
		if err != nil {
			return err
		}
		s.add.studiesDone += n
		s.add.passedOver += n
	}
}
