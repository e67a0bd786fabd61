package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"nafas/dicomio/refusal"
	"nafas/internal/triage"
	"nafas/internal/triage/review"
)

// Review implements triage.Reviews.
func (s *SQLite) Review(ctx context.Context, studyUID string) (review.State, error) {
	var out review.State
	err := s.inSnapshot(ctx, func(tx *sql.Tx) error {
		r, err := loadStudy(ctx, tx, studyUID)
		if err != nil {
			return err
		}
		out, err = reviewOf(ctx, tx, &r)
		return err
	})
	return out, err
}

// Act implements triage.Reviews.
func (s *SQLite) Act(ctx context.Context, studyUID string, at time.Time, who review.Reader, seen int64, a review.Action) (review.State, error) {
	var out review.State
	err := s.inTx(ctx, func(tx *sql.Tx) error {
		r, err := loadStudy(ctx, tx, studyUID)
		if err != nil {
			return err
		}
		if out, err = reviewOf(ctx, tx, &r); err != nil {
			return err
		}
		now, err := reviewedNow(ctx, tx, &r)
		if err != nil {
			return err
		}
		if now.Imaged, err = imaged(ctx, tx, r.id, a.Mark); err != nil {
			return err
		}
		entry, err := review.Next(out.Entries, now, who, seen, a, fromMicros(micros(at)))
		if err != nil || entry == nil {
			return err
		}
		if err := addEntry(ctx, tx, r.id, *entry); err != nil {
			return err
		}
		if err := s.queueReviewed(ctx, tx, &r, entry.Action.Kind, at); err != nil {
			return err
		}
		// The number of change tells who watches; the row says what there is now.
		if err := saveStudy(ctx, tx, &r, at); err != nil {
			return err
		}
		out, err = reviewOf(ctx, tx, &r)
		return err
	})
	return out, err
}

func reviewOf(ctx context.Context, tx *sql.Tx, r *studyRow) (review.State, error) {
	log, err := loadLog(ctx, tx, r.id)
	if err != nil {
		return review.State{}, err
	}
	now, err := reviewedNow(ctx, tx, r)
	return review.Fold(log, now), err
}

func loadLog(ctx context.Context, tx *sql.Tx, study int64) ([]review.Entry, error) {
	var out []review.Entry
	rows, err := tx.QueryContext(ctx, `SELECT number, at, reader, kind, action_id, body FROM review_entry WHERE study_id = ? ORDER BY number`, study)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var e review.Entry
		var at int64
		var body string
		if err := rows.Scan(&e.Number, &at, &e.Reader.Name, &e.Action.Kind, &e.Action.ID, &body); err != nil {
			return nil, err
		}
		e.At = fromMicros(at)
		if err := decodeEntry(body, &e); err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, rows.Err()
}

func addEntry(ctx context.Context, tx *sql.Tx, study int64, e review.Entry) error {
	body, err := encodeEntry(e)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO review_entry (study_id, number, at, reader, kind, action_id, body) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		study, e.Number, micros(e.At), e.Reader.Name, e.Action.Kind, e.Action.ID, body)
	return err
}

// reviewedNow is what may be said of a study now: as triage.Study.withheld, nothing
// of the results of one that has two patients.
func reviewedNow(ctx context.Context, tx *sql.Tx, r *studyRow) (review.Subject, error) {
	out := review.Subject{Final: r.state.Final()}
	if why := r.notAssessed; why != nil {
		if out.NotAssessed = string(why.Reason); why.Reason == refusal.PatientMismatch {
			return out, nil
		}
	}
	rows, err := tx.QueryContext(ctx, `
		SELECT s.uid, r.key, (SELECT json_group_array(json_extract(f.value, '$.rank')) FROM json_each(r.body, '$.findings') f)
		FROM series s JOIN result r ON r.key = s.result_key WHERE s.study_id = ? ORDER BY s.uid`, r.id)
	if err != nil {
		return out, err
	}
	defer rows.Close()
	for rows.Next() {
		var one review.Result
		var ranks string
		if err := rows.Scan(&one.SeriesUID, &one.Key, &ranks); err != nil {
			return out, err
		}
		if err := json.Unmarshal([]byte(ranks), &one.Ranks); err != nil {
			return out, err
		}
		out.Results = append(out.Results, one)
	}
	return out, rows.Err()
}

