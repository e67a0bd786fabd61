package report

import (
	"nafas/internal/rescore"
	"nafas/internal/rescore/compare"
)

// Census counts the inputs by their state, one by one, while they are read.
type Census map[rescore.SeriesState]int64

// Of are the rows as they were, counted anew as they are read.
func (c Census) Of(rows compare.Rows) compare.Rows {
	return func(each func(rescore.Row) error) error {
		clear(c)
		return rows(func(r rescore.Row) error {
			c[r.State]++
			return each(r)
		})
	}
}

// inputs are all that were counted.
func (c Census) inputs() int64 {
	n := int64(0)
	for _, of := range c {
		n += of
	}
	return n
}

// disagrees says that the counters of a rescoring are not what its rows are. While it
// goes on they are of two moments, and nothing is said.
func (c Census) disagrees(r rescore.Rescoring) bool {
	if c == nil || r.State != rescore.StateDone {
		return false
	}
	t := r.Totals
	for state, n := range map[rescore.SeriesState]int64{
		rescore.Waiting: t.Waiting, rescore.Scored: t.Scored, rescore.Unchanged: t.Unchanged, rescore.Skipped: t.Skipped, rescore.Failed: t.Failed,
	} {
		if c[state] != n {
			return true
		}
	}
	return c.inputs() != t.Inputs
}
