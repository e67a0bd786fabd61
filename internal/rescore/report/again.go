package report

import (
	"cmp"

	"nafas/internal/rescore/compare"
)

// again is the list of studies that a reader should see.
type again struct {
	// Compared says that there is a baseline.
	Compared bool
	First    string
	Rows     []againRow
	Cut      bool
}

type againRow struct {
	Place, UID, Date, Scanner, Why string
	Kinds                          []key
	Priority, Category, Score      twofold
}

// twofold is what was said before and after.
type twofold struct {
	Before, After string
	Same          bool
}

func twice(before, after string) twofold { return twofold{before, after, before == after} }

func (s speaker) again(c *compare.Comparison) again {
	if c == nil {
		return again{}
	}
	list := c.LookAgain[:min(len(c.LookAgain), MostListed)]
	out := again{Compared: true, Cut: len(list) < len(c.LookAgain), First: s.fill(s.words.Again.First, s.count(len(list)), s.count(len(c.LookAgain)))}
	for i, change := range list {
		out.Rows = append(out.Rows, s.againRow(i+1, change, c.Categories != nil))
	}
	return out
}

func (s speaker) againRow(place int, c compare.Change, categories bool) againRow {
	w := s.words.Again
	out := againRow{Place: s.count(place), UID: clean(c.StudyUID), Date: s.date(c.Date, w.NoDate), Scanner: clean(c.Manufacturer)}
	before, after := true, true
	for _, k := range c.Kinds {
		out.Kinds = append(out.Kinds, key{Class: string(k), Name: word(w.Kinds, string(k))})
		switch k {
		case compare.KindReadNow:
			before, out.Why = false, s.fill(w.NotBefore, s.reason(c.Reason))
		case compare.KindNotRead:
			after, out.Why = false, s.fill(w.NotNow, s.reason(c.Reason))
		}
	}
	say := func(is bool, words string) string {
		if !is {
			return none
		}
		return words
	}
	priority := s.words.Changes.PriorityWords
	out.Priority = twice(say(before, word(priority, c.PriorityBefore.Word())), say(after, word(priority, c.PriorityAfter.Word())))
	out.Score = twice(say(before, s.number(c.ScoreBefore, 3)), say(after, s.number(c.ScoreAfter, 3)))
	out.Category = twice(say(before && categories, s.category(c.CategoryBefore)), say(after && categories, s.category(c.CategoryAfter)))
	return out
}

func (s speaker) category(c string) string { return cmp.Or(clean(c), s.words.Changes.NoCategory) }
