package triage

import (
	"context"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"nafas/dicomio/refusal"
)

// Lists is the part of the store that the worklist of a page is read from. What
// was fetched to be compared with alone is in none of it.
type Lists interface {
	// List returns a part of the worklist, in OrderWorklist, how many studies fit
	// in all, and the number of the latest change that it knows.
	List(ctx context.Context, q Listing) (list []Listed, total int, change int64, err error)
	// Listed returns those of the studies that are in the worklist, in no order.
	Listed(ctx context.Context, uids []string) ([]Listed, error)
	// Tally counts over all of them.
	Tally(ctx context.Context) (Tally, error)
}

// MostListed is the most studies of one Listing.
const MostListed = 500

// Bounds of what is searched: longer texts are no name, and each word is looked
// for in every study.
const (
	mostSearched    = 200
	mostSearchWords = 8
)

// Listing asks for a part of the worklist.
type Listing struct {
	// Search holds words that all stand in the patient's name or identifier, the
	// accession number, the description or the UID, whatever their case and accents.
	Search string
	// States, Priorities and Reviews are filters; empty means every one.
	States     []State
	Priorities []Priority
	Reviews    []ReviewState
	Offset     int
	// Limit is 1 to MostListed; 0 means DefaultPageSize.
	Limit int
}

// Words are those that are looked for, as SearchKey has them.
func (q Listing) Words() []string {
	text := []rune(q.Search)
	words := strings.Fields(SearchKey(string(text[:min(len(text), mostSearched)])))
	return words[:min(len(words), mostSearchWords)]
}

// Listed is a study in the worklist, without its series, with what of its images'
// headers and of its results is shown there.
type Listed struct {
	Study
	// Name is PatientName (0010,0010) as the header has it; the rest likewise, ""
	// where it says nothing. Of studies whose images are gone only name, identifier
	// and date of birth are known.
	Name, PatientID, BirthDate, Sex              string
	StudyDate, StudyTime, Description, Accession string
	// Results of its series; none while they are withheld.
	Results []ListedResult
	// Missed counts the series that were not read and MayShowLungs.
	Missed int
	// Waiting, Delivered and Dead count the latest delivery of each destination.
	Waiting, Delivered, Dead int
	Review                   ReviewSummary
	// Change is the number of the latest change.
	Change int64
}

// ListedResult counts what was said of one series.
type ListedResult struct {
	SeriesUID, Key    string
	Findings, Flagged int
}

// Tally counts the studies of the worklist.
type Tally struct {
	Receiving, Waiting, Running int
	// ToReview are final and not signed off, NotAssessed and Failed among them.
	ToReview, NotAssessed, Failed int
	SignedOff                     int
	// UrgentToReview are those of priority urgent that are not signed off;
	// OldestUrgent is when the first of them was received, zero where there is none.
	UrgentToReview int
	OldestUrgent   time.Time
}

// List returns a part of the worklist, how many studies fit, and a cursor from
// which Watch tells what changes after it.
func (s *Service) List(ctx context.Context, from Lists, q Listing) (list []Listed, total int, cursor string, err error) {
	if q.Limit <= 0 {
		q.Limit = DefaultPageSize
	}
	q.Limit, q.Offset = min(q.Limit, MostListed), max(q.Offset, 0)
	list, total, change, err := from.List(ctx, q)
	for i := range list {
		list[i].withhold()
	}
	return list, total, s.cursor(change), err
}

// Listed returns those of the studies that are in the worklist, in no order.
func (s *Service) Listed(ctx context.Context, from Lists, uids ...string) ([]Listed, error) {
	list, err := from.Listed(ctx, uids)
	for i := range list {
		list[i].withhold()
	}
	return list, err
}

// withhold is the rule of Study.withheld in lists.
func (l *Listed) withhold() {
	if l.NotAssessed != nil && l.NotAssessed.Reason == refusal.PatientMismatch {
		l.Results = nil
	}
}

// SearchKey is a text as it is searched: without case, without accents and other
// marks over or under letters, and with the separators of names as spaces.
func SearchKey(text string) string {
	text = norm.NFD.String(cases.Fold().String(text))
	return norm.NFC.String(strings.Map(func(r rune) rune {
		switch {
		case r == '^' || r == '=' || unicode.IsSpace(r) || unicode.IsControl(r):
			return ' '
		case unicode.Is(unicode.Mn, r) || r == 'ـ': // the Arabic tatweel is no letter either
			return -1
		}
		return r
	}, text))
}
