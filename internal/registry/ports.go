package registry

import (
	"context"
	"io"
	"time"

	"nafas/internal/triage"
)

// Ledger keeps what is known of models. Each method is one transaction: it happens
// whole or not at all, with its event, and what it reports done is durable.
// Methods that take a Token return triage.ErrFenced, changing nothing, where that
// attempt no longer runs. What cannot be is an *Error.
type Ledger interface {
	// Models returns those of the data folder, in the order of their installation.
	Models(ctx context.Context) ([]Model, error)
	// Add keeps a model whose files are in their places; Taken where another one has
	// its name and version. The same again changes nothing.
	Add(ctx context.Context, m Model, files []File, who Who, at time.Time) error
	// Activate makes a model the live one, and the one before retired. From the shadow
	// it leaves; its studies that wait are no longer to be read.
	Activate(ctx context.Context, sha256 string, who Who, at time.Time) error
	// Before is the model that RollBack returns to: the one that was live before the
	// present one was activated, of those that are still there. NotNow where there is
	// none.
	Before(ctx context.Context) (Model, error)
	// RollBack is Activate with Before, after which that one's own predecessor is
	// Before.
	RollBack(ctx context.Context, who Who, at time.Time) error
	// StartShadow makes a model the shadow; NotNow where another one is, and of the
	// live one.
	StartShadow(ctx context.Context, sha256 string, who Who, at time.Time) error
	// StopShadow ends it; what was read is kept. NotNow where it is not the shadow.
	StopShadow(ctx context.Context, sha256 string, who Who, at time.Time) error
	// Remove forgets a model; its files are deleted by Bury, in triage.Keeper. NotNow
	// where it is live or the shadow, where RollBack would return to it, and where
	// results are of it; where it has read in shadow unless readings, which go with it.
	Remove(ctx context.Context, sha256 string, readings bool, who Who, at time.Time) error
	// Events returns all, the oldest first.
	Events(ctx context.Context) ([]Event, error)

	// LiveWaits says whether a live study waits or is read.
	LiveWaits(ctx context.Context) (bool, error)
	// Case returns what a job is to read, with this recipe.
	Case(ctx context.Context, t triage.Token, j Job, r triage.Recipe) (Case, error)
	// Keep keeps an outcome, unless the study was read anew since or the model is no
	// longer the shadow: nobody asks for it then.
	Keep(ctx context.Context, t triage.Token, o Outcome) error
	// Pairs hands on what a model said in shadow beside what one live model said, by
	// the bytes of the UID from low to high. live is the SHA-256 of that one; "" for the
	// one beside which it read last. It hands on nothing where there is nothing.
	Pairs(ctx context.Context, sha256, live string, each func(Pair) error) (Pairing, error)
}

// Shelf keeps the files of models in the data folder.
type Shelf interface {
	// Draft opens an empty folder for a model on its way in. It is deleted by
	// Discard, and by the next start.
	Draft() (Draft, error)
	// Abs returns the absolute path of what is below the data folder.
	Abs(path string) string
	// FreeBytes is what may still be written.
	FreeBytes() (int64, error)
	// Discard deletes a folder that Place has made and no row names.
	Discard(folder string) error
}

// Draft is a folder on its way in.
type Draft interface {
	// Dir is its absolute path.
	Dir() string
	// Create opens a new file in it; closing makes the contents durable.
	Create(name string) (io.WriteCloser, error)
	// Place gives the folder its name below the data folder: when it returns, contents
	// and names are durable. What has that name already, and no row, goes.
	Place(name string) (folder string, files []File, err error)
	// Discard deletes it, unless it was placed.
	Discard()
}

// Use is what a process reads for.
type Use int

// The uses. All but UseLive stand behind whatever else the machine has to do.
const (
	UseLive Use = iota
	UseShadow
	UseTrial
)

// Workers have models read in processes of their own, never in the server.
type Workers interface {
	// New makes a reader of the model in a folder; no process runs yet.
	New(dir string, u Use) Reader
}

// Reader reads studies with one model, in a process that leaves when it is idle.
type Reader interface {
	triage.StudyReader
	// Start has a process ready whose self-test has passed, and says what it reads
	// with.
	Start(ctx context.Context) (Identity, error)
	// Close ends the process after what it has in hand.
	Close()
}

// Identity is what a process reads with.
type Identity struct {
	Model   triage.Model
	Runtime triage.Runtime
	Recipe  triage.Recipe
}

// Desk is where live studies are read; triage.Service is one.
type Desk interface {
	Switch(r triage.StudyReader, recipe triage.Recipe) (idle <-chan struct{})
}
