package triage

import (
	"context"
	"errors"
	"slices"
	"time"

	"nafas/internal/triage/review"
)

// Reviews is the part of the store that keeps what readers say. Entries are
// added and never changed; an action that an error refuses adds nothing.
type Reviews interface {
	// Review returns what was said of a study, or ErrNotFound.
	Review(ctx context.Context, studyUID string) (review.State, error)
	// Act adds what review.Next makes of an action, and counts that as a change of
	// the study. The log is read, judged and added to in one transaction: of two
	// actions that contradict each other the second one gets review.ErrConflict.
	// Other errors: ErrNotFound, *review.InvalidError.
	Act(ctx context.Context, studyUID string, at time.Time, who review.Reader, seen int64, a review.Action) (review.State, error)
	// ReviewSummaries are by study UID; those that are not stored are absent.
	ReviewSummaries(ctx context.Context, studyUIDs []string) (map[string]ReviewSummary, error)
	// Reviews lists up to q.Size studies by reception, after the key.
	Reviews(ctx context.Context, q ReviewQuery, after *Key) ([]ReviewedStudy, error)
	// SignedStudies calls each with the studies received in the period that are
	// signed off, and not outdated, by reception. done counts those with a result,
	// signed or not.
	SignedStudies(ctx context.Context, p Period, each func(SignedStudy) error) (done int, err error)
}

// ReviewState is how far the readers are with a study.
type ReviewState string

// The states of a review.
const (
	ReviewNone   ReviewState = "none"
	ReviewBegun  ReviewState = "begun"
	ReviewSigned ReviewState = "signed"
	// ReviewOutdated: signed, and what is said of the study is something else now.
	ReviewOutdated ReviewState = "outdated"
)

// ReviewStates are all of them.
var ReviewStates = []ReviewState{ReviewNone, ReviewBegun, ReviewSigned, ReviewOutdated}

// ReviewSummary is a review in a list.
type ReviewSummary struct {
	State ReviewState
	// Version is the number of the latest entry.
	Version int64
	// By and At are the signature's; zero where there is none.
	By review.Reader
	At time.Time
	// Answered are findings of the present results; Added are marks that stand.
	Answered, Added int
}

// Summarise counts a review; now is the study as it is.
func Summarise(s review.State, now review.Subject) ReviewSummary {
	out := ReviewSummary{State: ReviewNone, Version: s.Version, Added: len(s.Marks)}
	for ref := range s.Answers {
		if ref.Current(now.Results) {
			out.Answered++
		}
	}
	switch {
	case s.Outdated:
		out.State = ReviewOutdated
	case s.Signed != nil:
		out.State = ReviewSigned
	case s.Version > 0:
		out.State = ReviewBegun
	}
	if s.Signed != nil {
		out.By, out.At = s.Signed.By, s.Signed.At
	}
	return out
}

// Review returns what readers said of a study, or ErrNotFound.
func (s *Service) Review(ctx context.Context, studyUID string) (review.State, error) {
	return s.store.Review(ctx, studyUID)
}

// Act has a reader do something in a study of which he saw the given version of
// the review, and returns the review as it is then. The same action again changes
// nothing. It is a change of the study, which Watch tells of. Errors: ErrNotFound;
// *review.InvalidError; review.ErrConflict, with the review as it is.
func (s *Service) Act(ctx context.Context, studyUID string, who review.Reader, seen int64, a review.Action) (review.State, error) {
	state, err := s.store.Act(ctx, studyUID, s.opt.Now(), who, seen, a)
	if errors.Is(err, review.ErrConflict) {
		state, other := s.store.Review(ctx, studyUID)
		return state, errors.Join(err, other)
	}
	if err != nil {
		return state, err
	}
	s.log.InfoContext(ctx, "reviewed", "study", s.name(studyUID), "kind", a.Kind, "version", state.Version)
	s.hub.changed()
	return state, nil
}

// Period is a span of reception: at or after, before. Zero is no bound.
type Period struct{ After, Before time.Time }

// ReviewQuery asks for a page of studies and their reviews.
type ReviewQuery struct {
	// States are a filter; empty means every one but ReviewNone.
	States []ReviewState
	Period
	// Size is 1 to MaxPageSize; 0 means DefaultPageSize.
	Size int
	// Token is that of the page before; everything but Size must be as it was then.
	Token string
}

// ReviewedStudy is a study in a list of reviews.
type ReviewedStudy struct {
	UID        string
	ReceivedAt time.Time
	Review     ReviewSummary
}

// Reviews lists reviews, those of the studies that were received first at the
// beginning. next is the token of the next page, "" on the last one. ErrBadToken.
func (s *Service) Reviews(ctx context.Context, q ReviewQuery) (list []ReviewedStudy, next string, err error) {
	if len(q.States) == 0 {
		q.States = []ReviewState{ReviewBegun, ReviewSigned, ReviewOutdated}
	}
	slices.Sort(q.States)
	if q.Size <= 0 {
		q.Size = DefaultPageSize
	}
	size := min(q.Size, MaxPageSize)
	bound := fingerprint("reviews", slices.Compact(q.States), q.After.UTC(), q.Before.UTC())
	after, err := parsePageToken(q.Token, bound)
	if err != nil {
		return nil, "", err
	}
	q.Size = size + 1
	if list, err = s.store.Reviews(ctx, q, after); err != nil || len(list) <= size {
		return list, "", err
	}
	list = list[:size]
	last := list[size-1]
	next, err = pageToken{Bound: bound, Key: Key{ReceivedAt: last.ReceivedAt, UID: last.UID}}.encode()
	return list, next, err
}

// ReviewSummaries are reviews of several studies, for lists.
func (s *Service) ReviewSummaries(ctx context.Context, studyUIDs []string) (map[string]ReviewSummary, error) {
	return s.store.ReviewSummaries(ctx, studyUIDs)
}
