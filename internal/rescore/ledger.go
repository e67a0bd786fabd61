package rescore

import (
	"context"
	"errors"
	"time"

	"nafas/internal/triage"
)

// The errors of a Ledger.
var (
	ErrNotFound = errors.New("there is no such rescoring")
	// ErrNotNow says that a study is not to be read now: its rescoring is not
	// running. The study waits until it is fed again.
	ErrNotNow = errors.New("the rescoring is not running")
	// ErrState says that a rescoring cannot go from its state to the one asked for.
	ErrState = errors.New("not possible in this state")
	// ErrOtherRecipe says that a result was made with another recipe than the
	// rescoring's.
	ErrOtherRecipe = errors.New("read with another model or configuration")
	// ErrNotPublished says that readers are shown no list of a rescoring.
	ErrNotPublished = errors.New("its list of studies to look at again is not published")
)

// Ledger keeps rescorings and their inputs. Each method is one transaction, and
// what it reports done is durable. Methods that take a Token return
// triage.ErrFenced, changing nothing but Totals.Late, where that attempt no
// longer has the study.
type Ledger interface {
	// Create keeps a new rescoring, in StatePlanning, and gives it its number.
	Create(ctx context.Context, r Rescoring) (Rescoring, error)
	// Rescoring returns one with its totals, or ErrNotFound.
	Rescoring(ctx context.Context, id int64) (Rescoring, error)
	// Rescorings returns all, the newest first, with their totals.
	Rescorings(ctx context.Context) ([]Rescoring, error)
	// Control changes the state: planning or running to paused; paused to
	// planning or, where it is planned, running (State asks for StateRunning in
	// both cases); any that is not final to cancelled. The same again changes
	// nothing. Studies that wait in the queue are taken out of it. ErrState
	// otherwise.
	Control(ctx context.Context, id int64, to State, why string, at time.Time) (Rescoring, error)
	// SetLimits changes the limits.
	SetLimits(ctx context.Context, id int64, l Limits) error

	// SetHome changes Rescoring.Home. ErrNotFound where there is no such rescoring.
	SetHome(ctx context.Context, id int64, host string) error

	// Plan adds a batch and moves the cursor. The same batch again changes
	// nothing but the cursor. ErrNotNow where the rescoring does not plan; ErrState
	// where after is not its cursor.
	Plan(ctx context.Context, id int64, after string, b Batch) error
	// EndPlanning ends planning: studies without a series that could be read are
	// ended at once (readable says which modality could), and the state becomes
	// running, or done where nothing waits.
	EndPlanning(ctx context.Context, id int64, readable func(modality string) bool, at time.Time) error

	// Feed puts waiting studies of a running rescoring into the queue until ahead
	// of them are there, and returns how many it put. whole as Source.Whole: also
	// while it is still planned.
	Feed(ctx context.Context, id int64, ahead int, whole bool) (int, error)
	// Claim gives a study to an attempt and returns it. ErrNotNow, with the study
	// taken out of the queue, where its rescoring does not run.
	Claim(ctx context.Context, t triage.Token, id int64, studyUID, worker string) (Case, error)
	// Finish writes what became of a study; the last one ends the rescoring.
	// ErrOtherRecipe, changing nothing, where r is not the rescoring's. The same
	// attempt may say the same again. A study of which more was planned meanwhile
	// waits, and is read again.
	Finish(ctx context.Context, t triage.Token, id int64, r triage.Recipe, o Outcome) error
	// Return gives a study back unread: it waits, and is fed again. It is not
	// counted as begun.
	Return(ctx context.Context, t triage.Token, id int64, studyUID string) error
	// Trouble counts one more failure of a kind; the study stays in the queue, and
	// the attempt may still end it. It returns how many of that kind there are now. It
	// is not counted as begun.
	Trouble(ctx context.Context, t triage.Token, id int64, studyUID string, kind triage.TroubleKind) (int, error)

	// Alive says that a worker is at work.
	Alive(ctx context.Context, s Sign) error
	// Workers returns those that were seen since.
	Workers(ctx context.Context, since time.Time) ([]Sign, error)
	// TakeOver puts the studies of workers that were not seen since deadline back
	// into the queue, for the next attempt, and returns how many.
	TakeOver(ctx context.Context, deadline time.Time) (int, error)

	// Parts returns the series of one study as they were planned, for who hands
	// out its files; ErrNotFound where it has none.
	Parts(ctx context.Context, id int64, studyUID string) ([]Part, error)
	// Rows hands on every input of a rescoring, by study, series and path.
	Rows(ctx context.Context, id int64, each func(Row) error) error

	// Publish keeps a list for readers in the place of the one that its rescoring had:
	// who reads sees the one or the other as a whole. Places are by the order of the
	// entries. ErrNotFound where there is no such rescoring.
	Publish(ctx context.Context, l PublishedList, entries []ListEntry) error
	// Withdraw takes the list of a rescoring away. ErrNotFound where there is no such
	// rescoring, ErrNotPublished where it has none.
	Withdraw(ctx context.Context, id int64) error
	// PublishedLists returns all, the one that was published last first.
	PublishedLists(ctx context.Context) ([]PublishedList, error)
	// ListEntries returns the list of a rescoring with its entries by place, from
	// offset (0 is the first) on and at most limit, as they were at one moment.
	// ErrNotPublished where it has none, or there is no such rescoring.
	ListEntries(ctx context.Context, id int64, offset, limit int) (PublishedList, []ListEntry, error)
}

// Sign is a sign of life of a process that reads studies of rescorings.
type Sign struct {
	// Name is the same for the life of a process and no other's.
	Name string
	// Host and Program say where and what it is.
	Host, Program string
	// Recipes are those that it can read with now.
	Recipes []triage.Recipe
	// Slots are the studies that it reads at once.
	Slots  int
	SeenAt time.Time
}
