package interop

import (
	"nafas/dicomio/report"
	"nafas/inference/finding"
)

// place names the sentence that says where in the lung a finding lies.
func (w words) place() concept {
	return concept{Value: "place", Scheme: local, Meaning: w.placeWord}
}

// change names the sentence that says what became of a finding since an earlier
// study.
func (w words) change() concept {
	return concept{Value: "change", Scheme: local, Meaning: w.changeWord}
}

// reader names the sentence that says what a reader said of a finding.
func (w words) reader() concept {
	return concept{Value: "reader", Scheme: local, Meaning: w.readerWord}
}

// lobes are the codes of SNOMED CT that say lobe and side in one.
var lobes = map[finding.Lobe]string{
	finding.LobeRightUpper: "42400003", finding.LobeRightMiddle: "72481006", finding.LobeRightLower: "266005",
	finding.LobeLeftUpper: "44714003", finding.LobeLeftLower: "41224006",
}

// site is the lobe of a finding where that is known, in words with a note that
// it is estimated; else its lung.
func (s said) site(f report.Finding) concept {
	if lobe := f.Lobe(); lobe != finding.LobeUnknown {
		return concept{Value: lobes[lobe], Scheme: "SCT", Meaning: report.LobeIn(s.language, lobe) + " (" + report.EstimatedIn(s.language) + ")"}
	}
	switch f.Side {
	case finding.SideLeft:
		return concept{Value: "44029006", Scheme: "SCT", Meaning: s.words.leftLung}
	case finding.SideRight:
		return concept{Value: "3341006", Scheme: "SCT", Meaning: s.words.rightLung}
	}
	return s.concepts.Lung
}
