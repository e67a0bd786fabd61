package web

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/internal/triage"
)

// counted answers with the number of the look as the change of a study, and knows no
// study whose UID is gone.
type counted struct {
	Studies
	looks int64
}

func (c *counted) Listed(_ context.Context, _ triage.Lists, uids ...string) ([]triage.Listed, error) {
	c.looks++
	var out []triage.Listed
	for _, uid := range uids {
		if uid != "gone" {
			out = append(out, triage.Listed{Study: triage.Study{UID: uid}, Change: c.looks})
		}
	}
	return out, nil
}

// A change is looked up once, however many pages are open, and a later change is
// never answered with what was looked up for an earlier one.
func TestAChangeIsLookedUpOnce(t *testing.T) {
	store := &counted{}
	w := &Web{Options: Options{Studies: store}}
	var pages sync.WaitGroup
	for range 100 {
		pages.Go(func() {
			list, err := w.rows.listed(t.Context(), w, []string{"1.2"}, "7")
			if err != nil || len(list) != 1 || list[0].Change != 1 {
				t.Error(list, err)
			}
		})
	}
	pages.Wait()
	require.EqualValues(t, 1, store.looks)

	list, err := w.rows.listed(t.Context(), w, []string{"1.2", "1.3", "gone"}, "8")
	require.NoError(t, err)
	require.Len(t, list, 2)
	require.EqualValues(t, 2, list[0].Change)
	list, err = w.rows.listed(t.Context(), w, []string{"1.3", "1.4"}, "8")
	require.NoError(t, err)
	require.Equal(t, []int64{2, 3}, []int64{list[0].Change, list[1].Change}, "what is missing alone is looked up")

	// Who comes and goes has no cursor, and is looked up each time.
	for look := int64(4); look < 6; look++ {
		list, err = w.rows.listed(t.Context(), w, []string{"1.2"}, "")
		require.NoError(t, err)
		require.Equal(t, look, list[0].Change)
	}
	for i := range 3 * rowsKept {
		_, err = w.rows.listed(t.Context(), w, []string{fmt.Sprint(i)}, "9")
		require.NoError(t, err)
	}
	require.LessOrEqual(t, len(w.rows.kept), rowsKept)
}
