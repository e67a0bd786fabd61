package prior

import (
	"math"

	"nafas/inference/measure"
)

// How well measurements of one nodule in two scans agree, from the pairs that the
// constants were chosen on (TestGrowth with -development; 1134 nodules of 50 pairs
// measured twice). Errors fall with the square of the diameter, grow with the thickness of slices, with
// what touches the nodule, and where a halo and a core are both to be told.
const (
	// Of the logarithm of a volume: 95 % within base + (thin + thick * slice
	// thickness) / diameter^2, all mm.
	logBase, logThin, logThick = .02, 2.1, 2.8
	// times where part of the border is not seen, and where the nodule is
	// part-solid.
	logAttached, logPartSolid = 1.6, 1.4
	// logOtherKind is added where the two scans do not agree on the kind: though both
	// are measured to one margin, it may be the wrong one.
	logOtherKind = .3
	// freeSeen is the share of the border from which a nodule counts as free.
	freeSeen = .9
)

// leastLogError is the least 95 % half-width of the logarithm of a ratio of
// volumes, whatever phantoms say, since they hold still: two scans of a patient's
// unchanged nodule differ by up to 25 % (BTS 2015; 27 % in Marchiano et al.,
// Radiology 251, 2009).
var leastLogError = math.Log(1.25)

// logError is the 95 % half-width of the logarithm of the ratio of two volumes that
// were measured alike.
func logError(now, then *measure.Measurement, sliceMM float64) float64 {
	e := max(math.Hypot(oneLogError(now, sliceMM), oneLogError(then, sliceMM)), leastLogError)
	if now.Kind != then.Kind {
		e += logOtherKind
	}
	return e
}

func oneLogError(m *measure.Measurement, sliceMM float64) float64 {
	d := equivalentMM(m)
	e := (logThin + logThick*sliceMM) / (d * d)
	if m.Seen < freeSeen {
		e *= logAttached
	}
	if m.Kind == measure.KindPartSolid {
		e *= logPartSolid
	}
	return logBase + e
}

// Of the mean diameter, mm: 95 % of one scan.
const (
	freeMM, attachedMM, partSolidMM = .5, .8, 1.3
	otherKindMM                     = 1.5
	// inThick is how many times that it is in slices that are thicker than was tried
	// (mostThickMM): of simulated nodules in slices of 5 mm 95 % lay within 1.3 mm of
	// the truth where free, 90 % within 2.5 mm where attached and 2.8 mm where
	// part-solid.
	inThick = 3
)

// diameterError is the 95 % half-width of the change of the mean diameter, in mm.
func diameterError(now, then *measure.Measurement, nowSliceMM, thenSliceMM float64) float64 {
	e := math.Hypot(oneDiameterError(now, nowSliceMM), oneDiameterError(then, thenSliceMM))
	if now.Kind != then.Kind {
		e += otherKindMM
	}
	return e
}

func oneDiameterError(m *measure.Measurement, sliceMM float64) float64 {
	e := freeMM
	switch {
	case m.Kind == measure.KindPartSolid:
		e = partSolidMM
	case m.Seen < freeSeen:
		e = attachedMM
	}
	if sliceMM > mostThickMM+slackMM {
		e *= inThick
	}
	return e
}
