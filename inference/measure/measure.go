// Package measure measures a finding in the series' own grid: where its border
// is, how large and how dense it is, and of what kind.
//
// The method, "radial border", casts 642 rays from the finding's centre and
// looks along each for the place that parts nodule from aerated lung: half way
// between the density of the nodule (of its halo, where it has one) and that of
// the lung around it. Directions in which there is none, because a vessel
// leaves or the chest wall begins, are bridged by a skin stretched from their
// neighbours; the wall itself is the border of the lung field. The blur of the
// scanner moves the half height of a ball inwards as 1/radius; the border is
// moved back by what a blurred ball of that size needs.
//
// What within the border is solid makes the kind. A vessel that passes through is
// told from a core by its thickness.
//
// Its evidence is the tests, and docs/accuracy.md.
package measure

import (
	"math"

	"nafas/inference/lung"
	"nafas/inference/volume"
)

// Method names the method and its version; another version may measure
// otherwise.
const Method = "radial border 2"

// Kind is the attenuation class of a nodule.
type Kind string

// The kinds (Hansell et al., Fleischner Society glossary, Radiology 246, 2008).
const (
	KindUnknown     Kind = ""
	KindSolid       Kind = "solid"
	KindPartSolid   Kind = "part-solid"
	KindGroundGlass Kind = "ground-glass"
	KindCalcified   Kind = "calcified"
)

// Doubt is why a measurement is not to be relied on.
type Doubt string

// The doubts.
const (
	// NoDoubt: it can be relied on as far as its error says.
	NoDoubt Doubt = ""
	// DoubtNoLung: no aerated lung around it.
	DoubtNoLung Doubt = "NO_LUNG_AROUND"
	// DoubtFaint: hardly denser than the lung around it.
	DoubtFaint Doubt = "FAINT"
	// DoubtNoEdge: no edge in most directions.
	DoubtNoEdge Doubt = "NO_EDGE"
	// DoubtCut: it reaches beyond the scan.
	DoubtCut Doubt = "CUT"
	// DoubtSize: its size is far from the detector's.
	DoubtSize Doubt = "OTHER_SIZE"
)

// Measurement is what was measured of one finding.
type Measurement struct {
	// Doubt is set where the rest is not to be relied on. HasBody says whether
	// there is any.
	Doubt Doubt
	// CenterLPSMM is the centroid of the body.
	CenterLPSMM volume.Vec3
	// VolumeMM3 is the volume within the border.
	VolumeMM3 float64
	// VolumeError is the relative error of VolumeMM3 within which 68 % of
	// simulated nodules like it lay.
	VolumeError float64
	// Slice is the slice (k) on which the body has its largest area; the axes
	// lie on it.
	Slice int
	// LongAxisLPSMM and ShortAxisLPSMM are the ends of the longest chord on that
	// slice, and of the longest one across it.
	LongAxisLPSMM, ShortAxisLPSMM [2]volume.Vec3
	// LongAxisMM, ShortAxisMM and their mean, rounded to 0.1 mm.
	LongAxisMM, ShortAxisMM, MeanDiameterMM float64
	// MeanHU, MinHU and MaxHU are those of the voxels of Mask.
	MeanHU, MinHU, MaxHU float64
	Kind                 Kind
	// KindConfidence is how many of the simulated nodules of this size for which
	// this kind was told were of it.
	KindConfidence float64
	// SolidVolumeMM3 is the volume of the solid part, and SolidDiameterMM the
	// diameter of the ball of that volume, rounded to 0.1 mm; 0 but for a
	// part-solid nodule.
	SolidVolumeMM3, SolidDiameterMM float64
	// Mask is the body in voxels of the series.
	Mask Mask
	// Seen is the share of directions in which an edge to aerated lung was
	// found: what is attached to nothing has 1.
	Seen float64
}

// Reliable says whether the measurement can be shown as such.
func (m *Measurement) Reliable() bool { return m.Doubt == NoDoubt }

// HasBody says whether there is anything but a doubt.
func (m *Measurement) HasBody() bool { return m.VolumeMM3 > 0 }

