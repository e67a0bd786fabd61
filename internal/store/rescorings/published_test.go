package rescorings_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/internal/rescore"
	"nafas/internal/triage"
)

// listOf is a list of a rescoring that create made.
func listOf(id int64, published time.Time) rescore.PublishedList {
	return rescore.PublishedList{
		Rescoring: id, Name: "autumn", Model: triage.Model{Name: "small", Version: "1", SHA256: "m1"}, Baseline: rescore.BaselineLive,
		PublishedAt: published, StudiesDone: 3, Studies: 4,
	}
}

// entriesOf are many: more than one statement writes.
func entriesOf(prefix string, n int) []rescore.ListEntry {
	out := make([]rescore.ListEntry, n)
	for i := range out {
		out[i] = rescore.ListEntry{
			Place: i + 1, StudyUID: fmt.Sprintf("%s.%d", prefix, n-i), SeriesUID: fmt.Sprintf("%s.%d.1", prefix, n-i), StudyDate: "20240229",
			Kinds:  []string{"newly_flagged", "category_up"},
			Before: &rescore.Said{Priority: triage.PriorityRoutine}, After: &rescore.Said{Score: 0.9876, Priority: triage.PriorityUrgent, LungRADS: "4B"},
		}
	}
	return out
}

func (b *book) published() []rescore.PublishedList {
	b.t.Helper()
	all, err := b.PublishedLists(b.t.Context())
	require.NoError(b.t, err)
	return all
}

func TestAListIsPublishedReplacedAndWithdrawn(t *testing.T) {
	onEach(t, func(t *testing.T, b *book) {
		id, none := b.create(recipe), b.create(recipe)
		require.Empty(t, b.published())
		_, _, err := b.ListEntries(t.Context(), id, 0, 10)
		require.ErrorIs(t, err, rescore.ErrNotPublished)

		entries := entriesOf("1", 1203)
		entries[1] = rescore.ListEntry{Place: 2, StudyUID: "7", Kinds: []string{"not_read_before"}, After: &rescore.Said{Score: 0.5, Priority: triage.PriorityHigh}, Reason: "NOT_IN_THIS_PASS"}
		entries[2] = rescore.ListEntry{Place: 3, StudyUID: "8", Kinds: []string{"read_before_not_now"}, Before: &rescore.Said{Priority: triage.PriorityHigh, LungRADS: "3"}, Reason: "MISSING_SLICES"}
		require.NoError(t, b.Publish(t.Context(), listOf(id, at), entries))
		want := listOf(id, at)
		want.Entries = 1203
		require.Equal(t, []rescore.PublishedList{want}, b.published())
		var got []rescore.ListEntry
		for offset := 0; offset <= 1400; offset += 200 {
			list, page, err := b.ListEntries(t.Context(), id, offset, 200)
			require.NoError(t, err)
			require.Equal(t, want, list)
			require.LessOrEqual(t, len(page), 200)
			got = append(got, page...)
		}
		require.Equal(t, entries, got, "every entry once, in order, with what was not said")

		again := listOf(id, at.Add(time.Hour))
		again.Baseline, again.Whole, again.StudiesDone = "9", true, 4
		require.NoError(t, b.Publish(t.Context(), again, entriesOf("2", 2)))
		again.Entries = 2
		require.Equal(t, []rescore.PublishedList{again}, b.published(), "in the place of the first")
		_, page, err := b.ListEntries(t.Context(), id, 0, 500)
		require.NoError(t, err)
		require.Equal(t, entriesOf("2", 2), page, "and nothing of the first is left")

		require.ErrorIs(t, b.Withdraw(t.Context(), none), rescore.ErrNotPublished)
		require.ErrorIs(t, b.Withdraw(t.Context(), 99), rescore.ErrNotFound)
		require.NoError(t, b.Withdraw(t.Context(), id))
		require.ErrorIs(t, b.Withdraw(t.Context(), id), rescore.ErrNotPublished)
		require.Empty(t, b.published())
		require.Zero(t, b.number(`SELECT count(*) FROM published_entry`))
		require.ErrorIs(t, b.Publish(t.Context(), listOf(99, at), nil), rescore.ErrNotFound)
	})
}

// An empty list is one: nothing of the rescoring is to be looked at again.
func TestListsComeByWhenTheyWerePublished(t *testing.T) {
	onEach(t, func(t *testing.T, b *book) {
		first, second := b.create(recipe), b.create(other)
		require.NoError(t, b.Publish(t.Context(), listOf(second, at), nil))
		require.NoError(t, b.Publish(t.Context(), listOf(first, at.Add(time.Second)), entriesOf("1", 1)))
		all := b.published()
		require.Equal(t, []int64{first, second}, []int64{all[0].Rescoring, all[1].Rescoring})
		list, page, err := b.ListEntries(t.Context(), second, 0, 10)
		require.NoError(t, err)
		require.Zero(t, list.Entries)
		require.Empty(t, page)
		require.Equal(t, "m2", list.Model.SHA256)
		require.NoError(t, b.Withdraw(t.Context(), first))
		require.Len(t, b.published(), 1, "the other list stays")
	})
}

// A list that cannot be kept as a whole leaves the one that readers have.
func TestHalfAListIsNotPublished(t *testing.T) {
	onEach(t, func(t *testing.T, b *book) {
		id := b.create(recipe)
		require.NoError(t, b.Publish(t.Context(), listOf(id, at), entriesOf("1", 3)))
		if b.postgres {
			b.do(`ALTER TABLE published_entry ADD CONSTRAINT short CHECK (place < 600)`)
		} else {
			b.do(`CREATE TRIGGER short BEFORE INSERT ON published_entry WHEN NEW.place >= 600 BEGIN SELECT RAISE(ABORT, 'full'); END`)
		}
		require.Error(t, b.Publish(t.Context(), listOf(id, at.Add(time.Hour)), entriesOf("2", 700)))
		list, page, err := b.ListEntries(t.Context(), id, 0, 500)
		require.NoError(t, err)
		require.Equal(t, at, list.PublishedAt)
		require.Equal(t, entriesOf("1", 3), page)
	})
}

// A database of before there were lists gets their tables, and keeps what it has.
func TestADatabaseOfBeforeTakesLists(t *testing.T) {
	onEach(t, func(t *testing.T, b *book) {
		id := b.planned(recipe, part("1", "1.1", "CT"))
		b.do(`DROP TABLE published_entry`)
		b.do(`DROP TABLE published`)
		b.do(`DELETE FROM schema_version WHERE version = 2`)
		l, err := b.reopen()
		require.NoError(t, err)
		defer l.Close()
		require.NoError(t, l.Publish(t.Context(), listOf(id, at), entriesOf("1", 1)))
		require.EqualValues(t, 1, b.get(id).Totals.Studies)
	})
}
