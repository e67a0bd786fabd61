package guideline

import (
	"fmt"
	"math"
)

// Answer is yes, no or "" where nobody said.
type Answer string

// The answers.
const (
	Unsaid Answer = ""
	Yes    Answer = "yes"
	No     Answer = "no"
)

// Type is what a nodule consists of; "" where unknown. A cavity whose wall is
// its main feature is a solid nodule with its total diameter.
type Type string

// The types. CalcifiedBenign is a calcification that is complete, central,
// popcorn or in rings, or fat; any other calcified nodule is solid.
const (
	TypeUnknown     Type = ""
	Solid           Type = "solid"
	PartSolid       Type = "part-solid"
	NonSolid        Type = "non-solid"
	CalcifiedBenign Type = "calcified-benign"
)

// State is what a comparison with a prior exam says; "" where unknown.
type State string

// The states. Baseline: no prior exam was compared. Stable holds smaller too.
const (
	StateUnknown  State = ""
	Baseline      State = "baseline"
	New           State = "new"
	Growing       State = "growing"
	SlowlyGrowing State = "slowly growing"
	Stable        State = "stable"
)

// Shape is a nodule's outline; "" where unknown.
type Shape string

// The shapes that a benign juxtapleural nodule has, and any other.
const (
	ShapeUnknown Shape = ""
	Oval         Shape = "oval"
	Lentiform    Shape = "lentiform"
	Triangular   Shape = "triangular"
	OtherShape   Shape = "other"
)

// Feature makes a nodule of category 3 or 4 more suspicious.
type Feature string

// The features of category 4X.
const (
	Spiculation     Feature = "spiculation"
	Lymphadenopathy Feature = "lymphadenopathy"
	Metastasis      Feature = "frank metastasis"
	DoubledGGN      Feature = "non-solid nodule doubled in a year"
)

// Nodule is one nodule of an exam. A length or a volume of 0 was not measured.
type Nodule struct {
	Type Type
	// LongMM and ShortMM are the longest axis and the one perpendicular to it in
	// one plane; or MeanMM alone, where the axes are not known. Read to 0.1 mm.
	LongMM, ShortMM, MeanMM float64
	// SolidPartMM is the mean diameter of a part-solid nodule's solid part.
	SolidPartMM float64
	// VolumeMM3 is read to 1 mm3, and used only where VolumeReliable says that
	// the segmentation may be trusted.
	VolumeMM3      float64
	VolumeReliable bool
	// State is the whole nodule's; SolidPartState the solid part's, for
	// part-solid nodules that were there before.
	State, SolidPartState State
	// Prior is what it was compared with; nil where there is no prior exam.
	Prior *Prior
	// Juxtapleural holds perifissural too.
	Juxtapleural Answer
	Smooth       Answer
	Shape        Shape
	UpperLobe    Answer
	Spiculated   Answer
	// Features are what a reader saw; spiculation that is only measured belongs
	// into Spiculated.
	Features []Feature
	// Count is the number of nodules in the exam; 0 where not known.
	Count int
}

// Prior is the prior exam's view of the same nodule; 0 and "" are not known.
type Prior struct {
	// Days between the two exams.
	Days                           int
	MeanMM, SolidPartMM, VolumeMM3 float64
	// Comparable says whether the volumes may be compared: same slice thickness
	// and kernel.
	Comparable Answer
	Category   Category
	// ProvenBenign: a work-up of the nodule ended so.
	ProvenBenign Answer
}

// check refuses what cannot be, whatever the guideline.
func (n Nodule) check() error {
	lengths := []float64{n.LongMM, n.ShortMM, n.MeanMM, n.SolidPartMM}
	volumes := []float64{n.VolumeMM3}
	if n.Prior != nil {
		lengths = append(lengths, n.Prior.MeanMM, n.Prior.SolidPartMM)
		volumes = append(volumes, n.Prior.VolumeMM3)
		if n.Prior.Days < 0 {
			return fmt.Errorf("%w: the prior exam lies %d days back: give the days from it to this exam, or 0 where not known", ErrInput, n.Prior.Days)
		}
	}
	for _, mm := range lengths {
		if !within(mm, 500) {
			return fmt.Errorf("%w: a length of %v mm: lengths are 0 (not measured) to 500 mm", ErrInput, mm)
		}
	}
	for _, v := range volumes {
		if !within(v, 1e8) {
			return fmt.Errorf("%w: a volume of %v mm3: volumes are 0 (not measured) to 1e8 mm3", ErrInput, v)
		}
	}
	if err := n.checkAxes(); err != nil {
		return err
	}
	if n.Count < 0 {
		return fmt.Errorf("%w: %d nodules: give 1 or more, or 0 where not known", ErrInput, n.Count)
	}
	return n.checkWords()
}