// imaged is review.Subject.Imaged.
func imaged(ctx context.Context, tx *sql.Tx, study int64, m *review.Mark) (is bool, err error) {
	if m == nil {
		return false, nil
	}
	err = tx.QueryRowContext(ctx, `
		SELECT EXISTS (SELECT 1 FROM instance i JOIN series s ON s.id = i.series_id WHERE i.sop_uid = ?3 AND s.study_id = ?1 AND s.uid = ?2)
			OR EXISTS (SELECT 1 FROM gone_instance g JOIN series s ON s.id = g.series_id WHERE g.study_id = ?1 AND g.sop_uid = ?3 AND s.uid = ?2)`,
		study, m.SeriesUID, m.SOPInstanceUID).Scan(&is)
	return is, err
}

// saveSummary writes what the review of a study amounts to; of one that nobody has
// said anything of, nothing.
func saveSummary(ctx context.Context, tx *sql.Tx, r *studyRow) error {
	var begun bool
	if err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM review_entry WHERE study_id = ?)`, r.id).Scan(&begun); err != nil || !begun {
		return err
	}
	log, err := loadLog(ctx, tx, r.id)
	if err != nil {
		return err
	}
	now, err := reviewedNow(ctx, tx, r)
	if err != nil {
		return err
	}
	is := triage.Summarise(review.Fold(log, now), now)
	var signedAt sql.NullInt64
	if !is.At.IsZero() {
		signedAt = sql.NullInt64{Int64: micros(is.At), Valid: true}
	}
	_, err = tx.ExecContext(ctx, `
		INSERT OR REPLACE INTO review_summary (study_id, state, version, answered, added, signed_by, signed_display, signed_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		r.id, is.State, is.Version, is.Answered, is.Added, is.By.Name, is.By.Display, signedAt)
	return err
}

// summaryColumns are those of review_summary AS v, for scanSummary; of a study
// without a row (LEFT JOIN) they are NULL.
const summaryColumns = `v.state, v.version, v.answered, v.added, v.signed_by, v.signed_display, v.signed_at`

// summaryRow is a row of review_summary, or that there is none.
type summaryRow struct {
	state                    sql.NullString
	version, answered, added sql.NullInt64
	by, display              sql.NullString
	at                       sql.NullInt64
}

// targets are for Scan, in the order of summaryColumns.
func (r *summaryRow) targets() []any {
	return []any{&r.state, &r.version, &r.answered, &r.added, &r.by, &r.display, &r.at}
}

func (r *summaryRow) summary() triage.ReviewSummary {
	if !r.state.Valid {
		return triage.ReviewSummary{State: triage.ReviewNone}
	}
	out := triage.ReviewSummary{
		State: triage.ReviewState(r.state.String), Version: r.version.Int64,
		Answered: int(r.answered.Int64), Added: int(r.added.Int64), By: review.Reader{Name: r.by.String, Display: r.display.String},
	}
	if r.at.Valid {
		out.At = fromMicros(r.at.Int64)
	}
	return out
}

// ReviewSummaries implements triage.Reviews.
func (s *SQLite) ReviewSummaries(ctx context.Context, studyUIDs []string) (map[string]triage.ReviewSummary, error) {
	list, err := json.Marshal(studyUIDs)
	if err != nil {
		return nil, err
	}
	rows, err := s.read.QueryContext(ctx, `
		SELECT s.uid, `+summaryColumns+` FROM study s LEFT JOIN review_summary v ON v.study_id = s.id
		WHERE s.uid IN (SELECT value FROM json_each(?))`, string(list))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[string]triage.ReviewSummary{}
	for rows.Next() {
		var uid string
		var row summaryRow
		if err := rows.Scan(append([]any{&uid}, row.targets()...)...); err != nil {
			return nil, err
		}
		out[uid] = row.summary()
	}
	return out, rows.Err()
}

// eraseReview deletes what readers said of a study that is erased.
func eraseReview(ctx context.Context, tx *sql.Tx, study int64) (entries int, err error) {
	var rows sql.Result
	for _, statement := range []string{
		`INSERT INTO review_erasing (study) VALUES (?)`, `DELETE FROM review_summary WHERE study_id = ?`,
		`DELETE FROM review_entry WHERE study_id = ?`,
	} {
		if rows, err = tx.ExecContext(ctx, statement, study); err != nil {
			return 0, err
		}
	}
	n, err := rows.RowsAffected()
	_, left := tx.ExecContext(ctx, `DELETE FROM review_erasing WHERE study = ?`, study)
	return int(n), errors.Join(err, left)
}
