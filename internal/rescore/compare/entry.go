package compare

import (
	"slices"

	"nafas/internal/rescore"
)

// Entries are the studies of a list as they are published, in its order.
func Entries(changes []Change) []rescore.ListEntry {
	out := make([]rescore.ListEntry, len(changes))
	for i, c := range changes {
		out[i] = c.entry(i + 1)
	}
	return out
}

func (c Change) entry(place int) rescore.ListEntry {
	out := rescore.ListEntry{Place: place, StudyUID: c.StudyUID, SeriesUID: c.SeriesUID, StudyDate: c.Date, Reason: c.Reason}
	for _, k := range c.Kinds {
		out.Kinds = append(out.Kinds, string(k))
	}
	if !slices.Contains(c.Kinds, KindReadNow) {
		out.Before = &rescore.Said{Score: c.ScoreBefore, Priority: c.PriorityBefore, LungRADS: c.CategoryBefore}
	}
	if !slices.Contains(c.Kinds, KindNotRead) {
		out.After = &rescore.Said{Score: c.ScoreAfter, Priority: c.PriorityAfter, LungRADS: c.CategoryAfter}
	}
	return out
}
