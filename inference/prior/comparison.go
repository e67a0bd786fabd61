// Package prior compares a scan with an earlier one of the same patient: it
// lays the lungs of the two over each other, looks for each finding of the one
// in the other, and says what changed.
package prior

import (
	"nafas/inference/lung"
	"nafas/inference/measure"
	"nafas/inference/volume"
)

// Method names the method and its version; another version may pair or measure
// growth otherwise.
const Method = "lungs and surroundings 2"

// Sharpness is the class of a reconstruction kernel.
type Sharpness string

// The classes; unknown where the kernel is not given or not known.
const (
	SharpnessUnknown Sharpness = ""
	SharpnessMedium  Sharpness = "medium" // soft to medium
	SharpnessLung    Sharpness = "lung"
	SharpnessBone    Sharpness = "bone"
)

// Exam is one of the two scans, each in its own patient coordinates.
type Exam struct {
	Volume *volume.Volume
	// Field is that of Volume.
	Field    *lung.Field
	Findings []Finding
	// SliceThicknessMM is what the scanner says; 0 where it says nothing.
	SliceThicknessMM float64
	Sharpness        Sharpness
	// Contrast medium: "" where nobody said.
	Contrast Answer
}

// Answer is yes, no or "" where nobody said.
type Answer string

// The answers.
const (
	Unsaid Answer = ""
	Yes    Answer = "yes"
	No     Answer = "no"
)

// Finding is one of an exam, as the detector has it, with what was measured of
// it there from that centre and diameter.
type Finding struct {
	CenterLPSMM volume.Vec3
	DiameterMM  float64
	Measured    *measure.Measurement
}

// Reason is why something is not said.
type Reason string

// The reasons. LungsDiffer is of a whole comparison: nothing is paired. The
// others keep volumes from being compared; findings are paired all the same.
const (
	// LungsDiffer: the lungs of the two scans could not be laid over each other.
	LungsDiffer Reason = "LUNGS_NOT_REGISTERED"
	// ThicknessDiffers: slices of one scan are too much thicker.
	ThicknessDiffers Reason = "SLICE_THICKNESS_DIFFERS"
	// ThicknessTooLarge: slices of one scan are too thick for volumes.
	ThicknessTooLarge Reason = "SLICES_TOO_THICK"
	// KernelDiffers: one kernel is sharper.
	KernelDiffers Reason = "KERNEL_DIFFERS"
	// KernelUnknown: the kernel of one scan is not known.
	KernelUnknown Reason = "KERNEL_NOT_KNOWN"
	// NotMeasured: the size in one scan is not to be relied on.
	NotMeasured Reason = "NOT_MEASURED"
	// ShortInterval: the exams are too near to each other.
	ShortInterval Reason = "INTERVAL_TOO_SHORT"
)

// State is what became of a finding since the earlier exam.
type State string

// The states.
const (
	// Paired: it was there, and is found in both scans.
	Paired State = "paired"
	// New: its place was seen in the earlier scan, and nothing like it was there.
	New State = "new"
	// Gone: of an earlier finding; its place is seen now, and nothing like it is
	// there.
	Gone State = "gone"
	// Unpaired: it cannot be said; its place was not seen, or what is there is not
	// sure to be the same.
	Unpaired State = "unpaired"
)

// Trend is what the band of a growth says.
type Trend string

// The trends: of the whole band, so that what may be either is unclear.
const (
	TrendUnclear   Trend = ""
	TrendGrowing   Trend = "growing"
	TrendStable    Trend = "stable"
	TrendShrinking Trend = "shrinking"
)

// Comparison is what changed between two exams.
type Comparison struct {
	// Days from the earlier exam to the current one, above 0.
	Days int
	// Refused is LungsDiffer where nothing could be paired: every finding is then
	// Unpaired.
	Refused Reason
	// NotComparable are the reasons, of the scans, why no growth by volume is
	// given; empty where it may be.
	NotComparable []Reason
	// LungOverlap is the Dice coefficient of the two lungs after registration.
	LungOverlap float64
	// Current has a change for every finding of the current exam, in order.
	Current []Change
	// Earlier has a change for every finding of the earlier exam, in order: Paired
	// (its partner names it), Gone or Unpaired.
	Earlier []EarlierChange
}

// Change is what became of one finding of the current exam.
type Change struct {
	State State
	// Earlier is the index of the earlier exam's finding; -1 where there is none,
	// also where it was found there by looking at its place.
	Earlier int
	// EarlierCenterLPSMM is the place in the earlier exam's coordinates: of its
	// counterpart, else where it would be. It has no meaning where the
	// comparison was refused.
	EarlierCenterLPSMM volume.Vec3
	// EarlierMeasured is what was measured there; nil unless Paired.
	EarlierMeasured *measure.Measurement
	// DiameterChangeMM is the change of the mean diameter, and DiameterErrorMM the
	// half-width of its 95 % interval; both 0 unless both were measured.
	DiameterChangeMM, DiameterErrorMM float64
	// Growth is nil where volumes cannot be compared; NoGrowth says why.
	Growth   *Growth
	NoGrowth []Reason
}

// EarlierChange is what became of one finding of the earlier exam.
type EarlierChange struct {
	State State
	// Current is the index of the current exam's finding; -1 unless Paired.
	Current int
	// CurrentCenterLPSMM is the place in the current exam's coordinates.
	CurrentCenterLPSMM volume.Vec3
}

// Growth is a change of volume with its uncertainty.
type Growth struct {
	// VolumeChange is V2/V1 - 1 of both measured alike (measure.LogRatio), which
	// need not be that of the volumes that each exam has by itself; VolumeChangeLow and VolumeChangeHigh are its
	// 95 % interval.
	VolumeChange, VolumeChangeLow, VolumeChangeHigh float64
	// DoublingsPerYear is 365.25 log2(V2/V1) / days, negative where it shrinks;
	// Low and High are its 95 % interval. 1 is a doubling time of 365 days, 0 is
	// stable.
	DoublingsPerYear, DoublingsPerYearLow, DoublingsPerYearHigh float64
	// DoublingDays is the volume doubling time; 0 where it does not grow.
	// DoublingDaysShort and DoublingDaysLong are its band: Short is 0 where even the
	// upper end does not grow, Long is 0 (no end) where the lower end does not.
	DoublingDays, DoublingDaysShort, DoublingDaysLong float64
	Trend                                             Trend
}
