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
	// solid all the same.
	mostSolid = .7
	// Of a part-solid nodule so much is solid and thicker than the vessels that
	// leave it; more where it seemed to be ground glass of one density.
	leastThick, leastThickInOne = .02, .03
	// A core may be no thicker than a vessel that leaves: then so much is solid,
	// and the middle, middleMM within the border, is denser than ground glass.
	leastThin, thinHU, middleMM = .1, -420, 1.2
	// A vessel and not a core is what spreads more.
	strandSpread = 2
)

// kind tells the attenuation class.
func (m *measuring) kind(out *Measurement) {
	solid := m.solidPart()
	if m.densities.uniform() {
		out.Kind = m.kindOfOne(solid)
	} else {
		out.Kind = m.kindOfTwo(solid)
	}
	if out.Kind == KindPartSolid {
		out.SolidVolumeMM3 = solid.share * out.VolumeMM3
		out.SolidDiameterMM = round1(math.Cbrt(out.SolidVolumeMM3 * 6 / math.Pi))
	}
	out.KindConfidence = m.kindConfidence(out.Kind, 2*m.border.equivalentRadius())
}

// kindOfOne is that of a nodule of one density. A core in little ground glass, or
// a small one, may look like that.
func (m *measuring) kindOfOne(solid solidPart) Kind {
	switch hu := m.unblurredHU(m.core); {
	case hu > calcifiedHU:
		return KindCalcified
	case hu > wholeSolidHU:
		if m.fringed {
			return KindPartSolid
		}
		return KindSolid
	case hu > wholeGlassHU:
		if solid.spread > strandSpread && m.thickShare() <= leastThick {
			return KindGroundGlass
		}
		return KindPartSolid
	}
	if m.thickShare() > leastThickInOne {
		return KindPartSolid
	}
	return KindGroundGlass
}

// kindOfTwo is that of a nodule whose margin is less dense than its core, which may
// be a vessel that passes through.
func (m *measuring) kindOfTwo(solid solidPart) Kind {
	switch {
	case solid.share > mostSolid:
		return KindSolid
	case m.thickShare() > leastThick, solid.share > leastThin && m.median(m.border, middleMM, 0) > thinHU:
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
