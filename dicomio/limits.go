package dicomio

// MinSlices is the fewest images of a series that is read.
const MinSlices = minSlices

// Thresholds of the assembly rules. docs/dicom.md lists each with its reason.
const (
	minSlices     = 30
	minCoverageMM = 150

	unitTolerance        = 1e-3 // of the length of a direction cosine vector, and of row·column
	orientationTolerance = 1e-3 // between the direction cosines of two slices of one stack
	pixelSpacingRelative = 1e-4

	duplicateMM       = 0.01 // closer than this is the same position
	spacingRelative   = 0.01
	spacingAbsoluteMM = 0.01
	gapRelative       = 0.1 // a gap this close to k spacings is k-1 missing slices
	maxMissingInAGap  = 1
	maxMissing        = 3
	variableRun       = 3   // this many wide gaps in a row are another spacing, not missing slices
	axialCosine       = 0.9 // of the angle between normal and patient z
	tiltWarnDegrees   = 0.5
	tiltRefuseDegrees = 2
	jitterRefuseMM    = 2 // of a slice from the straight line through the stack
	thickWarnMM       = 2.5
	thickRefuseMM     = 5
	apartRatio        = 1.2 // of slice distance to thickness
	lengthToleranceMM = 1e-3
	minValidHU        = -1024 // below: outside the field of view
	maxVoxels         = 1 << 30
	lungAreaMM2       = 500 // of air inside the body in one slice; above any trachea
	bodyMedianLowHU   = -200
	bodyMedianHighHU  = 300
	minAirOrBodyShare = 0.02
	airBelowHU        = -500
	wholeChestMM      = 250 // a series that covers this much is complete
	coverageShare     = 0.8 // of the longest series, else a thinner one is not preferred
)
