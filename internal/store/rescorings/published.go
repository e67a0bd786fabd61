package rescorings

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"nafas/internal/rescore"
)

// Publish implements rescore.Ledger.
func (l *Ledger) Publish(ctx context.Context, list rescore.PublishedList, entries []rescore.ListEntry) error {
	return l.within(ctx, longest, l.write, nil, func(ctx context.Context, t tx) error {
		if _, err := lock(ctx, t, list.Rescoring); err != nil {
			return err
		}
		if _, err := takeAway(ctx, t, list.Rescoring); err != nil {
			return err
		}
		whole := 0
		if list.Whole {
			whole = 1
		}
		_, err := t.exec(ctx, `INSERT INTO published (rescoring, baseline, published_at, studies_done, studies, whole, entries) VALUES (?, ?, ?, ?, ?, ?, ?)`,
			list.Rescoring, list.Baseline, micros(list.PublishedAt), list.StudiesDone, list.Studies, whole, len(entries))
		if err != nil {
			return err
		}
		place := 0
		for part := range slices.Chunk(entries, chunk) {
			if err := addEntries(ctx, t, list.Rescoring, place, part); err != nil {
				return err
			}
			place += len(part)
		}
		return nil
	})
}

// addEntries writes entries behind a place.
func addEntries(ctx context.Context, t tx, id int64, place int, entries []rescore.ListEntry) error {
	var rows []any
	for i, e := range entries {
		before, err := packSaid(e.Before)
		if err != nil {
			return err
		}
		after, err := packSaid(e.After)
		if err != nil {
			return err
		}
		rows = append(rows, id, place+i+1, e.StudyUID, e.SeriesUID, e.StudyDate, strings.Join(e.Kinds, " "), before, after, e.Reason)
	}
	_, err := t.exec(ctx, `
		INSERT INTO published_entry (rescoring, place, study_uid, series_uid, study_date, kinds, said_before, said_after, reason)
		VALUES `+tuples(len(entries), 9), rows...)
	return err
}

// packSaid is NULL where nothing was said.
func packSaid(s *rescore.Said) (any, error) {
	if s == nil {
		return nil, nil
	}
	body, err := json.Marshal(s)
	return string(body), err
}

func unpackSaid(body sql.NullString) (*rescore.Said, error) {
	if !body.Valid {
		return nil, nil
	}
	s := &rescore.Said{}
	return s, json.Unmarshal([]byte(body.String), s)
}

// Withdraw implements rescore.Ledger.
func (l *Ledger) Withdraw(ctx context.Context, id int64) error {
	return l.inTx(ctx, func(ctx context.Context, t tx) error {
		if _, err := lock(ctx, t, id); err != nil {
			return err
		}
		was, err := takeAway(ctx, t, id)
		if err == nil && !was {
			err = rescore.ErrNotPublished
		}
		return err
	})
}

// takeAway says whether there was a list.
func takeAway(ctx context.Context, t tx, id int64) (bool, error) {
	if _, err := t.exec(ctx, `DELETE FROM published_entry WHERE rescoring = ?`, id); err != nil {
		return false, err
	}
	n, err := t.exec(ctx, `DELETE FROM published WHERE rescoring = ?`, id)
	return n > 0, err
}

const publishedColumns = `
	SELECT p.rescoring, p.baseline, p.published_at, p.studies_done, p.studies, p.whole, p.entries, r.name, r.model_name, r.model_version, r.model_sha256
	FROM published p JOIN rescoring r ON r.id = p.rescoring`

func scanPublished(scan func(...any) error) (rescore.PublishedList, error) {
	var p rescore.PublishedList
	var at sql.NullInt64
	var whole int
	err := scan(&p.Rescoring, &p.Baseline, &at, &p.StudiesDone, &p.Studies, &whole, &p.Entries, &p.Name, &p.Model.Name, &p.Model.Version, &p.Model.SHA256)
	p.PublishedAt, p.Whole = fromMicros(at), whole != 0
	return p, err
}

// PublishedLists implements rescore.Ledger.
func (l *Ledger) PublishedLists(ctx context.Context) ([]rescore.PublishedList, error) {
	var out []rescore.PublishedList
	err := l.inSnapshot(ctx, func(ctx context.Context, t tx) error {
		out = nil
		return t.each(ctx, publishedColumns+` ORDER BY p.published_at DESC, p.rescoring DESC`, func(rows *sql.Rows) error {
			p, err := scanPublished(rows.Scan)
			out = append(out, p)
			return err
		})
	})
	return out, err
}

// ListEntries implements rescore.Ledger.
func (l *Ledger) ListEntries(ctx context.Context, id int64, offset, limit int) (list rescore.PublishedList, entries []rescore.ListEntry, err error) {
	err = l.inSnapshot(ctx, func(ctx context.Context, t tx) error {
		var err error
		entries = nil
		list, err = scanPublished(t.row(ctx, publishedColumns+` WHERE p.rescoring = ?`, id).Scan)
		if errors.Is(err, sql.ErrNoRows) {
			return rescore.ErrNotPublished
		}
		if err != nil {
			return err
		}
		return t.each(ctx, `
			SELECT place, study_uid, series_uid, study_date, kinds, said_before, said_after, reason
			FROM published_entry WHERE rescoring = ? AND place > ? ORDER BY place LIMIT ?`, func(rows *sql.Rows) error {
			var e rescore.ListEntry
			var kinds string
			var before, after sql.NullString
			if err := rows.Scan(&e.Place, &e.StudyUID, &e.SeriesUID, &e.StudyDate, &kinds, &before, &after, &e.Reason); err != nil {
				return err
			}
			e.Kinds = strings.Fields(kinds)
			var err1, err2 error
			e.Before, err1 = unpackSaid(before)
			e.After, err2 = unpackSaid(after)
			entries = append(entries, e)
			return errors.Join(err1, err2)
		}, id, offset, limit)
	})
	return list, entries, err
}
