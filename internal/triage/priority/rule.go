package priority

import (
	"encoding/json"
	"slices"

	"nafas/inference/measure"
)

// Level is a priority that a rule can give.
type Level string

// The levels, from the least urgent on. Routine is what is left: no rule gives it.
const (
	Routine Level = "routine"
	High    Level = "high"
	Urgent  Level = "urgent"
)

// Rule gives a level to a study in which all of its conditions hold. Those from
// Point to WithinDays are of a finding, and hold together for the same one. The
// zero value of a condition asks nothing.
type Rule struct {
	// Name is what reasons call the rule.
	Name  string `yaml:"name" json:",omitempty"`
	Level Level  `yaml:"level" json:",omitempty"`

	// Point is the operating point that the score reaches at least.
	Point Point `yaml:"point" json:",omitempty"`
	// SizeMM is the least mean diameter.
	SizeMM float64 `yaml:"size-mm" json:",omitempty"`
	// SolidPartMM is the least diameter of the solid part of a part-solid nodule.
	SolidPartMM float64 `yaml:"solid-part-mm" json:",omitempty"`
	// Kinds are those of which it must be one, UnlessKinds those of which it must
	// not be one, where its kind is known with KindConfidence (0: that of
	// LeastKindConfidence).
	Kinds          []measure.Kind `yaml:"kinds" json:",omitempty"`
	UnlessKinds    []measure.Kind `yaml:"unless-kinds" json:",omitempty"`
	KindConfidence float64        `yaml:"kind-confidence" json:",omitempty"`
	// Changes are those of which it must have undergone one.
	Changes []Change `yaml:"changes" json:",omitempty"`
	// DoublingDays is the longest doubling time of its volume; it must be Growing.
	DoublingDays float64 `yaml:"doubling-days" json:",omitempty"`
	// GrownMM is what its mean diameter must have grown by more than, and by more
	// than the error of that.
	GrownMM float64 `yaml:"grown-mm" json:",omitempty"`
	// WithinDays is how long ago the earlier study may be.
	WithinDays int `yaml:"within-days" json:",omitempty"`

	// Count is how many findings must be such; 0 means 1.
	Count int `yaml:"count" json:",omitempty"`
	// Scan are codes of which the scan must have one.
	Scan []string `yaml:"scan" json:",omitempty"`
}

// Rules are tried in their order: those of Urgent first.
type Rules []Rule

// Text is the rules in one line, the same for the same rules; ParseText reads
// it.
func (r Rules) Text() string {
	// No field of a Rule can fail to be written.
	text, _ := json.Marshal(r)
	return string(text)
}

// ParseText reads what Text wrote, and checks it.
func ParseText(text string) (Rules, error) {
	var r Rules
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		return nil, err
	}
	return r, r.Check()
}

// ofFindings says whether the rule asks for findings.
func (r Rule) ofFindings() bool {
	return r.Point != "" || r.SizeMM > 0 || r.SolidPartMM > 0 || len(r.Kinds) > 0 || len(r.UnlessKinds) > 0 ||
		len(r.Changes) > 0 || r.DoublingDays > 0 || r.GrownMM > 0 || r.WithinDays > 0 || r.Count > 0
}

// changes are those that a finding of the rule may have; nil for any.
func (r Rule) changes() []Change {
	if r.DoublingDays > 0 {
		return []Change{Growing}
	}
	return r.Changes
}

// holds says whether the conditions of a finding hold, those on UnlessKinds
// apart.
func (r Rule) holds(f Finding, scan []string) bool {
	switch g := f.growth(); {
	case !f.Point.reaches(r.Point), f.DiameterMM < r.SizeMM, f.SolidMM < r.SolidPartMM,
		len(r.Kinds) > 0 && !slices.Contains(r.Kinds, f.kind(r.KindConfidence, scan)),
		len(r.Changes) > 0 && !slices.Contains(r.Changes, f.change()),
		r.DoublingDays > 0 && (g == nil || g.DoublingDays <= 0 || g.DoublingDays > r.DoublingDays),
		r.GrownMM > 0 && f.grownMM() <= r.GrownMM,
		r.WithinDays > 0 && (f.Change == nil || f.Days > r.WithinDays):
		return false
	}
	return true
}

// spared says whether the finding's kind is one of UnlessKinds.
func (r Rule) spared(f Finding, scan []string) bool {
	return slices.Contains(r.UnlessKinds, f.kind(r.KindConfidence, scan))
}

// met is what of the facts meets a rule.
type met struct {
	findings []Finding
	// spared would be among the findings but for their kind.
	spared []Finding
	scan   []string
}

// try looks for what meets the rule; ok says whether it holds.
func (r Rule) try(f Facts) (out met, ok bool) {
	for _, code := range f.Scan {
		if slices.Contains(r.Scan, code) {
			out.scan = append(out.scan, code)
		}
	}
	if len(r.Scan) > 0 && len(out.scan) == 0 {
		return met{}, false
	}
	if !r.ofFindings() {
		return out, true
	}
	for _, one := range f.Findings {
		switch {
		case !r.holds(one, f.Scan):
		case r.spared(one, f.Scan):
			out.spared = append(out.spared, one)
		default:
			out.findings = append(out.findings, one)
		}
	}
	return out, len(out.findings) >= max(r.Count, 1)
}
