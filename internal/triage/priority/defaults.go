package priority

import "nafas/inference/measure"

// FollowUpMM: from this mean diameter on, both Lung-RADS v2022 (category 3) and
// Fleischner 2017 ask for a follow-up earlier than a year. Below it a flagged
// finding is still high: the size is a program's. It only words the reason.
const FollowUpMM = 6.0

// sparedConfidence is what a kind must be right in to keep a finding from raising
// a priority.
const sparedConfidence = 0.95

// Default are the rules where the settings have none. docs/priority.md has the
// source of each.
func Default() Rules {
	return Rules{
		{
			Name: "large", Level: Urgent, Point: One, SizeMM: 15,
			UnlessKinds: []measure.Kind{measure.KindCalcified}, KindConfidence: sparedConfidence,
		},
		{Name: "growing", Level: Urgent, Point: One, DoublingDays: 400},
		{
			Name: "new-solid", Level: Urgent, Point: One, SizeMM: 8, Changes: []Change{New},
			UnlessKinds: []measure.Kind{measure.KindGroundGlass, measure.KindPartSolid},
		},
		{
			Name: "grown", Level: Urgent, Point: One, SizeMM: 8, GrownMM: 1.5, WithinDays: 366,
			UnlessKinds: []measure.Kind{measure.KindGroundGlass},
		},
		{Name: "solid-part", Level: Urgent, Point: One, Kinds: []measure.Kind{measure.KindPartSolid}, SolidPartMM: 8},
		{Name: "new-part-solid", Level: Urgent, Point: One, Kinds: []measure.Kind{measure.KindPartSolid}, SolidPartMM: 4, Changes: []Change{New}},
		{Name: "flagged", Level: High, Point: One},
		{Name: "growing-under-flag", Level: High, DoublingDays: 400},
		{Name: "lungs-not-seen", Level: High, Scan: []string{"LOW_LUNG_VOLUME", "ONE_LUNG"}},
	}
}
