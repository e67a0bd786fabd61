package objects

import "nafas/internal/triage"

// All are the kinds that are made of a result for whoever looks at a study, in
// the order in which they are listed.
var All = []struct {
	Kind Kind
	triage.Made
}{
	{SR, triage.Made{Modality: "SR"}},
	{KO, triage.Made{Modality: "KO", OfFindings: true}},
	{SEG, triage.Made{Modality: "SEG", OfFindings: true}},
	{SC, triage.Made{Modality: "OT", OfFindings: true}},
}

// Made is All without the kinds.
func Made() []triage.Made {
	out := make([]triage.Made, len(All))
	for i, one := range All {
		out[i] = one.Made
	}
	return out
}
