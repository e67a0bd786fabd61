package dicomio

import (
	"slices"

	"nafas/dicomio/refusal"
)

// checkThickness uses SliceThickness for suitability alone; distances come
// from positions. Slices far apart leave tissue unseen however thin they are.
func (p *plan) checkThickness() error {
	thick := make([]float64, len(p.planes))
	for i, pl := range p.planes {
		thick[i] = pl.fr().SliceThicknessMM
	}
	apart := p.grid.SpacingMM[2]
	if p.thicknessMM = slices.Max(thick); p.thicknessMM == 0 {
		p.thicknessMM = apart
	}
	const remedy = "send a reconstruction of 2.5 mm or thinner"
	switch {
	case p.thicknessMM > thickRefuseMM+lengthToleranceMM:
		return refusal.New(refusal.TooThick, remedy, "slices of %.1f mm, more than %d mm", p.thicknessMM, thickRefuseMM)
	case apart > thickRefuseMM+lengthToleranceMM:
		return refusal.New(refusal.TooThick, remedy, "slices %.1f mm apart, more than %d mm", apart, thickRefuseMM)
	}
	if t := max(p.thicknessMM, apart); t > thickWarnMM+lengthToleranceMM {
		p.warn(WarnThick, "Slices of %.1f mm, more than %.1f mm: small nodules are found less reliably.", t, thickWarnMM)
	}
	if apart > apartRatio*p.thicknessMM {
		p.warn(WarnApart, "Slices of %.1f mm are %.1f mm apart: the tissue between them was not imaged.", p.thicknessMM, apart)
	}
	return nil
}

func (p *plan) checkRescale() error {
	const remedy = "send images with Rescale Slope and Intercept"
	modified := false
	for _, pl := range p.planes {
		fr := pl.fr()
		switch {
		case !fr.HasRescale:
			return refusal.New(refusal.NoRescale, remedy, "slices without Rescale Slope and Intercept")
		case fr.Slope == 0:
			return refusal.New(refusal.NoRescale, remedy, "a Rescale Slope of 0")
		}
		switch fr.RescaleType {
		case "", "HU", "US": // US is "unspecified" (PS3.3 C.11.1.1.2)
		case "HU_MOD":
			modified = true
		default:
			return refusal.New(refusal.NotHounsfield, "send images in Hounsfield units", "a Rescale Type that is not HU")
		}
	}
	if modified {
		p.warn(WarnRescaleType, "The values are modified Hounsfield units.")
	}
	return nil
}

// warnOfHeaders adds what the headers of the stack say.
func (p *plan) warnOfHeaders() {
	is := func(test func(plane) bool) bool { return slices.ContainsFunc(p.planes, test) }
	value := func(pl plane, i int) string {
		if t := pl.fr().ImageType; i < len(t) {
			return t[i]
		}
		return ""
	}
	if is(func(pl plane) bool { return value(pl, 0) == "DERIVED" }) {
		p.warn(WarnDerived, "The Image Type says DERIVED: the images may have been processed.")
	} else if is(func(pl plane) bool { return value(pl, 1) == "SECONDARY" }) {
		p.warn(WarnSecondary, "The Image Type says SECONDARY.")
	}
	if is(func(pl plane) bool { return pl.in.Lossy }) {
		p.warn(WarnLossy, "The images went through a lossy compression.")
	}
	if is(func(pl plane) bool { return pl.in.Contrast }) {
		p.warn(WarnContrast, "A contrast agent was given.")
	}
	if p.planes[0].in.FrameOfReferenceUID == "" {
		p.warn(WarnNoFrameOfRef, "The series has no Frame of Reference UID.")
	}
	if is(func(pl plane) bool { return len(pl.in.Warnings) > 0 }) {
		p.warn(WarnUID, "Some UIDs have a component with a leading zero.")
	}
}
