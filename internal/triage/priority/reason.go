package priority

import (
	"nafas/inference/measure"
	"nafas/inference/prior"
)

// Code is a stable word for a reason.
type Code string

// The codes. Those of a rule name the condition that says most.
const (
	// FindingGrowing: a finding grows.
	FindingGrowing Code = "FINDING_GROWING"
	// FindingChange: what became of a finding since the earlier study, such as new.
	FindingChange Code = "FINDING_CHANGE"
	// FindingSolidPart: a part-solid nodule with a large solid part.
	FindingSolidPart Code = "FINDING_SOLID_PART"
	// FindingLarge: a finding of some size.
	FindingLarge Code = "FINDING_LARGE"
	// FindingKind: a finding of some kind.
	FindingKind Code = "FINDING_KIND"
	// FindingFlagged: a finding whose score reaches a stricter point than that at
	// which it is shown.
	FindingFlagged Code = "FINDING_FLAGGED"
	// FindingShown: any finding.
	FindingShown Code = "FINDING_SHOWN"
	// ScanDoubtful: the scan itself.
	ScanDoubtful Code = "SCAN_DOUBTFUL"

	// NothingRaises: there are flagged findings, and no rule holds.
	NothingRaises Code = "NO_RULE_HOLDS"
	// UnderFlag: there are findings, and none is flagged.
	UnderFlag Code = "ONLY_UNDER_FLAG"
	// NoMark: there is no finding.
	NoMark Code = "NO_MARK"

	// KindSpared is a note: findings would raise the priority but for their kind.
	KindSpared Code = "KIND_DOES_NOT_RAISE"
	// ScanWeak is a note: the scan makes the result less sure.
	ScanWeak Code = "SCAN_LESS_SURE"

	// NotRead: of a study without a result.
	NotRead Code = "NOT_READ"
	// PriorOnly: of a study that is no case to read.
	PriorOnly Code = "PRIOR_ONLY"
)

// Codes are all, in the order in which reasons are given.
func Codes() []Code {
	return []Code{
		FindingGrowing, FindingChange, FindingSolidPart, FindingLarge, FindingKind, FindingFlagged, FindingShown, ScanDoubtful,
		NothingRaises, UnderFlag, NoMark, KindSpared, ScanWeak, NotRead, PriorOnly,
	}
}

// Reason is why a study has its priority, or a note that goes with it.
type Reason struct {
	Code Code
	// Rule is the one that holds, or would; empty where no rule is meant.
	Rule Rule `json:",omitzero"`
	// Ranks of the findings that are meant.
	Ranks []int `json:",omitempty"`
	// LargestMM is the largest mean diameter of these, and LargestMeasured whether
	// that was measured; LargestSolidMM the largest solid part.
	LargestMM       float64 `json:",omitempty"`
	LargestMeasured bool    `json:",omitempty"`
	LargestSolidMM  float64 `json:",omitempty"`
	// DoublingDays is the shortest doubling time of these with its band, which may
	// have no end: Long is then 0; all are 0 where none grows.
	DoublingDays      float64 `json:",omitempty"`
	DoublingDaysShort float64 `json:",omitempty"`
	DoublingDaysLong  float64 `json:",omitempty"`
	// Kinds are those for which findings are spared; only of KindSpared.
	Kinds []measure.Kind `json:",omitempty"`
	// Scan are the codes of the scan that are meant.
	Scan []string `json:",omitempty"`
}

// code names the condition that says most.
func (r Rule) code() Code {
	switch {
	case r.DoublingDays > 0, r.GrownMM > 0:
		return FindingGrowing
	case len(r.Changes) == 1 && r.Changes[0] == Growing:
		return FindingGrowing
	case len(r.Changes) > 0:
		return FindingChange
	case r.SolidPartMM > 0:
		return FindingSolidPart
	case r.SizeMM > 0:
		return FindingLarge
	case len(r.Kinds) > 0:
		return FindingKind
	case r.Point.reaches(One):
		return FindingFlagged
	case r.ofFindings():
		return FindingShown
	}
	return ScanDoubtful
}

// about fills in the numbers of the findings.
func (r Reason) about(findings []Finding) Reason {
	var fastest *prior.Growth
	for _, f := range findings {
		r.Ranks = append(r.Ranks, f.Rank)
		if f.DiameterMM > r.LargestMM {
			r.LargestMM, r.LargestMeasured = f.DiameterMM, f.Measured
		}
		r.LargestSolidMM = max(r.LargestSolidMM, f.SolidMM)
		if g := f.growth(); g != nil && g.DoublingDays > 0 && (fastest == nil || g.DoublingDays < fastest.DoublingDays) {
			fastest = g
		}
	}
	if fastest != nil {
		r.DoublingDays, r.DoublingDaysShort, r.DoublingDaysLong = fastest.DoublingDays, fastest.DoublingDaysShort, fastest.DoublingDaysLong
	}
	return r
}
