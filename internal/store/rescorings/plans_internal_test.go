package rescorings

import (
	"context"
	"database/sql"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What is asked every few seconds must not go through the studies of an archive.
func TestWhatIsAskedOftenGoesThroughSmallIndexes(t *testing.T) {
	l, err := OpenSQLite(t.Context(), t.TempDir(), Options{})
	require.NoError(t, err)
	defer l.Close()
	for name, c := range map[string]struct {
		query string
		args  int
	}{
		"take over":       {l.d.strayed(), 4},
		"sign of life":    {atWork, 2},
		"in the queue":    {countQueued, 1},
		"waiting":         {someWaiting, 1},
		"next ones":       {nextWaiting, 2},
		"lost":            {loseQueued, 1},
		"of silent":       {takeSilent, 2},
		"taken out":       {unqueueAll, 1},
		"earlier reading": {earlierStudy, 5},
	} {
		var plan []string
		require.NoError(t, l.inTx(t.Context(), func(ctx context.Context, x tx) error {
			return x.each(ctx, "EXPLAIN QUERY PLAN "+c.query, func(rows *sql.Rows) error {
				var a, b, d int
				var step string
				err := rows.Scan(&a, &b, &d, &step)
				plan = append(plan, step)
				return err
			}, make([]any, c.args)...)
		}), name)
		for _, step := range plan {
			if words := strings.Fields(step); len(words) > 1 && (words[1] == "study" || words[1] == "s") {
				require.Regexp(t, `INDEX study_(waiting|queued|running|fingerprint)\b`, step, "%s: %q", name, plan)
			}
		}
	}
}
