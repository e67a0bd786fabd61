package guideline

import (
	"fmt"
	"slices"
	"strings"
)

// Rule is one row of the tables in words, so that people can read them against
// the source; docs/guidelines.md lists every one.
type Rule struct {
	ID        string
	Guideline Guideline
	// When is what fits the row, Gives what it gives.
	When, Gives string
	// Unverified: a part of the row is from memory.
	Unverified bool
}

// Rules lists the rows of all tables, in the order in which they are tried.
func Rules() []Rule {
	var l ruleList
	l.lungRADS()
	l.fleischner()
	l.bts()
	l.volumes(European2017, europeanRows)
	l.volumes(NELSON, nelsonRows)
	return l
}

type ruleList []Rule

// add lists a row; parts of its condition that say nothing are left out.
func (l *ruleList) add(g Guideline, id, gives string, unverified bool, when ...string) {
	when = slices.DeleteFunc(when, func(w string) bool { return w == "" })
	*l = append(*l, Rule{ID: id, Guideline: g, When: strings.Join(when, "; "), Gives: gives, Unverified: unverified})
}

func (l *ruleList) lungRADS() {
	for _, r := range lungRADSRows {
		shape := ""
		if r.shape {
			shape = "juxtapleural, smooth, oval, lentiform or triangular"
		}
		l.add(LungRADS2022, r.rule, gives(r.category), false, words(r.types), words(r.states), shape,
			bound("mean mm", r.total), bound("or mm3", r.volume), bound("solid part mm", r.solid), asks(r.ask))
	}
	for _, r := range lungRADSSteps {
		l.add(LungRADS2022, r.rule, gives(r.to), false, "solid, part-solid", "stable", "prior category "+string(r.from), bound("days", span{atLeast: float64(r.days)}))
	}
	l.add(LungRADS2022, ruleProvenBenign, gives(Category2), false, "stable", "prior category 4B", "proven benign")
	l.add(LungRADS2022, ruleFeatures, gives(Category4X), false, "category 3, 4A, 4B", "suspicious features", asks([]Question{AskFeatures}))
	for _, r := range airwayRows {
		l.add(LungRADS2022, r.rule, gives(r.category), false, "airway", string(r.level), yes("air or secretions", r.secretions),
			yes("looks infectious", r.infectious), words(r.states))
	}
	for _, r := range cystRows {
		l.add(LungRADS2022, r.rule, gives(r.category), false, "cyst", string(r.sign), bound("wall mm", r.wall), asks(r.ask))
	}
}

func (l *ruleList) fleischner() {
	for _, r := range fleischnerRows {
		l.add(Fleischner2017, r.rule, plan(r.now, r.then), true, words(r.types), yes("multiple", r.multiple), risk(r.risk), words(r.states),
			bound("whole mm", r.size), bound("or mm3", r.volume), bound("solid part mm", r.solid), bound("days", span{atLeast: float64(r.days)}))
	}
}

func (l *ruleList) bts() {
	for _, r := range btsRows {
		l.add(BTS2015, r.rule, plan(r.now, r.then), false, words(r.types), words(firstSeen), bound("mean mm", r.size), bound("or mm3", r.volume))
	}
	for _, r := range btsBrockRows {
		l.add(BTS2015, r.rule, plan(r.now, nil), true, "after BTS.SOLID.8", bound("Brock probability", r.probability))
	}
	for _, r := range btsFollowRows {
		l.add(BTS2015, r.rule, plan(r.now, nil), r.unverified, "solid", yes("growing", r.growing), "by "+string(r.by),
			bound("days", r.days), bound("doubling days", r.doubling))
	}
}

func (l *ruleList) volumes(g Guideline, rows []volumeRow) {
	for _, r := range rows {
		l.add(g, r.rule, plan(r.now, nil), false, "solid", string(r.state), bound("mm3", r.volume))
	}
}

func gives(c Category) string {
	if c == "" {
		return "not classified"
	}
	return "category " + string(c)
}

func words[T ~string](list []T) string { return strings.Join(texts(list), ", ") }

func bound(what string, s span) string {
	if s.open() {
		return ""
	}
	return what + " " + s.String()
}

func yes(what string, a Answer) string {
	if a == Unsaid {
		return ""
	}
	return what + ": " + string(a)
}

func risk(r Risk) string {
	if r == RiskUnknown {
		return ""
	}
	return string(r) + " risk"
}

func asks(list []Question) string {
	if len(list) == 0 {
		return ""
	}
	return "asks " + words(list)
}

func plan(now, then []Step) string {
	text := steps(now)
	if len(then) > 0 {
		text += "; then " + steps(then)
	}
	return text
}

func steps(list []Step) string {
	parts := make([]string, len(list))
	for i, s := range list {
		parts[i] = s.String()
	}
	return strings.Join(parts, " / ")
}

// String is the step in its code, as "consider CT 18-24 months".
func (s Step) String() string {
	text := string(s.Action)
	if s.Consider {
		text = "consider " + text
	}
	switch {
	case s.EveryMonths > 0:
		text += fmt.Sprintf(" every %d months to %d months", s.EveryMonths, s.ToMonths)
	case s.ToMonths > s.FromMonths:
		text += fmt.Sprintf(" %d-%d months", s.FromMonths, s.ToMonths)
	case s.ToMonths > 0:
		text += fmt.Sprintf(" %d months", s.ToMonths)
	}
	if s.SinceFirst {
		text += " since the first exam"
	}
	return text
}
