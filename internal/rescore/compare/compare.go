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
	// State is Scored or Unchanged where a series has a result, else the first of
	// Waiting, Failed and Skipped that one of its series is in: what should have been
	// read and was not comes before what is nothing for the model. Reason is that
	// series'.
	State  rescore.SeriesState
	Reason string
	// The rest is of a study with a result.
	SeriesUID string
	Scan      triage.Scan
	Findings  []triage.Finding
	Priority  triage.Priority
	LungRADS  string
}

// Comparison is what changed. Every study of either pass is counted once in Both,
// OnlyBefore, OnlyAfter, Neither and Unfinished.
type Comparison struct {
	Before, After Side
	// Both have a result in both passes; all counts below are of them.
	Both int
	// OnlyBefore and OnlyAfter have a result in one pass alone.
	OnlyBefore, OnlyAfter Reasons
	// NotRead are those of OnlyBefore that the pass after has, in the order of their
	// UIDs; their Reason says why it has no result of them.
	NotRead []Change
	// Neither have no result in either pass; Unfinished have one in one pass and
	// still wait in the other, which is not done.
	Neither, Unfinished int
	// NewlyFlagged have a flagged finding after and none before; Dropped the other
	// way round. Each model's own operating point of 1 false mark per scan decides.
	NewlyFlagged, Dropped []Change
	// StillFlagged and StillNot are the other two.
	StillFlagged, StillNot int
	// Priorities and Categories count the studies by what was said before and after,
	// in the order of the words. Categories is nil where a pass did not ask for them.
	Priorities []Cell
	Categories []Cell
	// Scores are the best scores of a sample of studies, for a picture; every study
	// counts in the strata.
	Scores                         []Pair
	ByScanner, ByThickness, ByYear []Stratum
	// LookAgain are the studies that a reader should see, the most urgent first:
	// newly flagged, priority up, category up, flagged and not read before, dropped,
	// read before and not now. Only studies that the pass after has are among them:
	// the others are in Before.Alone. A study with several kinds is where its first is.
	// Within one of these, by priority (after; before where it was dropped or is not
	// read now) from urgent down, by the best score of that pass from high to low, by
	// UID.
	LookAgain []Change
}

// Reasons count studies without a result in a pass by why: the reason of the series,
// its state where none was kept, ReasonAbsent where the pass does not have the study.
type Reasons map[string]int64

// Studies are all of them.
func (r Reasons) Studies() int {
	n := int64(0)
	for _, of := range r {
		n += of
	}
	return int(n)
}

// Side is one pass.
type Side struct {
	Label string
	Model triage.Model
	// Studies are all of the pass, Scored those with a result, Flagged those with a
	// flagged finding. Waiting are those of a pass that is not done; Alone are those
	// that the other pass does not have.
	Studies, Scored, Flagged, Waiting, Alone int
	// Findings of all studies, flagged or not.
	Findings int
}

// Cell counts the studies that went from one word to another.
type Cell struct {
	Before, After string
	Studies       int
}

// Pair are the best scores of one study; 0 where nothing was found.
type Pair struct{ Before, After float64 }

// Stratum is a part of the studies. What is not known is a stratum of its own,
// froc.Unknown: the Studies of each division add up to Both.
type Stratum struct {
	Name                        string
	Studies                     int
	NewlyFlagged, Dropped       int
	FlaggedBefore, FlaggedAfter int
	// Shift is the change of the best score, after less before: its median and
	// quartiles.
	Shift Quartiles
}

// Quartiles of a set of numbers, linear between two of them (type 7 of Hyndman and
// Fan, The American Statistician 50, 1996; numpy's and R's own).
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
	// Signed are the studies that were read and signed off. Studies are those of
	// them of which this pass scored a series that readers saw; all that follows is
	// of these. The other Signed were not scored, or by another series.
	Signed, Studies int
	// Series are the scans that the evaluation counts.
	Series int
	// Seen are the models whose findings the readers saw, sorted.
	Seen []string
	// Caveats must be shown wherever a figure of the agreement is.
	Caveats []Caveat
	// Evaluation holds the curve, and the operating points with their intervals:
	// nodules are findings that readers agreed with or added. It is nil where Studies
	// is 0.
	Evaluation *froc.Evaluation
}