func (n Nodule) checkAxes() error {
	switch {
	case n.ShortMM > n.LongMM:
		return fmt.Errorf("%w: the short axis of %v mm is longer than the long one of %v mm: give both, the longest first, or the mean diameter alone", ErrInput, n.ShortMM, n.LongMM)
	case n.ShortMM > 0 && n.MeanMM > 0 && math.Abs((n.LongMM+n.ShortMM)/2-n.MeanMM) > 0.1001:
		return fmt.Errorf("%w: axes of %v and %v mm do not have a mean of %v mm: leave the mean out", ErrInput, n.LongMM, n.ShortMM, n.MeanMM)
	case n.MeanMM > 0 && n.LongMM > 0 && tenths(n.LongMM) < tenths(n.MeanMM):
		return fmt.Errorf("%w: the mean diameter of %v mm is above the longest of %v mm", ErrInput, n.MeanMM, n.LongMM)
	case n.SolidPartMM > 0 && n.Type != PartSolid && n.Type != TypeUnknown:
		return fmt.Errorf("%w: a %s nodule has no solid part of its own: leave it out, or call it part-solid", ErrInput, n.Type)
	case n.twentieths() > 0 && 2*tenths(n.SolidPartMM) > n.twentieths()+1:
		return fmt.Errorf("%w: the solid part of %v mm is larger than the nodule", ErrInput, n.SolidPartMM)
	}
	return nil
}

// checkWords refuses words of other lists, and states that need a prior without
// one.
func (n Nodule) checkWords() error {
	ok := oneOf(n.Type, TypeUnknown, Solid, PartSolid, NonSolid, CalcifiedBenign) &&
		oneOf(n.State, StateUnknown, Baseline, New, Growing, SlowlyGrowing, Stable) &&
		oneOf(n.SolidPartState, StateUnknown, Baseline, New, Growing, SlowlyGrowing, Stable) &&
		oneOf(n.Shape, ShapeUnknown, Oval, Lentiform, Triangular, OtherShape) &&
		answers(n.Juxtapleural, n.Smooth, n.UpperLobe, n.Spiculated)
	for _, f := range n.Features {
		ok = ok && oneOf(f, Spiculation, Lymphadenopathy, Metastasis, DoubledGGN)
	}
	if n.Prior != nil {
		ok = ok && answers(n.Prior.Comparable, n.Prior.ProvenBenign) && n.Prior.Category.concern() >= 0
	}
	switch {
	case !ok:
		return fmt.Errorf("%w: a type, state, shape, feature, category or answer that is none of this package's: use its constants", ErrInput)
	case n.Prior == nil && n.State != StateUnknown && n.State != Baseline:
		return fmt.Errorf("%w: a nodule is %s compared with something: give the prior exam, or the state baseline", ErrInput, n.State)
	}
	return nil
}

// uncompared is why a nodule's state allows no row; "" where it does. A baseline
// row is legal only where there is no prior exam.
func (n Nodule) uncompared() Reason {
	switch {
	case n.State == StateUnknown:
		return StateNotKnown
	case n.State == Baseline && n.Prior != nil:
		return BaselineDespite
	}
	return ""
}

func within(v, most float64) bool { return v >= 0 && v <= most }

func oneOf[T comparable](v T, list ...T) bool {
	for _, l := range list {
		if v == l {
			return true
		}
	}
	return false
}

func answers(list ...Answer) bool {
	for _, a := range list {
		if !oneOf(a, Unsaid, Yes, No) {
			return false
		}
	}
	return true
}
