package rescore

import (
	"context"
	"time"

	"nafas/internal/triage"
)

// PublishedList is a list of studies to look at again that readers are shown. A
// rescoring has at most one.
type PublishedList struct {
	Rescoring int64
	// Name and Model are the rescoring's.
	Name  string
	Model triage.Model
	// Baseline is what it was compared with: BaselineLive, or the number of another
	// rescoring.
	Baseline    string
	PublishedAt time.Time
	// StudiesDone of Studies were through when the list was made. Whole says that
	// nothing waited any more in either pass: else studies may be missing.
	StudiesDone, Studies int64
	Whole                bool
	// Entries is how many there are.
	Entries int
}

// ListEntry is one study of a list.
type ListEntry struct {
	// Place counts from 1; 1 is looked at first.
	Place               int
	StudyUID, SeriesUID string
	// StudyDate is YYYYMMDD, or "".
	StudyDate string
	// Kinds are what changed, the most urgent first, by the words of compare.Kind.
	Kinds []string
	// Before and After are what was said in each pass; nil where it has no result.
	Before, After *Said
	// Reason is why one pass has no result, a code; "" where both have.
	Reason string
}

// Said is what a pass said of a study with a result.
type Said struct {
	// Score is the best one; 0 where nothing was found.
	Score    float64         `json:"score"`
	Priority triage.Priority `json:"priority"`
	// LungRADS is the category that is suggested, such as "4A", or "".
	LungRADS string `json:"lung_rads,omitempty"`
}

// Publish shows readers a list, in the place of the one that its rescoring had, and
// returns it as it is kept. PublishedAt and Entries need not be given. ErrNotFound.
func (s *Service) Publish(ctx context.Context, l PublishedList, entries []ListEntry) (PublishedList, error) {
	l.PublishedAt, l.Entries = s.now(), len(entries)
	return l, s.ledger.Publish(ctx, l, entries)
}

// Withdraw takes the list of a rescoring away from readers. ErrNotFound,
// ErrNotPublished.
func (s *Service) Withdraw(ctx context.Context, id int64) error { return s.ledger.Withdraw(ctx, id) }

// PublishedLists returns the lists that readers are shown, the newest first.
func (s *Service) PublishedLists(ctx context.Context) ([]PublishedList, error) {
	return s.ledger.PublishedLists(ctx)
}

// ListEntries returns the list of a rescoring with a part of its entries, as
// Ledger.ListEntries does.
func (s *Service) ListEntries(ctx context.Context, id int64, offset, limit int) (PublishedList, []ListEntry, error) {
	return s.ledger.ListEntries(ctx, id, offset, limit)
}
