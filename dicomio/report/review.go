package report

import (
	"encoding/json"
	"time"

	"nafas/dicomio/part10"
	"nafas/inference/measure"
	"nafas/inference/volume"
)

// Review is what readers said of a result. It is in the structured report alone:
// key images, segments and pictures are the program's, whatever is said of them.
type Review struct {
	// Version counts what readers did. At is when they did the last of it.
	Version int64
	At      time.Time
	// Answers by the rank of their finding.
	Answers []Answer
	// Earlier are the answers to results that are not this one.
	Earlier int
	Marks   []Mark
	// Signed is nil where no reader has signed.
	Signed *Signature
}

// Verdict is what a reader says of a finding.
type Verdict string

// The verdicts.
const (
	Accepted Verdict = "accepted"
	Rejected Verdict = "rejected"
	Unsure   Verdict = "unsure"
)

// Cause is why a finding was rejected: one of the keys of its words.
type Cause string

// Reader is a person. ID is the name that signs in, Name the one that is shown;
// either may be "".
type Reader struct{ ID, Name string }

// Answer is what a reader says of a finding.
type Answer struct {
	Rank    int
	Verdict Verdict
	// Cause goes with Rejected.
	Cause Cause
	// Kind and Category are the reader's own; "" where none was given. Category is
	// one of Lung-RADS: "4A".
	Kind     measure.Kind
	Category string
	Comment  string
	By       Reader
	At       time.Time
}

// Mark is a finding that a reader added. Nobody said on which side it is.
type Mark struct {
	// ID is its alone in the study, and stays when it is changed.
	ID             string
	SeriesUID      string
	CenterLPSMM    volume.Vec3
	DiameterMM     float64
	SOPInstanceUID string
	// Frame counts from 1 in multi-frame instances; 0 in others.
	Frame    int
	Kind     measure.Kind
	Category string
	Comment  string
	By       Reader
	At       time.Time
}

// Signature is a sign-off.
type Signature struct {
	By Reader
	// Organisation to which the reader answers; "" where it is not known.
	Organisation string
	At           time.Time
	// Outdated: something has changed since, so that it is not this that was signed.
	Outdated bool
}

// AnswerTo is what was said of a finding; nil where nothing was.
func (r Result) AnswerTo(f Finding) *Answer {
	if r.Review == nil {
		return nil
	}
	for i, a := range r.Review.Answers {
		if a.Rank == f.Rank {
			return &r.Review.Answers[i]
		}
	}
	return nil
}

// Marks are the findings that readers added.
func (r Result) Marks() []Mark {
	if r.Review == nil {
		return nil
	}
	return r.Review.Marks
}

// Signature is the one that holds for this result; nil where there is none.
func (r Result) Signature() *Signature {
	if r.Review == nil || r.Review.Signed == nil || r.Review.Signed.Outdated {
		return nil
	}
	return r.Review.Signed
}

// verified says whether a reader vouches for the report. Nobody can for one that
// is partial.
func (r Result) verified() bool { return r.Signature() != nil && r.NotAssessed == "" }

// SaidAt is when the last of what is said came to be.
func (r Result) SaidAt() time.Time {
	if r.Review != nil && r.Review.At.After(r.At) {
		return r.Review.At
	}
	return r.At
}

// TrackingUID names a mark across all that is said of it.
func (m Mark) TrackingUID() string { return part10.NameUID("tracking mark 1", m.SeriesUID, m.ID) }

// trackingID is the same for a person.
func (m Mark) trackingID() string { return "Reader " + m.ID[:min(8, len(m.ID))] }

// name is a text of all that readers said: equal texts, equal reviews. It is an
// error where a number of theirs is none.
func (v *Review) name() (string, error) {
	text, err := json.Marshal(v)
	return "review 1 " + string(text), err
}
