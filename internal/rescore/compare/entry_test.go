package compare_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/internal/rescore"
	"nafas/internal/rescore/compare"
	"nafas/internal/triage"
)

// What a pass did not say is said of neither side: a score of 0 is a scan in which
// nothing was found.
func TestEntriesOfAList(t *testing.T) {
	got := compare.Entries([]compare.Change{
		{
			StudyUID: "1", SeriesUID: "1.1", Date: "20240229", Kinds: []compare.Kind{compare.KindNewlyFlagged, compare.KindCategoryDown},
			ScoreAfter: 0.9, PriorityBefore: triage.PriorityRoutine, PriorityAfter: triage.PriorityUrgent, CategoryBefore: "2", CategoryAfter: "4B",
		},
		{StudyUID: "2", Kinds: []compare.Kind{compare.KindReadNow}, ScoreAfter: 0.5, PriorityAfter: triage.PriorityHigh, Reason: compare.ReasonAbsent},
		{StudyUID: "3", Kinds: []compare.Kind{compare.KindNotRead}, ScoreBefore: 0.4, PriorityBefore: triage.PriorityHigh, CategoryBefore: "3", Reason: "MISSING_SLICES"},
	})
	require.Equal(t, []rescore.ListEntry{
		{
			Place: 1, StudyUID: "1", SeriesUID: "1.1", StudyDate: "20240229", Kinds: []string{"newly_flagged", "category_down"},
			Before: &rescore.Said{Priority: triage.PriorityRoutine, LungRADS: "2"}, After: &rescore.Said{Score: 0.9, Priority: triage.PriorityUrgent, LungRADS: "4B"},
		},
		{Place: 2, StudyUID: "2", Kinds: []string{"not_read_before"}, After: &rescore.Said{Score: 0.5, Priority: triage.PriorityHigh}, Reason: "NOT_IN_THIS_PASS"},
		{Place: 3, StudyUID: "3", Kinds: []string{"read_before_not_now"}, Before: &rescore.Said{Score: 0.4, Priority: triage.PriorityHigh, LungRADS: "3"}, Reason: "MISSING_SLICES"},
	}, got)
	require.NotNil(t, compare.Entries(nil))
}
