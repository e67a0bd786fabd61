// Package triage is the application: it takes instances in, decides when a
// study is complete, has it read, and keeps what was said of it. It declares
// the ports (Store, Reader) that adapters satisfy, and it is the place where a
// finding's slice becomes a SOP Instance UID.
package triage

import (
	"time"

	"nafas/dicomio/refusal"
	"nafas/inference/finding"
)

// Reasons why a study is not assessed that no single input is to blame for.
const (
	WorkerCrashed refusal.Reason = "WORKER_CRASHED"
	Cancelled     refusal.Reason = "CANCELLED"
	Internal      refusal.Reason = "INTERNAL"
	LimitExceeded refusal.Reason = "LIMIT_EXCEEDED"
)

// State is where a study stands.
type State string

// The states of a study.
const (
	Receiving   State = "receiving"
	Waiting     State = "waiting"
	Running     State = "running"
	Done        State = "done"
	NotAssessed State = "not_assessed"
	Failed      State = "failed"
)

// Final says that nothing more happens to the study by itself.
func (s State) Final() bool { return s == Done || s == NotAssessed || s == Failed }

// Priority is the place in the worklist that a result suggests; a larger
// value comes first.
type Priority int

// The priorities. PriorityNone is for a study without a result.
const (
	PriorityNone Priority = iota
	PriorityRoutine
	PriorityNotAssessed
	PriorityHigh
	PriorityUrgent
)

// Word is the priority in tables and comparisons: none, routine, not_assessed,
// high, urgent.
func (p Priority) Word() string {
	switch p {
	case PriorityRoutine:
		return "routine"
	case PriorityNotAssessed:
		return "not_assessed"
	case PriorityHigh:
		return "high"
	case PriorityUrgent:
		return "urgent"
	}
	return "none"
}

// RequestPriority is what the sender asked for.
type RequestPriority string

// The request priorities.
const (
	RequestRoutine RequestPriority = "routine"
	RequestUrgent  RequestPriority = "urgent"
)

// Study is an examination and what is known of it.
type Study struct {
	UID             string
	State           State
	Priority        Priority
	PriorityReasons []PriorityReason
	RequestPriority RequestPriority
	ReceivedAt      time.Time
	UpdatedAt       time.Time
	// Instances are stored; Quarantined are kept apart and never read.
	Instances   int
	Quarantined int
	// PriorOnly: it was fetched to be compared with, and is no case to read.
	PriorOnly bool
	// ImagesGoneAt is when the images were deleted after their days; zero where
	// they are there, and in lists.
	ImagesGoneAt time.Time
	// Series is empty in lists.
	Series []Series
	// NotAssessed says why there is no result; nil where there is one.
	NotAssessed *refusal.Error
	// Assessment is nil where no series was read, in studies that versions read
	// which made none, and in lists.
	Assessment *Assessment
	// Comparison with an earlier study; nil where there is none, and in lists.
	Comparison *Comparison
	// Deliveries, the newest last; empty in lists.
	Deliveries []DeliveryStatus
}

// Series is one reconstruction and what became of it: at most one of NotRead
// and Result is set.
type Series struct {
	UID       string
	Modality  string
	Instances int
	NotRead   *refusal.Error
	Result    *Result
}

// Result is what one model said of one series.
type Result struct {
	StudyUID  string
	SeriesUID string
	Model     Model
	Runtime   Runtime
	// Key identifies input, model and configuration: equal keys, equal
	// findings.
	Key      string
	Warnings []Warning
	Notes    []string
	// Findings: rank 1 first. An empty list does not exclude disease.
	Findings []Finding
	Scan     Scan
	Timings  []StageTime
}

// Model names a detector exactly.
type Model struct {
	Name, Version string
	// SHA256 is over the manifest and the ONNX files, hex.
	SHA256 string
}

// Runtime names the ONNX Runtime library exactly.
type Runtime struct{ Version, SHA256 string }

// Warning is something about the scan that makes the result less sure.
type Warning struct{ Code, Text string }

// StageTime is the wall time of one stage of the pipeline.
type StageTime struct {
	Stage string
	Wall  time.Duration
}

// Scan says what was read.
type Scan struct {
	Slices, Rows, Columns int
	SpacingMM             [3]float64
	SliceThicknessMM      float64
	Kernel, Manufacturer  string
	LungVolumeML          float64
}

// Finding is a finding with its place in the images.
type Finding struct {
	// Finding has the size that the detector gave; Diameter is the one to show.
	finding.Finding
	// Measured is nil in results of versions that measured nothing.
	Measured *Measurement
	// Place is nil in results of versions that did not place findings.
	Place          *finding.Place
	SOPInstanceUID string
	// Slice counts from 0 after sorting along the normal.
	Slice int
	// Frame counts from 1 in multi-frame instances; 0 in single-frame ones.
	Frame int
	// PixelColumn and PixelRow are 0 at the centre of the top left pixel.
	PixelColumn, PixelRow float64
}

// Progress of one series; Done of Total steps of Stage.
type Progress struct {
	StudyUID, SeriesUID string
	Stage               string
	Done, Total         int
}
