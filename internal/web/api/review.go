package api

import "time"

// StudyEvent is a message of GET /api/studies/{uid}/events (server-sent events):
// what others do with the study that is open.
type StudyEvent struct {
	Review *Review `json:"review,omitempty"`
	// Open are the display names of who has it open now; in every message.
	Open []string `json:"open"`
	// Shows is that of the StudyPage of now, in every message: another one than was
	// loaded means that the study has another result, or state: load it again. So
	// nothing is missed between two streams.
	Shows string `json:"shows"`
}

// Review is GET /api/studies/{uid}/review, and the answer of POST to the same.
type Review struct {
	// Version is the number of the latest entry; 0 before the first.
	Version int64           `json:"version"`
	Answers []FindingAnswer `json:"answers"`
	Added   []Mark          `json:"added"`
	Signed  *Signature      `json:"signed,omitempty"`
	// Outdated: signed, and a result has changed since.
	Outdated bool    `json:"outdated"`
	History  []Entry `json:"history"`
	// CanUndo is the number of the entry that an undo of who asks would undo; 0:
	// none.
	CanUndo int64 `json:"canUndo"`
}

// FindingAnswer is what was said last of a finding.
type FindingAnswer struct {
	SeriesUID string    `json:"seriesUid"`
	ResultKey string    `json:"resultKey"`
	Rank      int       `json:"rank"`
	Answer    Answer    `json:"answer"`
	By        string    `json:"by"`
	At        time.Time `json:"at"`
}

// Answer is what a reader says of a finding.
type Answer struct {
	// Verdict: agree, disagree, unsure, or "" to take it back.
	Verdict string `json:"verdict"`
	// Cause of a disagreement: vessel, scar, lymph_node, atelectasis, mucus, pleura,
	// bone, artefact, infection, other.
	Cause string `json:"cause"`
	// Kind: solid, part_solid, ground_glass, calcified; "" leaves the measured one.
	Kind string `json:"kind"`
	// Category is a Lung-RADS category; "" leaves the suggested one.
	Category string `json:"category"`
	Comment  string `json:"comment"`
}

// Mark is a finding that a reader added.
type Mark struct {
	// ID is "" in a request that adds.
	ID          string     `json:"id"`
	SeriesUID   string     `json:"seriesUid"`
	CenterLPSMM [3]float64 `json:"centerLpsMm"`
	DiameterMM  float64    `json:"diameterMm"`
	Image       ImagePlace `json:"image"`
	Kind        string     `json:"kind"`
	Category    string     `json:"category"`
	Comment     string     `json:"comment"`
	// By and At are the server's.
	By string     `json:"by"`
	At *time.Time `json:"at,omitempty"`
}

// Signature is a sign-off.
type Signature struct {
	By string    `json:"by"`
	At time.Time `json:"at"`
}

// Entry is one action in the history of a review.
type Entry struct {
	Number int64     `json:"number"`
	At     time.Time `json:"at"`
	By     string    `json:"by"`
	// Kind: answer, add, change, remove, sign, reopen, undo.
	Kind string `json:"kind"`
	// Rank, SeriesUID and ResultKey of the finding; of an added one SeriesUID and
	// MarkID. Another result may have another finding of the same rank now.
	SeriesUID string  `json:"seriesUid"`
	ResultKey string  `json:"resultKey,omitempty"`
	Rank      int     `json:"rank"`
	MarkID    string  `json:"markId"`
	Answer    *Answer `json:"answer,omitempty"`
	Mark      *Mark   `json:"mark,omitempty"`
	// FromAnswer and FromMark are what it replaced.
	FromAnswer *Answer `json:"fromAnswer,omitempty"`
	FromMark   *Mark   `json:"fromMark,omitempty"`
	// Undoes is the number of the entry that it undid; 0 in other kinds. Undone
	// says that a later one undid it.
	Undoes int64 `json:"undoes"`
	Undone bool  `json:"undone"`
}

// ReviewAction is the body of POST /api/studies/{uid}/review. 409 with a Problem
// that has the review as it is now: another reader has said something of the same
// since Seen.
type ReviewAction struct {
	// ID is a UUID that the page makes; sending the same again changes nothing.
	ID string `json:"id"`
	// Seen is the Version that was on the screen.
	Seen int64 `json:"seen"`
	// Kind: answer, add, change, remove, sign, reopen, undo.
	Kind string `json:"kind"`
	// SeriesUID, ResultKey, Rank and Answer go with answer.
	SeriesUID string  `json:"seriesUid,omitempty"`
	ResultKey string  `json:"resultKey,omitempty"`
	Rank      int     `json:"rank,omitempty"`
	Answer    *Answer `json:"answer,omitempty"`
	// Mark goes with add and change; MarkID with change and remove.
	Mark   *Mark  `json:"mark,omitempty"`
	MarkID string `json:"markId,omitempty"`
	// ResultKeys go with sign.
	ResultKeys []string `json:"resultKeys,omitempty"`
	// Undoes goes with undo.
	Undoes int64 `json:"undoes,omitempty"`
}
