package rescorings_test

import (
	"fmt"

	"github.com/stretchr/testify/require"

	"nafas/internal/rescore"
)

// recount compares the totals of a rescoring, which are counters, with its rows.
func (b *book) recount(id int64) {
	b.t.Helper()
	got := b.get(id).Totals
	want := rescore.Totals{
		Studies:     b.number(`SELECT count(*) FROM study WHERE rescoring = %d`, id),
		StudiesDone: b.number(`SELECT count(*) FROM study WHERE rescoring = %d AND state = 'done'`, id),
		PassedOver:  b.number(`SELECT count(*) FROM study WHERE rescoring = %d AND state = 'done' AND worker IS NULL`, id),
		Files:       got.Files, Late: got.Late, Erased: got.Erased, Reasons: map[string]int64{},
	}
	inputs := fmt.Sprintf(`(SELECT x.state, x.reason FROM series x JOIN study s ON s.id = x.study WHERE s.rescoring = %d
		UNION ALL SELECT state, reason FROM loose WHERE rescoring = %d) AS i`, id, id)
	want.Inputs = b.number(`SELECT count(*) FROM %s`, inputs)
	for state, n := range map[rescore.SeriesState]*int64{rescore.Waiting: &want.Waiting, rescore.Scored: &want.Scored,
		rescore.Unchanged: &want.Unchanged, rescore.Skipped: &want.Skipped, rescore.Failed: &want.Failed} {
		*n = b.number(`SELECT count(*) FROM %s WHERE state = '%s'`, inputs, state)
	}
	rows, err := b.raw.QueryContext(b.t.Context(), fmt.Sprintf(`SELECT reason, count(*) FROM %s WHERE state IN ('skipped', 'failed') GROUP BY reason`, inputs))
	require.NoError(b.t, err)
	defer rows.Close()
	for rows.Next() {
		var reason string
		var n int64
		require.NoError(b.t, rows.Scan(&reason, &n))
		want.Reasons[reason] = n
	}
	require.NoError(b.t, rows.Err())
	require.Equal(b.t, want, got)
}
