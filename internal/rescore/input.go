package rescore

import (
	"context"
	"errors"
	"time"

	"nafas/internal/triage"
)

// Batch is some inputs of a source, in the order of its Scan.
type Batch struct {
	// Cursor is where to go on after this batch.
	Cursor string
	// Files counts the files that were looked at for it; 0 at a PACS.
	Files int64
	Parts []Part
	Loose []Loose
}

// Part is one series, or the part of it that one look found. A batch has at most
// one of a series. Parts of a series add up: their instances and files; ModalityOf
// is their modality, and the earliest their date, so that it does not matter how a
// scan was cut.
type Part struct {
	StudyUID, SeriesUID, Modality string
	// StudyDate is YYYYMMDD, or "".
	StudyDate string
	// Instances that were seen, or that the PACS names; 0 where it names none.
	Instances int
	// Files of a folder source; empty at a PACS.
	Files []File
}

// File is one file of a folder source.
type File struct {
	// Path is below the root, with slashes. In an archive it is the archive's
	// path, "!" and the member's. What could be mistaken, or is no UTF-8, is
	// written so that the source knows it again: "!!" for "!", "!=E9" for a byte.
	Path string `json:"p"`
	Size int64  `json:"s"`
	// ModTime is in nanoseconds since 1970; an archive's for its members.
	ModTime int64 `json:"m"`
}

// Loose is a file that belongs to no series: what is not DICOM, and what cannot
// be read.
type Loose struct {
	Path string
	// State is Skipped or Failed.
	State SeriesState
	// Reason is a refusal.Reason, or ReasonNotDICOM.
	Reason, Found, Remedy string
}

// Case is one study of a rescoring, to be read.
type Case struct {
	Rescoring Rescoring
	StudyUID  string
	StudyDate string
	Parts     []Part
	// Known are results of its series under the same recipe, by their key.
	Known map[string]triage.Result
	// Earlier is what an earlier rescoring of the same recipe made of the same
	// files; nil for nothing. It is taken as it is.
	Earlier *Outcome
	// Trouble counts the failures of each kind so far.
	Trouble map[triage.TroubleKind]int
	// Begun counts the attempts that came to no end, this one among them: those that
	// gave the study back or ended with a trouble are not in it.
	Begun int
}

// Outcome is what became of one study.
type Outcome struct {
	StudyUID string
	Series   []SeriesOutcome
	// Loose are files of the study that could not be read after all.
	Loose []Loose
	// Verdict is nil where no series has a result.
	Verdict *Verdict
	At      time.Time
	// Worker is who read it.
	Worker string
}

// SeriesOutcome is what became of one series.
type SeriesOutcome struct {
	SeriesUID, Modality   string
	Instances             int
	State                 SeriesState
	Reason, Found, Remedy string
	// Result is set where State is Scored or Unchanged.
	Result *triage.Result
}

// Verdict is what is said of a study as a whole, from its findings alone: an
// archive is read study by study, so nothing is compared with earlier ones.
type Verdict struct {
	SeriesUID string                  `json:"series_uid"`
	Priority  triage.Priority         `json:"priority"`
	Reasons   []triage.PriorityReason `json:"reasons,omitempty"`
	// LungRADS is the category that is suggested, such as "4A", or "".
	LungRADS string `json:"lung_rads,omitempty"`
}

// Row is one input of a rescoring with its end: what tables, comparisons and
// reports are made of.
type Row struct {
	Rescoring int64
	// Path is set for a file that belongs to no series; the UIDs are empty then.
	Path                          string
	StudyUID, SeriesUID, Modality string
	StudyDate                     string
	Instances                     int
	State                         SeriesState
	Reason, Found, Remedy         string
	// Result and Verdict are nil but where State is Scored or Unchanged.
	Result  *triage.Result
	Verdict *Verdict
	// At is when it ended; Worker is who read it, "" for who planned.
	At     time.Time
	Worker string
}

// Source is where the studies of a rescoring are.
type Source interface {
	// Scan lists every input after the cursor ("" for the beginning), in an order
	// that is the same each time, and hands them on batch by batch. An input that
	// cannot be read is a Loose, never an error: an error says that the source
	// itself is not there.
	Scan(ctx context.Context, after string, each func(Batch) error) error
	// Whole says that a study comes in one batch with all its series, so that it
	// can be read while others are still listed.
	Whole() bool
	// Fetch makes the files of a case ready to read, those of the series that could
	// be read (Readable) alone; release gives back what was fetched, and is never
	// nil. Errors: *refusal.Error for what this study alone is to blame for (it is
	// gone, or not all of it is there), ErrSpool for this machine's own trouble,
	// ErrNotThisStudy for what would befall any study now, any other for a source
	// that is not there or does not hand this one out.
	// There is no file where there is an error.
	Fetch(ctx context.Context, c Case) (files []Fetched, release func(), err error)
	// Probe says whether the source is there at all: what it still does not hand
	// out after several tries is then the study's own trouble.
	Probe(ctx context.Context) error
}

// ErrSpool is in errors of the folder for what is fetched: it is full, or gone. No
// source and no study is to blame.
var ErrSpool = errors.New("the folder for what is fetched")

// ErrNotThisStudy is in errors of a source that answers, and yet hands out no study,
// whichever is asked for: it does not know us, or we cannot listen for what it
// sends. Its studies are tried again until somebody has mended that.
var ErrNotThisStudy = errors.New("no study is to blame")

// Fetched is one file that is ready to read.
type Fetched struct {
	// Name is for people: a path below the root, or a SOP Instance UID.
	Name string
	// Path is where it is on this machine.
	Path string
}

// ReasonNotDICOM is of a file that does not claim to be DICOM.
const ReasonNotDICOM = "NOT_DICOM"

// ReasonGone is of a series or a file that its source has no more.
const ReasonGone = "SOURCE_GONE"

// ReasonNotHandedOut is of a study that its source, which is there, does not hand
// out.
const ReasonNotHandedOut = "SOURCE_FAILED"

// ReasonIncomplete is of a series of which the source gives fewer instances than
// it named.
const ReasonIncomplete = "SOURCE_INCOMPLETE"

// ReasonUnreadable is of a file or a folder that the system does not hand out
// (refusal.Unreadable), and of a study of which an archive does not say what it
// holds.
const ReasonUnreadable = "SOURCE_UNREADABLE"
