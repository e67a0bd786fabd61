package priority

import "slices"

// Decide is the level of a study and why: every rule that holds at that level,
// in the order of the rules; where none does, what there is; then notes, which
// change no level.
func (r Rules) Decide(f Facts) (Level, []Reason) {
	level := Routine
	var why, spared []Reason
	for _, rule := range r {
		m, ok := rule.try(f)
		switch {
		case ok && (level == Routine || rule.Level == level):
			level = rule.Level
			why = append(why, Reason{Code: rule.code(), Rule: rule, Scan: m.scan}.about(m.findings))
		case !ok && len(m.spared) > 0:
			spared = append(spared, rule.sparing(m.spared))
		}
	}
	// What would not have raised the level is not worth a note.
	spared = slices.DeleteFunc(spared, func(s Reason) bool { return level == Urgent || s.Rule.Level == level })
	if len(why) == 0 {
		why = []Reason{left(f)}
	}
	return level, slices.Concat(why, spared, weak(f, why))
}

// sparing notes the findings that a rule passes over for their kind.
func (r Rule) sparing(findings []Finding) Reason {
	out := Reason{Code: KindSpared, Rule: r}.about(findings)
	for _, k := range r.UnlessKinds {
		if slices.ContainsFunc(findings, func(f Finding) bool { return f.Kind == k }) {
			out.Kinds = append(out.Kinds, k)
		}
	}
	return out
}

// left is what can be said where no rule holds.
func left(f Facts) Reason {
	var flagged []Finding
	for _, one := range f.Findings {
		if one.Point.reaches(One) {
			flagged = append(flagged, one)
		}
	}
	switch {
	case len(flagged) > 0:
		return Reason{Code: NothingRaises}.about(flagged)
	case len(f.Findings) > 0:
		return Reason{Code: UnderFlag}.about(f.Findings)
	}
	return Reason{Code: NoMark}
}

// weak notes what of the scan makes the result less sure, and is no reason yet.
func weak(f Facts, why []Reason) []Reason {
	said := func(code string) bool {
		return slices.ContainsFunc(why, func(r Reason) bool { return slices.Contains(r.Scan, code) })
	}
	var codes []string
	for _, code := range ScanWords {
		if slices.Contains(f.Scan, code) && !said(code) {
			codes = append(codes, code)
		}
	}
	if len(codes) == 0 {
		return nil
	}
	return []Reason{{Code: ScanWeak, Scan: codes}}
}
