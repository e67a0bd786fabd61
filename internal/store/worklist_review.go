package store

import (
	"context"
	"database/sql"
	"strings"

	"nafas/internal/triage"
)

// reviewStand is the triage.ReviewState of the row of study.
const reviewStand = `coalesce((SELECT v.state FROM review_summary v WHERE v.study_id = study.id), '` + string(triage.ReviewNone) + `')`

const listedReviews = `SELECT v.study_id, ` + summaryColumns + ` FROM review_summary v WHERE v.study_id IN (ids)`

// addReviews fills in the reviews of studies.
func addReviews(ctx context.Context, tx *sql.Tx, of map[int64]*triage.Listed, ids []any) error {
	query := strings.Replace(listedReviews, "(ids)", `(`+marks(len(ids))+`)`, 1)
	return each(ctx, tx, query, func(rows *sql.Rows) error {
		var id int64
		var row summaryRow
		if err := rows.Scan(append([]any{&id}, row.targets()...)...); err != nil {
			return err
		}
		of[id].Review = row.summary()
		return nil
	}, ids...)
}
