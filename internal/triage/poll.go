package triage

import (
	"context"
	"time"
)

// Polled is what is remembered of a study in an archive that is looked into.
type Polled struct {
	StudyUID string
	// Instances that the archive had when it was looked at last; 0 where it
	// does not say.
	Instances int
	// Done is how many it had when it was fetched, or passed over, last, and
	// Fetched how many of them were CT; -1 before.
	Done, Fetched int
	// Failures in a row, and when to try again after them.
	Failures int
	NextAt   time.Time
	// SeenAt is when the archive named it last.
	SeenAt time.Time
}

// Ledger remembers what was seen in archives.
type Ledger interface {
	// Polled returns what is known of an archive's studies, by their UID.
	Polled(ctx context.Context, archive string) (map[string]Polled, error)
	// Remember writes what is known now.
	Remember(ctx context.Context, archive string, list []Polled) error
	// ForItself says that a study is about to be fetched to be read: one that was
	// fetched to be compared with is an ordinary one from its next instance on.
	ForItself(ctx context.Context, studyUID string) error
	// Unlist drops what the archive has not named since.
	Unlist(ctx context.Context, archive string, since time.Time) error
}
