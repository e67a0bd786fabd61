package priority

import (
	"slices"

	"nafas/inference/measure"
)

// covers says whether r holds wherever other does. It may miss some, and never
// says so wrongly.
func (r Rule) covers(other Rule) bool {
	switch {
	case len(r.Scan) > 0 && (len(other.Scan) == 0 || !subset(other.Scan, r.Scan)):
		return false
	case !r.ofFindings():
		return true
	case !other.ofFindings(), max(r.Count, 1) > max(other.Count, 1):
		return false
	}
	return r.coversSize(other) && r.coversKinds(other) && r.coversGrowth(other)
}

func (r Rule) coversSize(other Rule) bool {
	return other.Point.reaches(r.Point) && r.SizeMM <= other.SizeMM && r.SolidPartMM <= other.SolidPartMM
}

func (r Rule) coversKinds(other Rule) bool {
	if len(r.Kinds) > 0 && (len(other.Kinds) == 0 || !subset(other.Kinds, r.Kinds) || r.confidence() > other.confidence()) {
		return false
	}
	return !slices.ContainsFunc(r.UnlessKinds, func(k measure.Kind) bool { return !other.excludes(k, r.confidence()) })
}

// excludes says whether no finding of the rule is known to be of a kind, with
// that confidence.
func (r Rule) excludes(k measure.Kind, confidence float64) bool {
	return len(r.Kinds) > 0 && !slices.Contains(r.Kinds, k) || r.SolidPartMM > 0 && k != measure.KindPartSolid ||
		slices.Contains(r.UnlessKinds, k) && r.confidence() <= confidence
}

func (r Rule) confidence() float64 {
	if r.KindConfidence == 0 {
		return LeastKindConfidence
	}
	return r.KindConfidence
}

func (r Rule) coversGrowth(other Rule) bool {
	atMost := func(mine, its float64) bool { return mine == 0 || its > 0 && its <= mine }
	changes := other.changes()
	return (len(r.Changes) == 0 || len(changes) > 0 && subset(changes, r.Changes)) &&
		atMost(r.DoublingDays, other.DoublingDays) && r.GrownMM <= other.GrownMM && atMost(float64(r.WithinDays), float64(other.WithinDays))
}

func subset[T comparable](some, all []T) bool {
	return !slices.ContainsFunc(some, func(v T) bool { return !slices.Contains(all, v) })
}
