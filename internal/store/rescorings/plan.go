package rescorings

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"nafas/internal/rescore"
)

// Plan implements rescore.Ledger.
func (l *Ledger) Plan(ctx context.Context, id int64, after string, b rescore.Batch) error {
	return l.inTx(ctx, func(ctx context.Context, t tx) error {
		s, err := lock(ctx, t, id)
		switch {
		case err != nil:
			return err
		case s.state != rescore.StatePlanning:
			return rescore.ErrNotNow
		case s.scanned != text(after):
			return rescore.ErrState
		}
		if _, err := t.exec(ctx, `UPDATE standing SET scanned = ? WHERE rescoring = ?`, b.Cursor, id); err != nil {
			return err
		}
		p := planning{standing: s}
		if err := p.parts(ctx, t, b.Parts); err != nil {
			return err
		}
		if err := s.loose(ctx, t, b.Loose, 0, "", time.Now()); err != nil {
			return err
		}
		s.add.files += p.newFiles(b)
		return s.write(ctx, t)
	})
}

// planning is one batch.
type planning struct {
	*standing
	// known are the files of parts that are kept already.
	known int64
}

// newFiles are the files that were not counted before: those of a batch that
// came again were.
func (p *planning) newFiles(b rescore.Batch) int64 {
	counted := p.known + int64(len(b.Loose)) - p.add.newLoose
	if counted > 0 && counted == filesOf(b) {
		return 0
	}
	return max(0, b.Files-counted)
}

// filesOf are the files of a batch that became an input or part of one.
func filesOf(b rescore.Batch) int64 {
	n := int64(len(b.Loose))
	for _, p := range b.Parts {
		n += int64(len(p.Files))
	}
	return n
}

// planned is a study as a batch finds it.
type planned struct {
	id    int64
	state string
	parts int64
}

func (p *planning) parts(ctx context.Context, t tx, parts []rescore.Part) error {
	for part := range slices.Chunk(parts, chunk) {
		studies, err := p.studies(ctx, t, part)
		if err != nil {
			return err
		}
		fresh, err := p.insertParts(ctx, t, studies, part)
		if err != nil {
			return err
		}
		if err := p.insertSeries(ctx, t, studies, fresh); err != nil {
			return err
		}
		if err := p.grow(ctx, t, studies, fresh); err != nil {
			return err
		}
	}
	return nil
}

// studies returns the studies of some parts, which are made where they are
// missing.
func (p *planning) studies(ctx context.Context, t tx, parts []rescore.Part) (map[string]*planned, error) {
	out := map[string]*planned{}
	var rows, uids []any
	for _, part := range parts {
		if uid := text(part.StudyUID); out[uid] == nil {
			out[uid] = &planned{}
			rows, uids = append(rows, p.id, uid, part.StudyDate, waiting), append(uids, uid)
		}
	}
	n, err := t.exec(ctx, `INSERT INTO study (rescoring, uid, study_date, state) VALUES `+tuples(len(uids), 4)+` ON CONFLICT (rescoring, uid) DO NOTHING`, rows...)
	if err != nil {
		return nil, err
	}
	p.add.studies += n
	err = t.each(ctx, `SELECT uid, id, state, parts FROM study WHERE rescoring = ? AND uid IN (`+list(len(uids))+`)`, func(r *sql.Rows) error {
		var uid string
		var s planned
		if err := r.Scan(&uid, &s.id, &s.state, &s.parts); err != nil {
			return err
		}
		*out[uid] = s
		return nil
	}, append([]any{p.id}, uids...)...)
	return out, err
}

// insertParts keeps the parts that are not kept yet, and returns them.
func (p *planning) insertParts(ctx context.Context, t tx, studies map[string]*planned, parts []rescore.Part) ([]rescore.Part, error) {
	type key struct {
		study  int64
		digest string
	}
	byKey := map[key]rescore.Part{}
	var rows []any
	for _, part := range parts {
		s := studies[text(part.StudyUID)]
		digest := digestOf(part)
		k := key{s.id, string(digest)}
		if _, twice := byKey[k]; twice {
			p.known += int64(len(part.Files))
			continue
		}
		byKey[k] = part
		packed, err := packFiles(part.Files)
		if err != nil {
			return nil, err
		}
		rows = append(rows, s.id, digest, s.parts+int64(len(byKey)), part.SeriesUID, part.Modality, part.Instances, packed)
	}
	var fresh []rescore.Part
	err := t.each(ctx, `
		INSERT INTO part (study, digest, n, series_uid, modality, instances, files) VALUES `+tuples(len(byKey), 7)+`
		ON CONFLICT (study, digest) DO NOTHING RETURNING study, digest`, func(r *sql.Rows) error {
		var study int64
		var digest []byte
		if err := r.Scan(&study, &digest); err != nil {
			return err
		}
		k := key{study, string(digest)}
		fresh = append(fresh, byKey[k])
		delete(byKey, k)
		return nil
	}, rows...)
	for _, part := range byKey {
		p.known += int64(len(part.Files))
	}
	return fresh, err
}

