package rescorings_test

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/internal/rescore"
	"nafas/internal/triage"
)

// More studies and files than are read at once, in an order that is neither that
// of the plan nor that of English.
func TestRowsComeInOrder(t *testing.T) {
	onEach(t, func(t *testing.T, b *book) {
		id := b.create(recipe)
		var plan rescore.Batch
		var want []string
		for i := range 600 {
			uid := fmt.Sprintf("%c.%d", "aB1"[i%3], (i*7)%600)
			plan.Parts = append(plan.Parts, part(uid, uid+".2", "CT"), part(uid, uid+".10", "CT"))
			path := fmt.Sprintf("%c/%d", "aB_"[i%3], i)
			plan.Loose = append(plan.Loose, loose(path, "MALFORMED", rescore.Failed))
			want = append(want, path+"  ", " "+uid+" "+uid+".2", " "+uid+" "+uid+".10")
		}
		plan.Cursor = "end"
		require.NoError(t, b.Plan(t.Context(), id, "", plan))
		b.recount(id)
		var got []string
		for _, r := range b.rows(id) {
			got = append(got, r.Path+" "+r.StudyUID+" "+r.SeriesUID)
		}
		slices.SortFunc(want, func(x, y string) int {
			loose := func(s string) bool { return s[0] != ' ' }
			switch {
			case loose(x) && !loose(y):
				return -1
			case loose(y) && !loose(x):
				return 1
			case x < y:
				return -1
			}
			return 1
		})
		require.Equal(t, want, got)
	})
}

// Whoever takes the rows may stand still, and so may many: the ledger goes on.
func TestReadersThatStandStillHoldUpNobody(t *testing.T) {
	onEach(t, func(t *testing.T, b *book) {
		id := b.planned(recipe, part("1", "1.1", "CT"))
		b.feed(id, 1)
		many := max(12, runtime.NumCPU()+1)
		ended, reading, goOn := make(chan error, many), make(chan bool, many), make(chan bool)
		for range many {
			go func() {
				ended <- b.Rows(t.Context(), id, func(rescore.Row) error {
					reading <- true
					<-goOn
					return nil
				})
			}()
		}
		<-reading
		<-reading
		time.Sleep(100 * time.Millisecond) // the others are reading too, or wait
		went := make(chan error, 1)
		go func() {
			r, err := b.Rescoring(t.Context(), id)
			if err == nil {
				err = b.Alive(t.Context(), rescore.Sign{Name: "w1", Recipes: []triage.Recipe{r.Recipe}, SeenAt: at})
			}
			went <- err
		}()
		select {
		case err := <-went:
			require.NoError(t, err)
		case <-time.After(20 * time.Second):
			t.Error("the ledger stands still")
		}
		close(goOn)
		for range many {
			require.NoError(t, <-ended, "those that waited come after")
		}
	})
}

func TestRowsAreOfOneMoment(t *testing.T) {
	onEach(t, func(t *testing.T, b *book) {
		var parts []rescore.Part
		for i := range 300 {
			uid := fmt.Sprintf("1.%03d", i)
			parts = append(parts, part(uid, uid+".1", "CT"))
		}
		id := b.planned(recipe, parts...)
		b.feed(id, 300)
		n := 0
		require.NoError(t, b.Rows(t.Context(), id, func(r rescore.Row) error {
			if n == 0 {
				b.finish(id, "1.299")
			}
			n++
			require.Equal(t, rescore.Waiting, r.State, r.StudyUID)
			return nil
		}))
		require.Equal(t, 300, n)
		require.EqualValues(t, 1, b.get(id).Totals.Scored)
		stop := errors.New("enough")
		require.ErrorIs(t, b.Rows(t.Context(), id, func(rescore.Row) error { return stop }), stop)
		require.ErrorIs(t, b.Rows(t.Context(), 99, func(rescore.Row) error { return nil }), rescore.ErrNotFound)
	})
}