// Measure measures the finding around a place, whose diameter the detector gave.
// The field is that of the same volume. The result is the same for the same
// input, whatever runs beside it.
func Measure(v *volume.Volume, field *lung.Field, centerLPSMM volume.Vec3, diameterMM float64) *Measurement {
	m := (&Site{Volume: v, Field: field, CenterLPSMM: centerLPSMM, DiameterMM: diameterMM}).measuring()
	out := &Measurement{Doubt: m.run()}
	if out.Doubt == NoDoubt {
		m.describe(out)
	}
	return out
}

// measuring is one Measure under way.
type measuring struct {
	s          *sampler
	lung       *inside
	center     volume.Vec3
	diameterMM float64

	// lungHU is the aerated lung around it, noiseHU its standard deviation.
	lungHU, noiseHU float64
	densities
	// hollow is set where the middle is the air of a cavity.
	hollow bool
	rays   *rays
	border *border
}

// turns: the border is looked for from a centre that each turn moves to the
// body's; densities are known after the second.
const turns, densitiesAfter = 4, 1

func (m *measuring) run() Doubt {
	m.enter()
	r := cast(m.s, m.lung, m.center, m.diameterMM)
	if !m.surroundings(r) {
		return DoubtNoLung
	}
	middle := m.middle()
	if middle < m.lungHU+faintHU {
		middle = m.wallOfCavity(r)
		m.hollow = middle >= m.lungHU+faintHU
	}
	if middle < m.lungHU+faintHU {
		m.seek()
		if middle = m.middle(); middle < m.lungHU+faintHU {
			return DoubtFaint
		}
	}
	level := m.lowLevel(middle)
	for turn := range turns {
		if turn > 0 {
			r = cast(m.s, m.lung, m.center, m.diameterMM)
		}
		m.trace(r, level)
		if m.border.seenShare() == 0 {
			return DoubtNoEdge
		}
		if turn == densitiesAfter {
			m.densities = m.tell(m.border)
			level = m.level()
		}
		if turn < turns-1 {
			m.center = m.center.Add(m.border.centroid())
		}
	}
	m.border.unblur()
	return NoDoubt
}

// trace finds the border at a level of HU.
func (m *measuring) trace(r *rays, level float64) {
	if m.hollow {
		r.hollow = int(hollowShare * m.diameterMM / r.stepMM)
	}
	m.rays = r.smoothed()
	m.border = m.rays.border(level, m.span(level))
}

// faintHU is how much denser than lung a finding must be to be measured.
const faintHU = 70

// span is the HU over which a sample counts as partly inside.
func (m *measuring) span(level float64) float64 { return max((level-m.lungHU)/2, 30) }

func (m *measuring) describe(out *Measurement) {
	b := m.border
	out.CenterLPSMM = m.center
	out.VolumeMM3 = b.volumeMM3()
	out.Seen = b.seenShare()
	m.axes(out)
	m.fillMask(out)
	m.attenuation(out)
	out.VolumeError = m.volumeError(out)
	out.Doubt = m.doubt(out)
}

// doubt looks at what was measured.
func (m *measuring) doubt(out *Measurement) Doubt {
	equivalent := 2 * m.border.equivalentRadius()
	switch {
	case out.Seen < leastSeen, out.Seen < leastSeenOfMass && max(equivalent, m.diameterMM) >= massMM:
		return DoubtNoEdge
	case m.reachesOut():
		return DoubtCut
	case equivalent > mostRatio*m.diameterMM || equivalent < m.diameterMM/mostRatio:
		return DoubtSize
	}
	return NoDoubt
}

// leastSeen is the share of directions with an edge below which a border is
// mostly guessed; a mass that the chest wall or the mediastinum holds goes on
// farther than a skin over the gap, so more of it must be seen. mostRatio is how
// far a diameter may be from the detector's, which errs by a millimetre or two.
const (
	leastSeen               = .55
	leastSeenOfMass, massMM = .7, 20.0
	mostRatio               = 1.9
)

// beyondMM is how far beyond its border a body must be seen.
const beyondMM = .5

// reachesOut tells whether the scan ends at the border somewhere.
func (m *measuring) reachesOut() bool {
	for u, d := range directions().dirs {
		if math.IsNaN(m.s.at(m.center.Add(d.Scale(m.border.radius[u] + beyondMM)))) {
			return true
		}
	}
	return false
}

func round1(mm float64) float64 { return math.Round(mm*10) / 10 }
