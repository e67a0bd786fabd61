package rescore

import (
	"nafas/dicomio/refusal"
)

// notForUs are the reasons of series that are whole and readable, and nothing
// for a nodule detector, or not the one that is read of its study.
var notForUs = map[refusal.Reason]bool{
	refusal.NotCT: true, refusal.Localizer: true, refusal.DerivedReformat: true, refusal.OwnResult: true,
	refusal.TooFewSlices: true, refusal.NotAxial: true, refusal.GantryTilt: true, refusal.TooThick: true,
	refusal.NotHounsfield: true, refusal.NoLung: true, refusal.NotPreferred: true, ReasonNotDICOM: true,
}

// StateOf says whether a refusal with this reason is a skip or a failure; what
// is not known to be harmless is a failure.
func StateOf(r refusal.Reason) SeriesState {
	if notForUs[r] {
		return Skipped
	}
	return Failed
}

// Readable says whether a series of this modality could be one to read.
func Readable(modality string) bool { return modality == "CT" || modality == "" }

// ModalityOf is the modality of a series of which two parts have these: CT where
// one has it, then one that is not known, then the first in the alphabet.
func ModalityOf(a, b string) string {
	switch {
	case a == "CT" || b == "CT":
		return "CT"
	case a == "" || b == "":
		return ""
	}
	return min(a, b)
}
