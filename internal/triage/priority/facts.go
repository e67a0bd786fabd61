// Package priority holds the rules by which a study that was read gets its place
// in the worklist: pure functions over what is known of its findings and of the
// scan. docs/priority.md says them for people.
//
// A priority orders a list for a radiologist. Nothing here says that a scan shows
// nothing: routine is what is left where no rule holds.
package priority

import (
	"math"
	"slices"

	"nafas/inference/measure"
	"nafas/inference/prior"
)

// Facts are what the rules look at.
type Facts struct {
	// Findings are those that are shown, rank 1 first.
	Findings []Finding
	// Scan are the codes of what makes the result less sure: words of ScanWords;
	// others are passed over.
	Scan []string
}

// Finding is what is known of one finding.
type Finding struct {
	Rank int
	// Point is the strictest operating point that its score reaches.
	Point Point
	// DiameterMM is the mean diameter that is shown: measured, or the detector's.
	DiameterMM float64
	Measured   bool
	// Kind is what was measured, and KindConfidence how often it is right; they
	// count where the measurement is Measured.
	Kind           measure.Kind
	KindConfidence float64
	// SolidMM is the diameter of the solid part; 0 but for a part-solid nodule that
	// was measured.
	SolidMM float64
	// Change is what became of it since the earlier study; nil where it was compared
	// with none. Days lie between the two.
	Change *prior.Change
	Days   int
}

// Point is an operating point of the model: a score at which a scan without
// nodules gets so many false marks on average (models/manifest).
type Point string

// The points, from the least strict on. Every finding that is shown reaches Four;
// one that reaches One is flagged.
const (
	Four    Point = "four"
	One     Point = "one"
	Quarter Point = "quarter"
)

// Points are all, from the least strict on.
var Points = []Point{Four, One, Quarter}

// reaches says whether a score at p is at or above the point least; "" is Four.
func (p Point) reaches(least Point) bool {
	return max(slices.Index(Points, p), 0) >= max(slices.Index(Points, least), 0)
}

// Change is what became of a finding since the earlier study, in one word.
type Change string

// The changes. Growing, Stable and Shrinking are of findings that were found in
// both exams and whose whole band of growth is so; Unclear are the others of
// these. Unpaired: it cannot be said whether it was there. Uncompared: there was
// no earlier study to compare with.
const (
	New        Change = "new"
	Growing    Change = "growing"
	Stable     Change = "stable"
	Shrinking  Change = "shrinking"
	Unclear    Change = "unclear"
	Unpaired   Change = "unpaired"
	Uncompared Change = "uncompared"
)

// Changes are all.
var Changes = []Change{New, Growing, Stable, Shrinking, Unclear, Unpaired, Uncompared}

var changeOf = map[prior.Trend]Change{
	prior.TrendGrowing: Growing, prior.TrendStable: Stable, prior.TrendShrinking: Shrinking,
}

func (f Finding) change() Change {
	switch {
	case f.Change == nil:
		return Uncompared
	case f.Change.State == prior.New:
		return New
	case f.Change.State != prior.Paired:
		return Unpaired
	case f.Change.Growth == nil:
		return Unclear
	}
	if c, ok := changeOf[f.Change.Growth.Trend]; ok {
		return c
	}
	return Unclear
}

// growth is nil unless the finding grows.
func (f Finding) growth() *prior.Growth {
	if f.change() != Growing {
		return nil
	}
	return f.Change.Growth
}

// grownMM is by how much its diameter grew; 0 where that may be an error of
// measurement.
func (f Finding) grownMM() float64 {
	if c := f.Change; c != nil && c.State == prior.Paired && c.DiameterChangeMM > c.DiameterErrorMM {
		// Diameters have a decimal: what comes after two is arithmetic's.
		return math.Round(c.DiameterChangeMM*100) / 100
	}
	return 0
}

// Kinds are the words for kinds of nodules.
var Kinds = []measure.Kind{measure.KindSolid, measure.KindPartSolid, measure.KindGroundGlass, measure.KindCalcified}

// LeastKindConfidence is what a kind must be right in, unless a rule says
// otherwise, to count as known: part-solid nodules under 6 mm do not reach it, nor
// any in thick slices.
const LeastKindConfidence = 0.85

// kind is the kind where it is known with that confidence. What contrast medium
// fills is as dense as calcium.
func (f Finding) kind(least float64, scan []string) measure.Kind {
	if least == 0 {
		least = LeastKindConfidence
	}
	if !f.Measured || f.KindConfidence < least || f.Kind == measure.KindCalcified && slices.Contains(scan, contrastAgent) {
		return measure.KindUnknown
	}
	return f.Kind
}

// contrastAgent is a code of dicomio.
const contrastAgent = "CONTRAST_AGENT"

// ScanWords are the codes that make a result less sure (docs/dicom.md; the last
// four are why nothing was compared though there is an earlier study). Codes of
// other warnings, such as CONTRAST_AGENT, do not.
var ScanWords = []string{
	"LOW_LUNG_VOLUME", "ONE_LUNG", "MISSING_SLICE", "SLICES_APART", "THICK_SLICES", "IMAGES_LEFT_OUT", "OTHER_STACK",
	"GANTRY_TILT", "SLICES_SHIFTED", "LOSSY_COMPRESSION", "SECONDARY_IMAGE_TYPE", "DERIVED_IMAGE_TYPE", "RESCALE_TYPE",
	string(prior.LungsDiffer), "PRIOR_IMAGES_DELETED", "PRIOR_NOT_ASSESSED", "PRIOR_NOT_READ",
}
