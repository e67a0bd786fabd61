package compare

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"nafas/inference/froc"
	"nafas/inference/guideline"
	"nafas/internal/triage"
)

// both takes in a study with a result in both passes.
func (c *comparing) both(b, a Study) {
	change := Change{
		StudyUID: a.UID, SeriesUID: a.SeriesUID, Date: cmp.Or(a.Date, b.Date), Manufacturer: cmp.Or(a.manufacturer(), b.manufacturer()),
		ScoreBefore: b.bestScore(), ScoreAfter: a.bestScore(), PriorityBefore: b.Priority, PriorityAfter: a.Priority,
		CategoryBefore: b.LungRADS, CategoryAfter: a.LungRADS, Kinds: c.kinds(b, a),
	}
	c.out.Both++
	moved := shift{flaggedBefore: b.flagged(), flaggedAfter: a.flagged(), by: change.ScoreAfter - change.ScoreBefore}
	switch {
	case moved.newly():
		c.out.NewlyFlagged = append(c.out.NewlyFlagged, change)
	case moved.dropped():
		c.out.Dropped = append(c.out.Dropped, change)
	case moved.flaggedAfter:
		c.out.StillFlagged++
	default:
		c.out.StillNot++
	}
	c.words.priorities[[2]string{b.Priority.Word(), a.Priority.Word()}]++
	c.words.categories[[2]string{b.LungRADS, a.LungRADS}]++
	c.scanners.add(cmp.Or(change.Manufacturer, froc.Unknown), moved)
	c.thickness.add(froc.ThicknessRange(cmp.Or(a.Scan.SliceThicknessMM, b.Scan.SliceThicknessMM)), moved)
	c.years.add(cmp.Or(year(a.Date), year(b.Date), froc.Unknown), moved)
	c.sample.add(a.UID, Pair{change.ScoreBefore, change.ScoreAfter})
	c.lookAgain(change)
}

// kinds are what changed, the most urgent first.
func (c *comparing) kinds(b, a Study) []Kind {
	var out []Kind
	say := func(k Kind, is bool) {
		if is {
			out = append(out, k)
		}
	}
	category := 0
	if c.categories {
		category = CompareCategories(b.LungRADS, a.LungRADS)
	}
	say(KindNewlyFlagged, a.flagged() && !b.flagged())
	say(KindPriorityUp, a.Priority > b.Priority)
	say(KindCategoryUp, category > 0)
	say(KindDropped, b.flagged() && !a.flagged())
	say(KindPriorityDown, a.Priority < b.Priority)
	say(KindCategoryDown, category < 0)
	return out
}

// CategoryOrder are the Lung-RADS categories in the order of guideline.Categories,
// after "" for none.
func CategoryOrder() []string {
	out := []string{""}
	for _, c := range guideline.Categories() {
		out = append(out, string(c.Category))
	}
	return out
}

// asksSoon is the first category that asks for something before a year.
const asksSoon = string(guideline.Category3)

// CompareCategories is above 0 where the category went up. None is not below 2:
// it is said of a scan without flagged findings and where the guideline withholds
// its answer, so that going from none to 0, 1 or 2 or back is no change of concern.
// A word that is no category is not compared.
func CompareCategories(before, after string) int {
	order := CategoryOrder()
	b, a, soon := slices.Index(order, before), slices.Index(order, after), slices.Index(order, asksSoon)
	if b < 0 || a < 0 || (before == "" || after == "") && max(b, a) < soon {
		return 0
	}
	return cmp.Compare(a, b)
}

// lookAgainOrder are the kinds for which a reader should see a study.
var lookAgainOrder = []Kind{KindNewlyFlagged, KindPriorityUp, KindCategoryUp, KindReadNow, KindDropped, KindNotRead}

func (k Change) place() int {
	return slices.IndexFunc(lookAgainOrder, func(kind Kind) bool { return slices.Contains(k.Kinds, kind) })
}

func (c *comparing) lookAgain(change Change) {
	if change.place() >= 0 {
		c.out.LookAgain = append(c.out.LookAgain, change)
	}
}

// moreUrgent orders LookAgain.
func moreUrgent(x, y Change) int {
	priority := func(k Change) (triage.Priority, float64) {
		if first := lookAgainOrder[k.place()]; first == KindDropped || first == KindNotRead {
			return k.PriorityBefore, k.ScoreBefore
		}
		return k.PriorityAfter, k.ScoreAfter
	}
	px, sx := priority(x)
	py, sy := priority(y)
	return cmp.Or(cmp.Compare(x.place(), y.place()), cmp.Compare(py, px), cmp.Compare(sy, sx), cmp.Compare(x.StudyUID, y.StudyUID))
}

func (c *comparing) done() *Comparison {
	slices.SortFunc(c.out.LookAgain, moreUrgent)
	var priorities []string
	for p := triage.PriorityNone; p <= triage.PriorityUrgent; p++ {
		priorities = append(priorities, p.Word())
	}
	c.out.Priorities = cells(c.words.priorities, priorities)
	if c.categories {
		c.out.Categories = cells(c.words.categories, CategoryOrder())
	}
	c.out.ByScanner, c.out.ByYear = c.scanners.strata(nil), c.years.strata(nil)
	c.out.ByThickness = c.thickness.strata(froc.ThicknessRanges())
	c.out.Scores = c.sample.pairs()
	return &c.out
}

// cells are counts in the order of the words; words that it does not know come
// last.
func cells(counts map[[2]string]int, order []string) []Cell {
	at := func(word string) int {
		if i := slices.Index(order, word); i >= 0 {
			return i
		}
		return len(order)
	}
	out := []Cell{}
	for words, n := range counts {
		out = append(out, Cell{words[0], words[1], n})
	}
	slices.SortFunc(out, func(x, y Cell) int {
		return cmp.Or(cmp.Compare(at(x.Before), at(y.Before)), cmp.Compare(x.Before, y.Before),
			cmp.Compare(at(x.After), at(y.After)), cmp.Compare(x.After, y.After))
	})
	return out
}

func (s Study) manufacturer() string { return strings.TrimSpace(s.Scan.Manufacturer) }

// year is that of a date YYYYMMDD; "" where it is none.
func year(date string) string {
	if len(date) != 8 || strings.Trim(date, "0123456789") != "" {
		return ""
	}
	return date[:4]
}

// tenThousandths is a shift of scores, which have four decimals.
func tenThousandths(by float64) int { return int(math.Round(by * 10_000)) }
