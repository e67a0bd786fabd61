// Package registry keeps the detectors of a service: which ones are installed,
// which one reads live studies, and which one reads the same studies in shadow,
// beside it, without a word in any result. It changes them while the service
// runs, and says who did so and when. It declares the ports (Ledger, Shelf,
// Workers, Desk) that adapters satisfy.
package registry

import (
	"time"

	"nafas/dicomio/refusal"
	"nafas/internal/triage"
)

// State is what a model is used for.
type State string

// The states of a model.
const (
	// Installed: it may be used, and is not.
	Installed State = "installed"
	// Shadow: it reads what the live model has read; nobody is told what it says.
	Shadow State = "shadow"
	// Live: it reads studies, and its results are the service's.
	Live State = "live"
	// Retired: it was live.
	Retired State = "retired"
)

// Model is one detector of the service.
type Model struct {
	triage.Model
	// License, IntendedUse and Card are the model's own words; Card is its card.md, ""
	// where it has none.
	License, IntendedUse, Card string
	State                      State
	// Shipped: this program holds it.
	Shipped bool
	// Folder is below the data folder; "" of one that is shipped and was never used.
	Folder      string
	InstalledAt time.Time
	InstalledBy Who
	// ChangedAt and ChangedBy are of the latest event of the model.
	ChangedAt time.Time
	ChangedBy Who
	Readings  Readings
}

// Readings count what a model read in shadow, and the studies that wait for it.
type Readings struct{ Waiting, Read, Failed int }

// Who did it: an account, a token, or a verb on this machine.
type Who struct {
	Name string
	// By is how the name was proved, such as token.
	By string
}

// Action is what was done to a model.
type Action string

// The actions.
const (
	ActionInstalled     Action = "installed"
	ActionShadowStarted Action = "shadow_started"
	ActionShadowStopped Action = "shadow_stopped"
	ActionActivated     Action = "activated"
	ActionRolledBack    Action = "rolled_back"
	ActionRemoved       Action = "removed"
)

// Event is one thing that was done, and stays known.
type Event struct {
	// Number counts from 1.
	Number int64
	At     time.Time
	Who    Who
	Action Action
	Model  triage.Model
	// Before is the model that was live until then, of an activation and a rollback.
	Before triage.Model
}

// File is one file of a model; Name is within its folder.
type File struct {
	Name   string
	Bytes  int64
	SHA256 triage.Sum
}

// Job is the job that has one study read in shadow.
type Job struct {
	StudyUID string `json:"study_uid"`
	// Model is the SHA-256 of the model.
	Model string `json:"model"`
}

// Kind names the job in the queue.
func (Job) Kind() string { return "shadow" }

// Queue is where the jobs of the shadow model wait, and Priority3 what they have:
// live ones come first.
const (
	Queue     = "shadow"
	Priority3 = 3
)

// Case is a study that is to be read in shadow.
type Case struct {
	// Reading is what a reader needs; nil where there is nothing to do, and where Why
	// says what keeps it from being read.
	Reading *triage.ReadingJob
	// Against is the key of the live reading that it stands beside, and Live the
	// SHA-256 of the model of that one.
	Against, Live string
	Why           *refusal.Error
}

// Outcome is what became of a study in shadow.
type Outcome struct {
	Job           Job
	Key           string
	Against, Live string
	At            time.Time
	// Reading is nil where Why says that there is none.
	Reading *triage.StudyReading
	Why     *refusal.Error
}

// Pair is what the live model and the shadow model said of one study.
type Pair struct {
	UID string
	// Date is YYYYMMDD, or "".
	Date string
	Live triage.Study
	// Shadow is nil where Why says that there is none.
	Shadow *triage.StudyReading
	Why    *refusal.Error
}

// Pairing says which readings of a shadow model are paired, and what is left out.
type Pairing struct {
	// Live is the model that they stand beside.
	Live triage.Model
	// Changed are readings of studies that the service has read again since, and
	// OtherLive those that stand beside another live model.
	Changed, OtherLive int
}
