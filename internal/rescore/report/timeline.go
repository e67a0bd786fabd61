package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"nafas/internal/rescore"
	"nafas/internal/rescore/compare"
	"nafas/internal/triage"
)

// Period counts the studies of one month.
type Period struct {
	// Month of the study date, YYYYMM; "" where there is none.
	Month string
	// Studies are those of the rescoring, Read those with a result.
	Studies, Read, Flagged int
	// ReadBefore and FlaggedBefore are of the baseline's own studies of the month.
	ReadBefore, FlaggedBefore int
}

// Timeline counts studies by month while passes are read. Its zero value is ready.
type Timeline struct{ months map[string]*Period }

// After is the rescoring as it was, counted as it is read.
func (t *Timeline) After(p compare.Pass) compare.Pass {
	return t.watch(p, func(at *Period, read, flagged bool) {
		at.Studies++
		at.Read += one(read)
		at.Flagged += one(flagged)
	})
}

// Before is the baseline as it was, counted as it is read.
func (t *Timeline) Before(p compare.Pass) compare.Pass {
	return t.watch(p, func(at *Period, read, flagged bool) {
		at.ReadBefore += one(read)
		at.FlaggedBefore += one(flagged)
	})
}

func (t *Timeline) watch(p compare.Pass, count func(at *Period, read, flagged bool)) compare.Pass {
	studies := p.Studies
	p.Studies = func(each func(compare.Study) error) error {
		return studies(func(s compare.Study) error {
			read := s.State == rescore.Scored || s.State == rescore.Unchanged
			flagged := slices.ContainsFunc(s.Findings, func(f triage.Finding) bool { return f.Flagged })
			count(t.at(s.Date), read, read && flagged)
			return each(s)
		})
	}
	return p
}

func (t *Timeline) at(date string) *Period {
	month := monthOf(date)
	if t.months == nil {
		t.months = map[string]*Period{}
	}
	if t.months[month] == nil {
		t.months[month] = &Period{Month: month}
	}
	return t.months[month]
}

// monthOf is that of a date YYYYMMDD; "" where it is none.
func monthOf(date string) string {
	if len(date) != 8 || strings.Trim(date, "0123456789") != "" || date[4:6] < "01" || date[4:6] > "12" {
		return ""
	}
	return date[:6]
}

// Periods are the months in which the rescoring has studies, the earliest first and
// those without a date last.
func (t *Timeline) Periods() []Period {
	out := []Period{}
	for p := range maps.Values(t.months) {
		if p.Studies > 0 {
			out = append(out, *p)
		}
	}
	slices.SortFunc(out, byMonth)
	return out
}

func byMonth(x, y Period) int {
	return cmp.Or(cmp.Compare(one(x.Month == ""), one(y.Month == "")), cmp.Compare(x.Month, y.Month))
}

// one counts what is.
func one(is bool) int {
	if is {
		return 1
	}
	return 0
}

// mostMonths is how many months are shown as such; more are shown as years. A gap is
// shown where that makes no more than mostBars.
const mostMonths, mostBars = 36, 60

// shown are the periods to be shown: months (2019-03), or years where months are more
// than mostMonths. Where there is no date the name is "".
func shown(periods []Period) (out []Period, years bool) {
	periods = slices.SortedFunc(slices.Values(periods), byMonth)
	first, last := ends(periods)
	years = last-first >= mostMonths
	unit := func(month int) int { return month }
	if years {
		unit = func(month int) int { return month / 12 }
	}
	fill := unit(last)-unit(first) < mostBars
	for i, p := range periods {
		name, at := nameOf(p, years), unit(monthNumber(p.Month))
		if n := len(out); n > 0 && out[n-1].Month == name {
			out[n-1].add(p)
			continue
		}
		if i > 0 && p.Month != "" && fill {
			for gap := unit(monthNumber(periods[i-1].Month)) + 1; gap < at; gap++ {
				out = append(out, Period{Month: unitName(gap, years)})
			}
		}
		p.Month = name
		out = append(out, p)
	}
	return out, years
}

// ends are the first and the last month, counted from the year 0; 0 where there are
// none.
func ends(sorted []Period) (first, last int) {
	for _, p := range sorted {
		if p.Month == "" {
			continue
		}
		if last = monthNumber(p.Month); first == 0 {
			first = last
		}
	}
	return first, last
}

func monthNumber(month string) int {
	if len(month) != 6 {
		return 0
	}
	year, _ := strconv.Atoi(month[:4]) // figures, by monthOf
	of, _ := strconv.Atoi(month[4:])
	return 12*year + of - 1
}

func nameOf(p Period, years bool) string {
	switch {
	case p.Month == "":
		return ""
	case years:
		return unitName(monthNumber(p.Month)/12, true)
	}
	return unitName(monthNumber(p.Month), false)
}

func unitName(number int, year bool) string {
	if year {
		return fmt.Sprintf("%04d", number)
	}
	return fmt.Sprintf("%04d-%02d", number/12, number%12+1)
}

func (p *Period) add(more Period) {
	p.Studies, p.Read, p.Flagged = p.Studies+more.Studies, p.Read+more.Read, p.Flagged+more.Flagged
	p.ReadBefore, p.FlaggedBefore = p.ReadBefore+more.ReadBefore, p.FlaggedBefore+more.FlaggedBefore
}
