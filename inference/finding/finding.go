// Package finding holds what the detector found and what is known of it.
package finding

import "nafas/inference/volume"

// Side is the patient's side, never the image's.
type Side string

// The sides. Unknown is for a place that lies in neither lung.
const (
	SideLeft    Side = "left"
	SideRight   Side = "right"
	SideUnknown Side = ""
)

// Candidate is a raw detector hit, before merging and ranking.
type Candidate struct {
	// CenterLPSMM is the centre in patient LPS mm.
	CenterLPSMM volume.Vec3
	// DiameterMM is the size that the network regressed.
	DiameterMM float64
	// Score is the detector's output in [0,1]; not a probability of
	// malignancy.
	Score float64
}

// Finding is a candidate shown to a reader: its score is at or above the
// model's 4-false-marks-per-scan point, and it is among the best 20 of its
// series.
type Finding struct {
	// Rank 1 is read first.
	Rank int
	// Score is rounded to 1e-4.
	Score float64
	// Flagged says that Score is at or above the model's default operating
	// point (1 false mark per scan).
	Flagged bool
	// CenterLPSMM is rounded to 0.01 mm.
	CenterLPSMM volume.Vec3
	// MeanDiameterMM is rounded to 0.1 mm.
	MeanDiameterMM float64
	Side           Side
	// VoxelIndex is the centre as a continuous index (i column, j row,
	// k slice) of the volume that was read.
	VoxelIndex volume.Vec3
}
