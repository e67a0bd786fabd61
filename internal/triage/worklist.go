package triage

import (
	"fmt"

	"nafas/dicomio/refusal"
	"nafas/internal/i18n"
	"nafas/internal/triage/priority"
	"nafas/models/manifest"
)

// Ranking gives studies their place in the worklist. The zero value has the
// default rules, and of the model's operating points knows which findings are
// flagged.
type Ranking struct {
	// Rules are checked ones; none means priority.Default.
	Rules priority.Rules
	// Points are those of the model.
	Points manifest.Points
}

// rules are those that are in force.
func (k Ranking) rules() priority.Rules {
	if len(k.Rules) == 0 {
		return priority.Default()
	}
	return k.Rules
}

// rankingRevision changes with every change of the program that changes
// priorities, other than of the rules.
const rankingRevision = "priority 1"

// settings are what of a ranking belongs to a recipe.
func (k Ranking) settings() []string { return []string{rankingRevision, k.rules().Text()} }

var levels = map[priority.Level]Priority{
	priority.Routine: PriorityRoutine, priority.High: PriorityHigh, priority.Urgent: PriorityUrgent,
}

// Rank is the priority of a study that was read, and why. compared is the
// comparison of the result with an earlier study; nil where there is none.
//
// A study that was not read has RankUnread's place, above routine: somebody has
// to look at it.
func (k Ranking) Rank(r Result, compared *Comparison) (Priority, []PriorityReason) {
	level, why := k.rules().Decide(PriorityFacts(r, k.Points, compared))
	reasons := make([]PriorityReason, len(why))
	for i, one := range why {
		reasons[i] = PriorityReason{Reason: one}.inWords()
	}
	return levels[level], reasons
}

// RankUnread is the place of a study that has no result: failed, held,
// refused or cancelled.
func RankUnread(why *refusal.Error) (Priority, []PriorityReason) {
	return PriorityNotAssessed, []PriorityReason{{
		Reason: priority.Reason{Code: priority.NotRead}, NotRead: why.Reason, Found: why.Found,
		Text: fmt.Sprintf(i18n.Priority("en").NotRead, why.Found),
	}}
}

// RankPrior is the place of a study that was fetched to be compared with: behind
// every one that somebody has to read.
func RankPrior() (Priority, []PriorityReason) {
	return PriorityNone, []PriorityReason{PriorityReason{Reason: priority.Reason{Code: priority.PriorOnly}}.inWords()}
}

// PriorityFacts are what the rules look at in a result. Of the comparison the
// changes are in the order of the result's findings; nil: there is none.
func PriorityFacts(r Result, points manifest.Points, compared *Comparison) priority.Facts {
	var out priority.Facts
	for _, w := range r.Warnings {
		out.Scan = append(out.Scan, w.Code)
	}
	out.Scan = append(out.Scan, compared.notCompared()...)
	for i, f := range r.Findings {
		one := priorityFinding(f, points)
		if compared.Compared() && i < len(compared.Current) {
			one.Change, one.Days = &compared.Current[i], compared.Days
		}
		out.Findings = append(out.Findings, one)
	}
	return out
}

// notCompared is why nothing was compared though there is an earlier study.
func (c *Comparison) notCompared() []string {
	switch {
	case c == nil:
		return nil
	case c.Why != nil:
		return []string{string(c.Why.Reason)}
	case c.Refused != "":
		return []string{string(c.Refused)}
	}
	return nil
}

func priorityFinding(f Finding, points manifest.Points) priority.Finding {
	out := priority.Finding{Rank: f.Rank, Point: priority.Four}
	out.DiameterMM, _ = f.Diameter()
	if f.Flagged {
		out.Point = priority.One
		if points.Quarter > 0 && f.Score >= points.Quarter {
			out.Point = priority.Quarter
		}
	}
	if m := f.Reliable(); m != nil {
		out.Measured, out.Kind, out.KindConfidence, out.SolidMM = true, m.Kind, m.KindConfidence, m.SolidDiameterMM
	}
	return out
}
