package objects

import "nafas/internal/triage"

// All are the kinds that are made of a result for whoever lists a study, in the
// order in which they are listed: those that need no more than one image.
var All = []struct {
	Kind Kind
	triage.Made
}{
	{SR, triage.Made{Modality: "SR"}},
	{KO, triage.Made{Modality: "KO", OfFindings: true}},
}

// Only is a Read for kinds that need one image of the series.
func Only(image []byte) Read {
	return func(string) ([]byte, error) { return image, nil }
}

// Made is All without the kinds.
func Made() []triage.Made {
	out := make([]triage.Made, len(All))
	for i, one := range All {
		out[i] = one.Made
	}
	return out
}
