package report

import (
	"cmp"
	"maps"
	"slices"

	"nafas/internal/rescore"
	"nafas/internal/rescore/compare"
	"nafas/internal/triage"
)

// changes say what is different from the baseline.
type changes struct {
	Sides                   []sideRow
	Scale                   string // whether scores can be compared
	FromLive, Lost          bool
	Where                   []key
	OnlyBefore, OnlyAfter   []reasonRow
	Flags, Priorities       matrix
	Categories              *matrix
	Scores                  scores
	Scanners, Thick, Yearly strata
}

// sideRow is one line about both passes.
type sideRow struct {
	Name, Before, After string
	Foreign, Code       bool
}

func (s speaker) changes(r Report) *changes {
	c, w := r.Comparison, s.words.Changes
	out := &changes{
		Sides: s.sides(r), Scale: w.SameModel, FromLive: r.Rescoring.Baseline == rescore.BaselineLive, Lost: lost(c) > 0,
		Where: []key{
			{"", w.Both, s.count(c.Both)}, {classIf(lost(c) > 0, "bad"), w.OnlyBefore, s.count(c.OnlyBefore.Studies())},
			{"", w.OnlyAfter, s.count(c.OnlyAfter.Studies())}, {"", w.Neither, s.count(c.Neither)}, {"", w.Unfinished, s.count(c.Unfinished)},
		},
		OnlyBefore: s.whyAlone(c.OnlyBefore), OnlyAfter: s.whyAlone(c.OnlyAfter),
		Flags: s.flags(c), Priorities: s.priorities(c.Priorities), Scores: s.scores(r),
	}
	if otherModels(c) {
		out.Scale = w.OtherModels
	}
	if c.Categories != nil {
		m := s.matrix(w.Categories, c.Categories, compare.CategoryOrder(), s.category, compare.CompareCategories)
		out.Categories = &m
	}
	out.Scanners, out.Thick, out.Yearly = s.strata(w.Scanners, c.ByScanner), s.strata(w.Thickness, c.ByThickness), s.strata(w.Years, c.ByYear)
	return out
}

// otherModels says that scores are not on one scale; models without a hash are not
// known to be the same.
func otherModels(c *compare.Comparison) bool {
	before, after := c.Before.Model.SHA256, c.After.Model.SHA256
	return before == "" || before != after
}

func (s speaker) sides(r Report) []sideRow {
	w, b, a := s.words.Changes, r.Comparison.Before, r.Comparison.After
	figures := func(name string, before, after int) sideRow {
		return sideRow{Name: name, Before: s.count(before), After: s.count(after)}
	}
	before := w.Live
	if r.Rescoring.Baseline != rescore.BaselineLive {
		before = isolated(b.Label)
		if number := r.Rescoring.Baseline; number != "" {
			numbered := s.fill(w.Numbered, number)
			if before = numbered + " · " + before; b.Label == compare.Unnamed(number) {
				before = numbered
			}
		}
	}
	return []sideRow{
		{Name: w.Name, Before: before, After: w.This},
		{Name: w.Model, Before: modelName(b.Model), After: modelName(a.Model), Foreign: true},
		{Name: s.words.Pass.Hash, Before: cmp.Or(clean(b.Model.SHA256), none), After: cmp.Or(clean(a.Model.SHA256), none), Code: true},
		figures(w.Studies, b.Studies, a.Studies), figures(w.WithResult, b.Scored, a.Scored), figures(w.Flagged, b.Flagged, a.Flagged),
		figures(w.Findings, b.Findings, a.Findings), figures(w.Waiting, b.Waiting, a.Waiting), figures(w.Alone, b.Alone, a.Alone),
	}
}

func modelName(m triage.Model) string {
	if m.Name+m.Version == "" {
		return none
	}
	return clean(m.Name + " " + m.Version)
}

// lost counts the studies that were read before and could not be read now; those
// that the rescoring does not have are none of its business.
func lost(c *compare.Comparison) int {
	if c == nil {
		return 0
	}
	return c.OnlyBefore.Studies() - int(c.OnlyBefore[compare.ReasonAbsent])
}

// whyAlone counts the reasons for which the other pass has no result.
func (s speaker) whyAlone(counts compare.Reasons) []reasonRow {
	return s.reasons(counts, func(string) bool { return true }, int64(counts.Studies()))
}

// flags is what became of flagged studies.
func (s speaker) flags(c *compare.Comparison) matrix {
	const flagged, not = "flagged", "not"
	w := s.words.Changes
	name := func(code string) string {
		if code == flagged {
			return w.IsFlagged
		}
		return w.NotFlagged
	}
	cells := []compare.Cell{
		{Before: not, After: not, Studies: c.StillNot}, {Before: not, After: flagged, Studies: len(c.NewlyFlagged)},
		{Before: flagged, After: not, Studies: len(c.Dropped)}, {Before: flagged, After: flagged, Studies: c.StillFlagged},
	}
	order := []string{not, flagged}
	m := s.matrix(w.Flags, cells, order, name, byPlace(order))
	for i, words := range []string{w.StillNot, w.Newly, w.Dropped, w.Still} {
		m.Rows[i/2].Cells[i%2].Words = words
	}
	return m
}

func (s speaker) priorities(cells []compare.Cell) matrix {
	var order []string
	for p := triage.PriorityNone; p <= triage.PriorityUrgent; p++ {
		order = append(order, p.Word())
	}
	return s.matrix(s.words.Changes.Priorities, cells, order, func(code string) string { return word(s.words.Changes.PriorityWords, code) }, byPlace(order))
}

func byPlace(order []string) func(before, after string) int {
	return func(before, after string) int {
		return cmp.Compare(slices.Index(order, after), slices.Index(order, before))
	}
}

// matrix counts studies by what was said before (rows) and after (columns).
type matrix struct {
	Caption string
	Head    []string
	Rows    []matrixRow
}

type matrixRow struct {
	Name  string
	Cells []matrixCell
	Total string
}

// matrixCell has a Class up, down or same; Words where it has a name of its own.
type matrixCell struct{ Class, Count, Words string }

// matrix has the words that occur, in their order; those that are not in it come
// last. way says whether it went up or down.
func (s speaker) matrix(caption string, cells []compare.Cell, order []string, name func(string) string, way func(before, after string) int) matrix {
	counts, seen := map[[2]string]int{}, map[string]bool{}
	for _, c := range cells {
		counts[[2]string{c.Before, c.After}] += c.Studies
		seen[c.Before], seen[c.After] = true, true
	}
	words := slices.DeleteFunc(slices.Clone(order), func(w string) bool { return !seen[w] })
	for _, w := range slices.Sorted(maps.Keys(seen)) {
		if !slices.Contains(words, w) {
			words = append(words, w)
		}
	}
	out := matrix{Caption: caption}
	for _, before := range words {
		row, sum := matrixRow{Name: name(before)}, 0
		for _, after := range words {
			n := counts[[2]string{before, after}]
			sum += n
			row.Cells = append(row.Cells, matrixCell{Class: wayOf(before, after, n, way), Count: s.count(n)})
		}
		row.Total = s.count(sum)
		out.Rows, out.Head = append(out.Rows, row), append(out.Head, name(before))
	}
	return out
}

func wayOf(before, after string, n int, way func(before, after string) int) string {
	switch by := way(before, after); {
	case before == after:
		return "same"
	case n == 0:
		return "zero"
	case by > 0:
		return "up"
	case by < 0:
		return "down"
	}
	return ""
}
