package report

import (
	"math"
	"strings"

	"nafas/inference/measure"
	"nafas/inference/volume"
)

// Measured is what was measured of a finding, its mask left out.
type Measured struct {
	measure.Measurement
	// Method names the method and its version, which is its last word.
	Method string
}

// Diameter is the mean diameter to show, mm, and whether it was measured; else
// it is the detector's.
func (f Finding) Diameter() (mm float64, measured bool) {
	if f.Measured != nil {
		return f.Measured.MeanDiameterMM, true
	}
	return f.MeanDiameterMM, false
}

// ball is the finding as a sphere: about the measured centroid with the measured
// volume, else the detector's.
func (f Finding) ball() (centre volume.Vec3, diameterMM float64) {
	if m := f.Measured; m != nil {
		return m.CenterLPSMM, math.Cbrt(m.VolumeMM3 * 6 / math.Pi)
	}
	return f.CenterLPSMM, f.MeanDiameterMM
}

// algorithmOf is what gave a finding's size.
func (r Result) algorithmOf(f Finding) (name, version string) {
	if f.Measured == nil {
		return r.Algorithm.Name, r.Algorithm.Version
	}
	method := f.Measured.Method
	at := strings.LastIndexByte(method, ' ')
	if at < 0 {
		return method, method
	}
	return method[:at], method[at+1:]
}

// sizedBy names the algorithm below a number (TID 1419 includes TID 4019 there).
func (r Result) sizedBy(f Finding) []item {
	name, version := r.algorithmOf(f)
	return []item{text(hasConceptMod, algorithmName, name), text(hasConceptMod, algorithmVersion, version)}
}

// sizes are the numbers of a group that say how large and how dense a finding
// is, each with the algorithm that gave it.
func (r Result) sizes(f Finding) []item {
	by := func(more ...item) []item { return append(more, r.sizedBy(f)...) }
	average := func() item { return coded(hasConceptMod, derivation, mean) }
	mm, measured := f.Diameter()
	out := []item{number(diameter, mm, millimeter, by(average())...)}
	if !measured {
		return out
	}
	m := f.Measured
	return append(out,
		number(volumeConcept, m.VolumeMM3, cubicMillimeter, by()...),
		number(longAxis, m.LongAxisMM, millimeter, by()...),
		number(shortAxis, m.ShortAxisMM, millimeter, by()...),
		number(attenuation, m.MeanHU, hounsfield, by(average())...),
	)
}

// kinds says of what kind a measured finding is. A calcified one is a solid one
// with calcification.
func (f Finding) kinds() []item {
	if f.Measured == nil {
		return nil
	}
	kind, ok := textures[f.Measured.Kind]
	if !ok {
		return nil
	}
	out := []item{coded(contains, texture, kind)}
	if f.Measured.Kind == measure.KindCalcified {
		out = append(out, coded(contains, calcification, calcified))
	}
	return out
}
