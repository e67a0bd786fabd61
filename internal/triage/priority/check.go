package priority

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"nafas/inference/measure"
)

// most bounds the rules: more than anybody can keep in mind.
const most = 50

// Check refuses rules that say nothing, contradict themselves, or can never
// decide. Its errors name the rule and say what to do.
func (r Rules) Check() error {
	if len(r) == 0 || len(r) > most {
		return fmt.Errorf("rules: give 1 to %d; leave priority out for the default rules", most)
	}
	for i, rule := range r {
		if err := rule.check(); err != nil {
			return fmt.Errorf("rules, entry %d (%s): %w", i+1, rule.Name, err)
		}
		if err := r[:i].admit(rule); err != nil {
			return fmt.Errorf("rules, entry %d (%s): %w", i+1, rule.Name, err)
		}
	}
	for _, level := range []Level{Urgent, High} {
		if !slices.ContainsFunc(r, func(rule Rule) bool { return rule.Level == level }) {
			return fmt.Errorf("rules: no rule gives %s, so that no study could have it: the rules replace the default ones, so add one (docs/priority.md has those to copy)", level)
		}
	}
	return nil
}

// admit says whether a rule has a place after these.
func (r Rules) admit(next Rule) error {
	for i, before := range r {
		switch {
		case before.Name == next.Name:
			return fmt.Errorf("entry %d has this name too; each needs a name of its own", i+1)
		case before.Level == High && next.Level == Urgent:
			return fmt.Errorf("it is urgent and stands after %s, which is high: put the rules of urgent first", before.Name)
		case before.covers(next) && (before.Level != next.Level || next.covers(before)):
			return fmt.Errorf("it never decides: wherever it holds, %s does: make its conditions narrower there, or take it out", before.Name)
		}
	}
	return nil
}

func (r Rule) check() error {
	switch {
	case r.Name == "" || len(r.Name) > 64:
		return errors.New("give it a name of 1 to 64 bytes")
	case r.Level == Routine:
		return errors.New("routine is what is left where no rule holds: take the rule out")
	case r.Level != Urgent && r.Level != High:
		return fmt.Errorf("level: %q is none of urgent, high", r.Level)
	case !r.ofFindings() && len(r.Scan) == 0:
		return errors.New("it has no condition and would hold for every study: give it one, such as point: one")
	}
	return errors.Join(r.checkWords(), r.checkNumbers(), r.checkTogether())
}

func (r Rule) checkWords() error {
	var points []Point
	if r.Point != "" {
		points = []Point{r.Point}
	}
	return errors.Join(
		known("point", points, Points), known("kinds", r.Kinds, Kinds), known("unless-kinds", r.UnlessKinds, Kinds),
		known("changes", r.Changes, Changes), known("scan", r.Scan, ScanWords))
}

func known[T ~string](field string, values, words []T) error {
	for _, v := range values {
		if !slices.Contains(words, v) {
			all := make([]string, len(words))
			for i, w := range words {
				all[i] = string(w)
			}
			return fmt.Errorf("%s: %q is none of %s", field, v, strings.Join(all, ", "))
		}
	}
	return nil
}

// Bounds of conditions: beyond them nothing could hold, or a unit was mistaken.
const (
	mostMM       = 200
	mostDays     = 10000
	mostFindings = 20 // inference.MostFindings
)

func (r Rule) checkNumbers() error {
	within := func(field string, v, high float64) error {
		if !(v >= 0 && v <= high) || math.IsNaN(v) {
			return fmt.Errorf("%s must be between 0 and %g", field, high)
		}
		return nil
	}
	return errors.Join(
		within("size-mm", r.SizeMM, mostMM), within("solid-part-mm", r.SolidPartMM, mostMM), within("grown-mm", r.GrownMM, mostMM),
		within("doubling-days", r.DoublingDays, mostDays), within("within-days", float64(r.WithinDays), mostDays),
		within("kind-confidence", r.KindConfidence, 1), within("count", float64(r.Count), mostFindings))
}

// checkTogether refuses conditions that cannot hold for one finding.
func (r Rule) checkTogether() error {
	has := func(c Change) bool { return len(r.Changes) == 0 || slices.Contains(r.Changes, c) }
	paired := has(Growing) || has(Stable) || has(Shrinking) || has(Unclear)
	onlyUncompared := len(r.Changes) > 0 && !slices.ContainsFunc(r.Changes, func(c Change) bool { return c != Uncompared })
	switch {
	case slices.ContainsFunc(r.Kinds, func(k measure.Kind) bool { return slices.Contains(r.UnlessKinds, k) }):
		return errors.New("a kind is both in kinds and in unless-kinds: no finding could be such")
	case r.KindConfidence > 0 && len(r.Kinds)+len(r.UnlessKinds) == 0:
		return errors.New("kind-confidence is for kinds and unless-kinds")
	case r.SolidPartMM > 0 && len(r.Kinds) > 0 && !slices.Contains(r.Kinds, measure.KindPartSolid),
		r.SolidPartMM > 0 && slices.Contains(r.UnlessKinds, measure.KindPartSolid):
		return errors.New("solid-part-mm is of part-solid nodules, which its kinds leave out: no finding could be such")
	case r.DoublingDays > 0 && !has(Growing):
		return errors.New("doubling-days is of findings that grow: leave changes out, or add growing to them")
	case r.GrownMM > 0 && !paired:
		return errors.New("grown-mm is of findings that were found in both exams, which its changes leave out: leave changes out")
	case r.WithinDays > 0 && onlyUncompared:
		return errors.New("within-days is of findings that were compared with an earlier study, which its changes leave out")
	}
	return nil
}
