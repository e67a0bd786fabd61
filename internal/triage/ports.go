package triage

import (
	"context"
	"io"
	"time"

	"nafas/dicomio/refusal"
)

// Store keeps studies, instances, results and jobs. Each method is one
// transaction: it happens whole or not at all, and what it reports done is
// durable. Methods that end or need a job take its fencing Token and return
// ErrFenced, changing nothing, where that attempt no longer owns the study.
type Store interface {
	// Installation names this data folder; it is part of watch cursors.
	Installation() string
	// Known returns what is stored of the SOP Instance UIDs, absent where
	// nothing is.
	Known(ctx context.Context, sopUIDs []string) (map[string]Known, error)
	// Record writes the rows of an upload, decides about each study (Decide)
	// and inserts the jobs.
	Record(ctx context.Context, in Intake) (Recorded, error)

	// Study returns a study with its series, or ErrNotFound.
	Study(ctx context.Context, uid string) (Study, error)
	// Studies returns up to q.Size studies after the key, without series.
	Studies(ctx context.Context, q Query, after *Key) ([]Study, error)
	// Changes returns the studies that changed after the number, in the
	// order of their latest change, without series.
	Changes(ctx context.Context, after int64, limit int) ([]Change, error)
	// LastChange returns the number of the latest change; 0 where there was
	// none.
	LastChange(ctx context.Context) (int64, error)

	// Said returns what a delivery of a study would hold now, or ErrNotFound.
	Said(ctx context.Context, studyUID string) (Delivery, error)
	// Deliveries lists up to q.Size deliveries by their number, after q.After.
	Deliveries(ctx context.Context, q DeliveryQuery) ([]DeliveryStatus, error)
	// RetryDeliveries puts dead deliveries that are the latest of their study
	// and destination back into the outbox, and returns how many; studyUID and
	// destination may be "".
	RetryDeliveries(ctx context.Context, studyUID, destination string, at time.Time) (int, error)
	// Answered takes a destination's report in; false where no delivery waits
	// for it.
	Answered(ctx context.Context, r CommitmentReport, at time.Time) (bool, error)

	// Settle takes a study as complete if nothing came since quietSince, and
	// ends the job; otherwise it changes nothing, and NotBefore is the time of
	// the last arrival.
	Settle(ctx context.Context, t Token, uid string, at, quietSince time.Time, r Recipe) (Settled, error)
	// StartReading marks a study as running.
	StartReading(ctx context.Context, t Token, uid string, at time.Time, r Recipe) (ReadingJob, error)
	// FinishReading writes a reading and ends the job.
	FinishReading(ctx context.Context, t Token, at time.Time, reading StudyReading) error
	// Trouble counts one more failure of a kind against the job, puts the
	// study back to waiting and returns how many of that kind there are now;
	// TroubleNoWorker is not counted.
	Trouble(ctx context.Context, t Token, uid string, at time.Time, kind TroubleKind) (int, error)
	// GiveUp ends the job: the study is final with this reason. The recipe is for
	// studies that are compared with it.
	GiveUp(ctx context.Context, t Token, uid string, at time.Time, why *refusal.Error, r Recipe) error
	// Cancel ends whatever job the study has; the study is not assessed. It
	// returns the jobs that were running, and changes nothing in a study
	// that is final.
	Cancel(ctx context.Context, uid string, at time.Time, why *refusal.Error) ([]int64, error)

	Keeper
	Counter
	Reviews
}

// Files is the data folder.
type Files interface {
	// Spool returns an empty file for incoming bytes.
	Spool() (SpoolFile, error)
	// Inbox returns an empty file whose name is durable: once it is synced, a
	// server that starts after a crash finds it (Arrived). Placing it leaves
	// the name, until Discard takes it away.
	Inbox() (SpoolFile, error)
	// Arrived are the files that an earlier server left in the inbox; they
	// count as synced. To be called before the first Inbox.
	Arrived() ([]SpoolFile, error)
	// Place moves synced spool files to their places and syncs the folders:
	// when it returns, contents and names are durable.
	Place(ctx context.Context, moves []Move) error
	// Remove deletes files that no row points at.
	Remove(paths []string) error
	// Read returns the contents of a stored file.
	Read(path string) ([]byte, error)
	// FreeBytes is what may still be written.
	FreeBytes() (int64, error)
	// Abs returns the absolute path of a stored file.
	Abs(path string) string
}

// SpoolFile is a file on its way in.
type SpoolFile interface {
	io.Writer
	// Sync makes the contents durable and closes the file.
	Sync() error
	// Read returns the contents and a function that gives them back.
	Read() (data []byte, release func(), err error)
	// Discard closes and deletes the file, wherever it is in its life.
	Discard()
	// Path is the path relative to the data folder.
	Path() string
}

// Move is a spool file and the place that it goes to.
type Move struct {
	From SpoolFile
	// Place is the kind of place; Study chooses the folder in it.
	Place Place
	Study string
	// To is set by Place: the path relative to the data folder.
	To string
}

// Place is a kind of place in the data folder.
type Place int

// The places.
const (
	PlaceInstances Place = iota
	PlaceQuarantine
)
