package guideline

import "slices"

// CategoryFacts is what Lung-RADS v2022 says of a category, for people who read
// the table: risk and prevalence are of screened people, never of this patient.
type CategoryFacts struct {
	Category Category
	Steps    []Step
	// RiskPercent is the risk of malignancy as published ("1-2"), "" where none
	// is; PrevalencePercent the share of screening exams.
	RiskPercent, PrevalencePercent string
}

// workUp is the management of 4B and 4X; PET/CT only for 8 mm of solid nodule or
// solid part.
func workUp() []Step {
	return []Step{{Action: DiagnosticCT}, {Action: PETCT, Consider: true}, {Action: Tissue}, {Action: Referral}}
}

// Categories is the table of categories. Category 0 comes only from an airway
// nodule that looks infectious: lungs that cannot be judged and priors that are
// being located are the reader's to say.
func Categories() []CategoryFacts {
	return []CategoryFacts{
		{Category0, []Step{{Action: LowDoseCT, FromMonths: 1, ToMonths: 3}}, "", "~1"},
		{Category1, []Step{{Action: LowDoseCT, FromMonths: 12, ToMonths: 12}}, "<1", "39"},
		{Category2, []Step{{Action: LowDoseCT, FromMonths: 12, ToMonths: 12}}, "<1", "45"},
		{Category3, []Step{{Action: LowDoseCT, FromMonths: 6, ToMonths: 6}}, "1-2", "9"},
		{Category4A, []Step{{Action: LowDoseCT, FromMonths: 3, ToMonths: 3}, {Action: PETCT, Consider: true}}, "5-15", "4"},
		{Category4B, workUp(), ">15", "2"},
		{Category4X, workUp(), ">15", "<1"},
	}
}

// petFrom is the size from which Lung-RADS speaks of PET/CT.
var petFrom = struct{ solid, volume span }{span{atLeast: 8}, span{atLeast: 268}}

// management is what is done with a category, PET/CT left out where the solid
// nodule or part is too small for it or not measured.
func management(c Category, pet bool) []Step {
	all := Categories()
	i := slices.IndexFunc(all, func(f CategoryFacts) bool { return f.Category == c })
	if i < 0 {
		return nil
	}
	return slices.DeleteFunc(all[i].Steps, func(s Step) bool { return s.Action == PETCT && !pet })
}

// largeEnoughForPET asks the solid nodule or the solid part.
func (n Nodule) largeEnoughForPET(by Measure) bool {
	switch {
	case n.Type == PartSolid:
		return petFrom.solid.has(n.solidMM())
	case n.Type != Solid:
		return false
	case by == ByVolume:
		return petFrom.volume.has(n.volumeMM3())
	}
	return petFrom.solid.has(n.meanMM())
}