// insertSeries makes or lengthens the series of parts that are new.
func (p *planning) insertSeries(ctx context.Context, t tx, studies map[string]*planned, fresh []rescore.Part) error {
	type key struct {
		study  int64
		series string
	}
	whole := map[key]*rescore.Part{}
	var rows []any
	for _, part := range fresh {
		k := key{studies[text(part.StudyUID)].id, text(part.SeriesUID)}
		if whole[k] == nil {
			whole[k] = &part
			continue
		}
		whole[k].Modality, whole[k].Instances = rescore.ModalityOf(whole[k].Modality, part.Modality), whole[k].Instances+part.Instances
	}
	for k, part := range whole {
		rows = append(rows, k.study, k.series, part.Modality, part.Instances, waiting)
	}
	if len(rows) == 0 {
		return nil
	}
	err := t.each(ctx, `
		INSERT INTO series (study, uid, modality, instances, state) VALUES `+tuples(len(whole), 5)+`
		ON CONFLICT (study, uid) DO NOTHING RETURNING study, uid`, func(r *sql.Rows) error {
		var k key
		err := r.Scan(&k.study, &k.series)
		delete(whole, k)
		p.add.input(rescore.Waiting, "", 1)
		return err
	}, rows...)
	if err != nil {
		return err
	}
	for k, part := range whole {
		if err := lengthen(ctx, t, k.study, k.series, *part); err != nil {
			return err
		}
	}
	return nil
}

func lengthen(ctx context.Context, t tx, study int64, series string, by rescore.Part) error {
	var modality string
	if err := t.row(ctx, `SELECT modality FROM series WHERE study = ? AND uid = ?`, study, series).Scan(&modality); err != nil {
		return err
	}
	_, err := t.exec(ctx, `UPDATE series SET instances = instances + ?, modality = ? WHERE study = ? AND uid = ?`,
		by.Instances, rescore.ModalityOf(modality, by.Modality), study, series)
	return err
}

// growth is what a batch adds to a study: parts, and the earliest date of theirs.
type growth struct {
	parts int64
	date  string
}

// grow counts the parts of each study. One that is done and has a part that it
// was not read with is read again.
func (p *planning) grow(ctx context.Context, t tx, studies map[string]*planned, fresh []rescore.Part) error {
	more := map[*planned]growth{}
	for _, part := range fresh {
		s := studies[text(part.StudyUID)]
		g := more[s]
		g.parts++
		if part.StudyDate != "" && (g.date == "" || part.StudyDate < g.date) {
			g.date = part.StudyDate
		}
		more[s] = g
	}
	for s, g := range more {
		if _, err := t.exec(ctx, `
			UPDATE study SET parts = parts + ?, fingerprint = NULL, state = CASE state WHEN 'done' THEN 'waiting' ELSE state END,
				study_date = CASE WHEN study_date = '' OR (? <> '' AND ? < study_date) THEN ? ELSE study_date END
			WHERE id = ?`, g.parts, g.date, g.date, g.date, s.id); err != nil {
			return err
		}
		if s.state == done {
			p.add.studiesDone--
		}
	}
	return nil
}

// loose keeps files that belong to no series, each once; study is the number of
// whose reading found them, 0 for who plans.
func (s *standing) loose(ctx context.Context, t tx, files []rescore.Loose, study int64, worker string, at time.Time) error {
	var of any
	if study != 0 {
		of = study
	}
	for part := range slices.Chunk(files, chunk) {
		var rows []any
		for _, f := range part {
			if f.State != rescore.Skipped {
				f.State = rescore.Failed
			}
			rows = append(rows, s.id, []byte(f.Path), of, string(f.State), f.Reason, f.Found, f.Remedy, worker, micros(at))
		}
		err := t.each(ctx, `
			INSERT INTO loose (rescoring, path, study, state, reason, found, remedy, worker, ended_at) VALUES `+tuples(len(part), 9)+`
			ON CONFLICT (rescoring, path) DO NOTHING RETURNING state, reason`, func(r *sql.Rows) error {
			var state, reason string
			if err := r.Scan(&state, &reason); err != nil {
				return err
			}
			s.add.input(rescore.SeriesState(state), reason, 1)
			s.add.newLoose++
			return nil
		}, rows...)
		if err != nil {
			return err
		}
	}
	return nil
}
