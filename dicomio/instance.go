package dicomio

import (
	"nafas/dicomio/pixel"
	"nafas/dicomio/source"
	"nafas/inference/volume"
)

// SOP classes that hold a CT series (PS3.4 B.5).
const (
	ClassCT               = "1.2.840.10008.5.1.4.1.1.2"
	ClassEnhancedCT       = "1.2.840.10008.5.1.4.1.1.2.1"
	ClassLegacyEnhancedCT = "1.2.840.10008.5.1.4.1.1.2.2"
	classSecondaryCapture = "1.2.840.10008.5.1.4.1.1.7"
	classMediaDirectory   = "1.2.840.10008.1.3.10"
)

// Instance is the typed header of one SOP instance. It keeps no pixels, only
// where they are.
type Instance struct {
	// Source is where the bytes come from; Load sets it. Its Name is for
	// messages.
	Source source.Item

	StudyUID, SeriesUID, SOPClassUID, SOPUID string
	FrameOfReferenceUID                      string
	Modality                                 string
	// ImageType holds the values of (0008,0008), upper case.
	ImageType []string
	Patient   Patient
	// Facts are what guidelines ask of the patient.
	Facts Facts
	// TransferSyntax is the UID that the pixels are encoded with.
	TransferSyntax string

	Rows, Columns int
	// Format is how a frame is stored; Rows and Columns repeat in it.
	Format pixel.Format
	// Padding is what the scanner writes outside its field of view.
	Padding Padding

	Kernel, Manufacturer, ManufacturerModel string
	SeriesNumber, InstanceNumber            int
	// AcquisitionNumber and TemporalPosition are "" where absent: they only
	// tell stacks apart.
	AcquisitionNumber, TemporalPosition string
	// StudyDate is YYYYMMDD or "".
	StudyDate string
	// Contrast: a contrast agent is named. Lossy: the pixels once went
	// through a lossy compression.
	Contrast, Lossy bool
	// Own: made by Nafas (report, segmentation, key images).
	Own bool
	// Warnings are oddities of the header that do not keep it from being
	// read.
	Warnings []Warning

	// Frames is empty for objects that are not CT images; one frame for a
	// single-frame instance.
	Frames []Frame

	location pixelLocation
}

// IsCT says whether the SOP class is one of the CT image classes.
func (in *Instance) IsCT() bool {
	return in.SOPClassUID == ClassCT || in.SOPClassUID == ClassEnhancedCT || in.SOPClassUID == ClassLegacyEnhancedCT
}

// NumberOfFrames is 1 for single-frame images, 0 for what is no CT image.
func (in *Instance) NumberOfFrames() int { return len(in.Frames) }

// Frame is one plane of pixels with its place in the patient. What the header
// does not say has its Has flag unset; nothing is assumed.
type Frame struct {
	// Number counts from 1 in multi-frame instances; 0 in single-frame ones.
	Number int
	// ImageType is the frame's own FrameType, else the instance's.
	ImageType []string
	// PositionLPSMM is the centre of the first pixel (0020,0032).
	PositionLPSMM volume.Vec3
	HasPosition   bool
	// Row is the direction in which the column index grows, Column that in
	// which the row index grows (0020,0037), as written.
	Row, Column    volume.Vec3
	HasOrientation bool
	// PixelSpacingMM is [between rows, between columns] as in (0028,0030).
	PixelSpacingMM [2]float64
	HasSpacing     bool
	// SliceThicknessMM is 0 where absent.
	SliceThicknessMM float64
	// Slope and Intercept map stored values to Hounsfield units.
	Slope, Intercept float64
	HasRescale       bool
	// RescaleType is (0028,1054), "" where absent.
	RescaleType string
	// Kernel, AcquisitionNumber, TemporalPosition: the frame's, else the
	// instance's.
	Kernel, AcquisitionNumber, TemporalPosition string
	// StackID tells stacks of one multi-frame object apart (0020,9056).
	StackID string
}

// Padding is Pixel Padding Value and Range Limit (PS3.3 C.7.5.1.1.2), as the
// 16 stored bits; both apply before rescaling.
type Padding struct {
	Value, Limit       uint16
	HasValue, HasLimit bool
}

// Warning is something about the scan that makes a result less sure, or that
// was put right. Code is stable; Text is for people and names no patient.
type Warning struct{ Code, Text string }

// Warning codes.
const (
	WarnUID          = "ODD_UID"
	WarnSecondary    = "SECONDARY_IMAGE_TYPE"
	WarnDerived      = "DERIVED_IMAGE_TYPE"
	WarnLeftOut      = "IMAGES_LEFT_OUT"
	WarnOtherStack   = "OTHER_STACK"
	WarnDuplicate    = "DUPLICATE_SLICES"
	WarnMissing      = "MISSING_SLICE"
	WarnTilt         = "GANTRY_TILT"
	WarnShifted      = "SLICES_SHIFTED"
	WarnThick        = "THICK_SLICES"
	WarnApart        = "SLICES_APART"
	WarnLossy        = "LOSSY_COMPRESSION"
	WarnContrast     = "CONTRAST_AGENT"
	WarnRescaleType  = "RESCALE_TYPE"
	WarnNoFrameOfRef = "NO_FRAME_OF_REFERENCE"
)

// samePlace says whether two frames lie at one place and map to the same
// Hounsfield units.
func (fr Frame) samePlace(other Frame) bool {
	return fr.PositionLPSMM == other.PositionLPSMM && fr.Row == other.Row && fr.Column == other.Column &&
		fr.PixelSpacingMM == other.PixelSpacingMM && fr.Slope == other.Slope && fr.Intercept == other.Intercept
}
