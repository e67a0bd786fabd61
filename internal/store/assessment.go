package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"nafas/internal/triage"
)

// saveAssessment keeps what a reading says of a study in place of what an
// earlier one said.
func saveAssessment(ctx context.Context, tx *sql.Tx, study int64, a *triage.Assessment) error {
	if a == nil {
		_, err := tx.ExecContext(ctx, `DELETE FROM assessment WHERE study_id = ?`, study)
		return err
	}
	body, err := json.Marshal(assessmentBody{Categories: encodeCategories(a.Categories)})
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO assessment (study_id, body) VALUES (?1, ?2) ON CONFLICT (study_id) DO UPDATE SET body = ?2`, study, string(body))
	return err
}

// loadAssessment is nil where none is kept.
func loadAssessment(ctx context.Context, tx *sql.Tx, study int64) (*triage.Assessment, error) {
	var text string
	err := tx.QueryRowContext(ctx, `SELECT body FROM assessment WHERE study_id = ?`, study).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var b assessmentBody
	if err := json.Unmarshal([]byte(text), &b); err != nil {
		return nil, err
	}
	return &triage.Assessment{Categories: decodeCategories(b.Categories)}, nil
}
