package measure

import (
	"math"

	"nafas/inference/volume"
)

const (
	// calcifiedHU is denser than soft tissue with contrast medium mostly is.
	calcifiedHU = 180
	// wholeSolidHU and wholeGlassHU bound the kinds of a nodule of one density,
	// the blur undone; between them lie small part-solid ones, whose core and
	// halo are blurred into one.
	wholeSolidHU, wholeGlassHU = -130, -440
	// solidHU parts solid from ground glass.
	solidHU = -300
	// mostSolid is the share of the volume above which a nodule with a margin is
	// solid all the same, leastSolid that below which it has no solid part.
	mostSolid, leastSolid = .7, .015
	// A solid part is compact: up to ballSpread it is one whatever its size, up
	// to strandSpread if it is bodyShare of the volume; else it is a vessel that
	// passes through.
	ballSpread, strandSpread, bodyShare = 1.5, 3.0, .08
)

// kind tells the attenuation class.
func (m *measuring) kind(out *Measurement) {
	solid := m.solidPart()
	if m.densities.uniform() {
		out.Kind = kindOfOne(m.unblurredHU(m.core))
	} else {
		out.Kind = solid.kind()
	}
	if out.Kind == KindPartSolid {
		out.SolidVolumeMM3 = solid.share * out.VolumeMM3
		out.SolidDiameterMM = round1(math.Cbrt(out.SolidVolumeMM3 * 6 / math.Pi))
	}
	out.KindConfidence = kindConfidence(out.Kind, 2*m.border.equivalentRadius())
}

func kindOfOne(hu float64) Kind {
	switch {
	case hu > calcifiedHU:
		return KindCalcified
	case hu > wholeSolidHU:
		return KindSolid
	case hu > wholeGlassHU:
		return KindPartSolid
	}
	return KindGroundGlass
}

func (s solidPart) kind() Kind {
	switch {
	case s.share > mostSolid:
		return KindSolid
	case s.share > leastSolid && s.spread < ballSpread, s.share > bodyShare && s.spread < strandSpread:
		return KindPartSolid
	}
	return KindGroundGlass
}

// unblurredHU is the density that the blur has made less of, in the middle of a
// ball of the body's size.
func (m *measuring) unblurredHU(hu float64) float64 {
	if height := blurred(0, m.border.equivalentRadius()/blurMM); height > .3 {
		return m.densities.lung + (hu-m.densities.lung)/height
	}
	return hu
}

// solidPart is what of the body is solid.
type solidPart struct {
	// share of the volume.
	share float64
	// spread is the mean square distance of the solid part from its centroid over
	// that of a ball of its volume: 1 for a ball, more for a vessel.
	spread float64
}

func (m *measuring) solidPart() solidPart {
	var solid, all, second float64
	var first volume.Vec3
	b := m.border
	m.rays.each(func(u int) float64 { return b.radius[u] }, func(u, i int, hu, mm3 float64) {
		all += mm3
		if hu > solidHU {
			solid += mm3
			at := directions().dirs[u].Scale(m.rays.at(i))
			first = first.Add(at.Scale(mm3))
			second += mm3 * at.Dot(at)
		}
	})
	if solid == 0 {
		return solidPart{}
	}
	c := first.Scale(1 / solid)
	ball := .6 * math.Pow(solid*3/(4*math.Pi), 2./3)
	return solidPart{share: solid / all, spread: (second/solid - c.Dot(c)) / ball}
}
