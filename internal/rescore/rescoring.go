// Package rescore passes one model over the past studies of an archive: it
// plans what is read, has it read study by study, and accounts for every input.
// It declares the ports (Ledger, Source, Bench) that adapters satisfy.
package rescore

import (
	"time"

	"nafas/internal/triage"
)

// Rescoring is one pass of one model over an archive.
type Rescoring struct {
	// ID counts from 1 in one ledger.
	ID int64
	// Name is for people; free text.
	Name   string
	Source SourceSpec
	Model  triage.Model
	// ModelFrom is a name or a folder that finds the model on Home; elsewhere it is
	// found by its hash.
	ModelFrom string
	// Recipe is what every study of it is read with, whoever reads it: a result
	// of another recipe is refused.
	Recipe   triage.Recipe
	Settings Settings
	Limits   Limits
	// Baseline is what it is compared with: "" for nothing, BaselineLive, or the
	// number of another rescoring.
	Baseline string
	State    State
	// Why says what it is paused or failed for; empty otherwise.
	Why string
	// Cursor is how far planning came; see Source.Scan.
	Cursor string
	// Planned says that every input of the source is listed.
	Planned bool
	// Home is the host that lists them, since the source is told as it is seen
	// from there. It says nothing where one process works the ledger (PlanAll):
	// hosts change their names, as containers do.
	Home      string
	CreatedAt time.Time
	// EndedAt is zero until the state is final.
	EndedAt time.Time
	// WorkedFor is how long somebody was at it: the time between two signs of
	// life counts where they are near.
	WorkedFor time.Duration
	Totals    Totals
}

// BaselineLive is what the live service said of the same studies.
const BaselineLive = "live"

// Settings are what besides the model decides a result; every worker uses
// these, whatever its own settings say.
type Settings struct {
	// Rules are the rules of priorities as priority.Rules.Text writes them; empty
	// for the default ones.
	Rules string `json:"rules,omitempty"`
	// Guidelines are the names of those that are asked; empty for the usual ones.
	Guidelines []string `json:"guidelines,omitempty"`
	// Screening is "yes", "no" or "".
	Screening string `json:"screening,omitempty"`
}

// Limits say when and how hard a rescoring works; they may change while it
// runs.
type Limits struct {
	// Window is when it works, local time of the worker: "20:00-06:00"; empty
	// for always.
	Window string `json:"window,omitempty"`
	// MaxFetches bounds the studies that one worker fetches from a PACS at
	// once; 0 for the default.
	MaxFetches int `json:"max_fetches,omitempty"`
	// BytesPerSecond bounds what one worker fetches from a PACS; 0 for no bound.
	BytesPerSecond int64 `json:"bytes_per_second,omitempty"`
}

// SourceSpec says where the studies are. It holds no secret: names of files
// that hold them, and of archives in the settings.
type SourceSpec struct {
	Kind SourceKind `json:"kind"`
	// Root is the folder or archive file of a folder source, absolute.
	Root string `json:"root,omitempty"`
	// URL is the base of DICOMweb services.
	URL       string `json:"url,omitempty"`
	TokenFile string `json:"token_file,omitempty"`
	CA        string `json:"ca,omitempty"`
	// Peer is TITLE=HOST:PORT of a C-FIND/C-MOVE PACS, and OwnAE the title that
	// it sends to; Listen is where that listens.
	Peer   string `json:"peer,omitempty"`
	OwnAE  string `json:"own_ae,omitempty"`
	Listen string `json:"listen,omitempty"`
	TLS    bool   `json:"tls,omitempty"`
	Query  Query  `json:"query,omitzero"`
	// Studies are the UIDs where a list says which; the PACS is the source's.
	Studies []string `json:"studies,omitempty"`
}

// SourceKind is a kind of source.
type SourceKind string

// The kinds of source.
const (
	SourceFolder SourceKind = "folder"
	SourceWeb    SourceKind = "dicomweb"
	SourceDIMSE  SourceKind = "dimse"
)

// Query narrows a PACS source.
type Query struct {
	// From and To are study dates, YYYYMMDD, both included; "" for open. Studies
	// without a date are in it where both are open.
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`
	// Modality is that of a series in the study. Default CT.
	Modality string `json:"modality,omitempty"`
	// Description is matched against the study's, in any case; * and ? stand for
	// anything. Studies without one are in it.
	Description string `json:"description,omitempty"`
}

// State is where a rescoring stands.
type State string

// The states of a rescoring. Planning goes on in StatePlanning alone; studies
// are read in StateRunning.
const (
	StatePlanning  State = "planning"
	StateRunning   State = "running"
	StatePaused    State = "paused"
	StateDone      State = "done"
	StateCancelled State = "cancelled"
)

// Final says that nothing more happens to it.
func (s State) Final() bool { return s == StateDone || s == StateCancelled }

// SeriesState is what became of one input: a series, or a file that belongs to
// none.
type SeriesState string

// The states of an input. Waiting is no end; every input of a rescoring that is
// done is in one of the other four.
const (
	Waiting SeriesState = "waiting"
	// Scored: the model read it in this rescoring.
	Scored SeriesState = "scored"
	// Unchanged: an earlier rescoring has a result of the same instances, model
	// and configuration, and that is its result.
	Unchanged SeriesState = "unchanged"
	// Skipped: readable, and nothing for a nodule detector, or not the one of
	// its study; with a reason.
	Skipped SeriesState = "skipped"
	// Failed: it should have been read and could not be; with a reason.
	Failed SeriesState = "failed"
)

// Totals count what became of the inputs. Inputs is the sum of the states, and
// Inputs and Erased together are all that ever were.
type Totals struct {
	Studies, StudiesDone int64
	// PassedOver are those of StudiesDone that the listing ended, since none of their
	// series is one that a worker reads.
	PassedOver int64
	// Inputs are series and files that belong to none.
	Inputs                                      int64
	Waiting, Scored, Unchanged, Skipped, Failed int64
	// Files are those that the source has listed: of series, and the others.
	Files int64
	// Late counts results that came from an attempt that no longer had the study,
	// and were refused.
	Late int64
	// Erased counts inputs that were erased since, with all that was kept of them.
	// They are in none of the other counts but Files.
	Erased int64
	// Reasons counts skipped and failed inputs by reason.
	Reasons map[string]int64
}

// StudiesRead are the studies that workers ended, whatever came of them.
func (t Totals) StudiesRead() int64 { return t.StudiesDone - t.PassedOver }

// Ended are the inputs that are in one of the four final states.
func (t Totals) Ended() int64 { return t.Scored + t.Unchanged + t.Skipped + t.Failed }
