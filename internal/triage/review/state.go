package review

import "time"

// State is what a log amounts to.
type State struct {
	// Version is the number of the latest entry; 0 where there is none.
	Version int64
	// Answers are the latest that stand, by finding; one that was taken back is
	// absent.
	Answers map[Ref]Answered
	// Marks are those that stand, in the order in which they were added.
	Marks []Marked
	// Signed is nil where the study is not signed off.
	Signed *Signature
	// Outdated: signed off, and what is said of the study is something else now.
	Outdated bool
	// Entries are the whole log.
	Entries []Entry
}

// Answered is an answer, and whose.
type Answered struct {
	Answer
	By Reader
	At time.Time
}

// Marked is a mark, and whose: of who added or changed it last.
type Marked struct {
	Mark
	By Reader
	At time.Time
}
