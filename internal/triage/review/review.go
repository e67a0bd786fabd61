// Package review says what readers made of findings: what a reader may do, what
// the log of what was done amounts to, and which of two readers' actions
// contradict each other. It knows no study, no store and no page.
package review

import "time"

// Verdict is what a reader says of a finding.
type Verdict string

// The verdicts; "" takes an earlier one back.
const (
	Agree    Verdict = "agree"
	Disagree Verdict = "disagree"
	Unsure   Verdict = "unsure"
)

// Cause is why a reader disagrees.
type Cause string

// The causes. CauseOther asks for a comment.
const (
	CauseVessel      Cause = "vessel"
	CauseScar        Cause = "scar"
	CauseLymphNode   Cause = "lymph_node"
	CauseAtelectasis Cause = "atelectasis"
	CauseMucus       Cause = "mucus"
	CausePleura      Cause = "pleura"
	CauseBone        Cause = "bone"
	CauseArtefact    Cause = "artefact"
	CauseInfection   Cause = "infection"
	CauseOther       Cause = "other"
)

// Causes are all causes, in the order in which they are offered.
var Causes = []Cause{
	CauseVessel, CauseScar, CauseLymphNode, CauseAtelectasis, CauseMucus,
	CausePleura, CauseBone, CauseArtefact, CauseInfection, CauseOther,
}

// MostComment is the most characters of a comment.
const MostComment = 2000

// Reader is who acts: the name that signs in, and the one that is shown.
type Reader struct{ Name, Display string }

// Ref names a finding of one result. A later result's finding of the same rank is
// another one, and has no answer yet.
type Ref struct {
	SeriesUID string
	ResultKey string
	Rank      int
}

// Answer is what a reader says of a finding. Kind and Category are the reader's
// own where they are not "": solid, part-solid, ground-glass, calcified; a Lung-RADS
// category as guideline.Category spells it.
type Answer struct {
	Verdict Verdict
	// Cause goes with Disagree alone.
	Cause    Cause
	Kind     string
	Category string
	Comment  string
}

// Mark is a finding that a reader adds.
type Mark struct {
	// ID is the ID of the action that added it.
	ID             string
	SeriesUID      string
	CenterLPSMM    [3]float64
	DiameterMM     float64
	SOPInstanceUID string
	// Frame counts from 1 in multi-frame instances; 0 in single-frame ones.
	Frame int
	// PixelColumn and PixelRow are 0 at the centre of the top left pixel.
	PixelColumn, PixelRow float64
	Kind, Category        string
	Comment               string
}

// Kind is what kind of action it is.
type Kind string

// The kinds.
const (
	// KindAnswer says something of a finding; the whole answer, every time.
	KindAnswer Kind = "answer"
	// KindAdd adds a Mark, KindChange puts another in its place, KindRemove takes
	// it away.
	KindAdd    Kind = "add"
	KindChange Kind = "change"
	KindRemove Kind = "remove"
	// KindSign signs the study off, with the results that were seen; KindReopen
	// takes that back.
	KindSign   Kind = "sign"
	KindReopen Kind = "reopen"
	// KindUndo undoes the reader's own latest action that is not undone.
	KindUndo Kind = "undo"
)

// Action is one thing that a reader does.
type Action struct {
	// ID is a UUID that the client chose: the same again is the same action, and
	// changes nothing.
	ID   string
	Kind Kind
	// Finding and Answer go with KindAnswer.
	Finding *Ref
	Answer  *Answer
	// Mark goes with KindAdd and KindChange; MarkID with KindChange and KindRemove.
	Mark   *Mark
	MarkID string
	// ResultKeys go with KindSign: the results that were on the screen.
	ResultKeys []string
	// Undoes goes with KindUndo: the number of the entry that is undone.
	Undoes int64
}

// Entry is an action in the log of a study. Entries are added and never changed.
type Entry struct {
	// Number counts from 1 in each study.
	Number int64
	At     time.Time
	Reader Reader
	Action Action
	// From is what the action replaced, nil where there was nothing.
	From *Before
	// NotAssessed goes with KindSign: the code of why the study had no result then;
	// "" where it had one.
	NotAssessed string
}

// Before is what an action replaced: an answer, a mark or a signature.
type Before struct {
	Answer *Answer
	Mark   *Mark
	Signed *Signature
}

// Signature is a sign-off.
type Signature struct {
	By Reader
	At time.Time
	// ResultKeys are sorted.
	ResultKeys []string
	// NotAssessed is as in the Entry.
	NotAssessed string
}
