// Package compare says what changed between two passes over the same studies:
// two rescorings, or one and what the live service said.
package compare

import (
	"nafas/inference/froc"
	"nafas/internal/rescore"
	"nafas/internal/triage"
)

// Study is what one pass said of one study.
type Study struct {
	UID  string
	Date string // YYYYMMDD, or ""
	// State is the best of its series: Scored and Unchanged have a result.
	State  rescore.SeriesState
	Reason string
	// The rest is of a study with a result.
	SeriesUID string
	Scan      triage.Scan
	Findings  []triage.Finding
	Priority  triage.Priority
	LungRADS  string
}

// Comparison is what changed.
type Comparison struct {
	Before, After Side
	// Both have a result in both passes; all counts below are of them.
	Both int
	// OnlyBefore and OnlyAfter have a result in one pass alone.
	OnlyBefore, OnlyAfter []Change
	// NewlyFlagged have a flagged finding after and none before; Dropped the other
	// way round. Each model's own operating point of 1 false mark per scan decides.
	NewlyFlagged, Dropped []Change
	// StillFlagged and StillNot are the other two.
	StillFlagged, StillNot int
	// Priorities and Categories count the studies by what was said before and after.
	Priorities []Cell
	Categories []Cell
	// Scores are the best scores of a sample of studies, for a picture; every study
	// counts in the strata.
	Scores                         []Pair
	ByScanner, ByThickness, ByYear []Stratum
	// LookAgain are the studies that a reader should see, the most urgent first:
	// newly flagged, priority up, category up, dropped, read before and not now.
	LookAgain []Change
}

// Side is one pass.
type Side struct {
	Label    string
	Model    triage.Model
	Studies  int
	Scored   int
	Flagged  int
	Findings int
}

// Cell counts the studies that went from one word to another.
type Cell struct {
	Before, After string
	Studies       int
}

// Pair are the best scores of one study; 0 where nothing was found.
type Pair struct{ Before, After float64 }

// Stratum is a part of the studies.
type Stratum struct {
	Name                        string
	Studies                     int
	NewlyFlagged, Dropped       int
	FlaggedBefore, FlaggedAfter int
	// Shift is the change of the best score: its median and quartiles.
	Shift Quartiles
}

// Quartiles of a set of numbers.
type Quartiles struct{ Low, Median, High float64 }

// Kind is what changed in a study.
type Kind string

// The kinds of change, the most urgent first.
const (
	KindNewlyFlagged Kind = "newly_flagged"
	KindPriorityUp   Kind = "priority_up"
	KindCategoryUp   Kind = "category_up"
	KindDropped      Kind = "dropped"
	KindPriorityDown Kind = "priority_down"
	KindCategoryDown Kind = "category_down"
	KindNotRead      Kind = "read_before_not_now"
	KindReadNow      Kind = "not_read_before"
)

// Change is one study of which something else is said now.
type Change struct {
	StudyUID, SeriesUID, Date string
	Manufacturer              string
	Kinds                     []Kind
	ScoreBefore, ScoreAfter   float64
	PriorityBefore            triage.Priority
	PriorityAfter             triage.Priority
	CategoryBefore            string
	CategoryAfter             string
	// Reason is why one pass has no result; "" where both have.
	Reason string
}

// Agreement is how a pass agrees with what readers recorded of the studies that
// they signed off.
type Agreement struct {
	// Studies that were signed off and have a result.
	Studies int
	// Evaluation holds the curve, and the operating points with their intervals:
	// nodules are findings that readers agreed with or added.
	Evaluation *froc.Evaluation
}
