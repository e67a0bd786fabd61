package suggest

import (
	"nafas/inference/finding"
	"nafas/inference/guideline"
	"nafas/inference/measure"
)

const (
	// mostVolumeError is the share from which guidelines call a change of volume
	// growth: a volume that errs by more is not used.
	mostVolumeError = .25
	// leastConfidence: below it the kind of a nodule is not sure. It is the share of
	// simulated nodules of its size for which the kind was right.
	leastConfidence = .8
)

// types are the guidelines' names for kinds. That a nodule is calcified does not
// say in which pattern, so that it is no benign one.
var types = map[measure.Kind]guideline.Type{
	measure.KindSolid:       guideline.Solid,
	measure.KindCalcified:   guideline.Solid,
	measure.KindPartSolid:   guideline.PartSolid,
	measure.KindGroundGlass: guideline.NonSolid,
}

// sized is a nodule with what a measurement says: nothing where that cannot be
// relied on, or cannot be.
func sized(m *measure.Measurement) guideline.Nodule {
	if m == nil || !m.Reliable() || !m.HasBody() {
		return guideline.Nodule{}
	}
	n := guideline.Nodule{
		Type: types[m.Kind], LongMM: m.LongAxisMM, ShortMM: m.ShortAxisMM,
		VolumeMM3: m.VolumeMM3, VolumeReliable: m.VolumeError > 0 && m.VolumeError <= mostVolumeError,
	}
	if n.ShortMM == 0 {
		n.MeanMM = m.MeanDiameterMM
	}
	if n.Type == guideline.PartSolid {
		// That of a ball: of a nodule that is long from head to foot it may exceed
		// the mean of two axes on a slice.
		n.SolidPartMM = min(m.SolidDiameterMM, meanMM(n))
	}
	if _, err := guideline.LungRADS(withState(n, guideline.Baseline), guideline.Patient{}); err != nil {
		return guideline.Nodule{}
	}
	return n
}

func withState(n guideline.Nodule, s guideline.State) guideline.Nodule {
	n.State = s
	return n
}

// nodule is a finding as guidelines know it, its state left out.
func nodule(f Finding, count int) guideline.Nodule {
	n := sized(f.Measured)
	n.Count, n.Spiculated = count, f.Spiculated
	if p := f.Place; p != nil && p.Side != finding.SideUnknown && p.Side == f.Side {
		n.Juxtapleural = answer(p.Juxtapleural || p.Perifissural)
		if p.Lobe.Side() == f.Side {
			n.UpperLobe = answer(p.Lobe == finding.LobeRightUpper || p.Lobe == finding.LobeLeftUpper)
		}
	}
	return n
}

func answer(yes bool) guideline.Answer {
	if yes {
		return guideline.Yes
	}
	return guideline.No
}

// unsure says that another kind is well possible.
func unsure(f Finding, n guideline.Nodule) bool {
	return n.Type != guideline.TypeUnknown && f.Measured.KindConfidence < leastConfidence
}
