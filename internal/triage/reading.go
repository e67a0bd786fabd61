package triage

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"
	"unicode/utf8"

	"nafas/dicomio/refusal"
)

// Token fences a job: what one attempt writes is refused once another attempt
// or another job has the study.
type Token struct {
	JobID   int64
	Attempt int
}

// Recipe is what, besides the instances, decides a result.
type Recipe struct {
	// ModelSHA256 is over the manifest and the ONNX files, hex.
	ModelSHA256 string
	// ConfigSHA256 is over the settings, the rules of priorities among them, and
	// the revision of the pipeline, hex.
	ConfigSHA256 string
}

// SettleJob is the job that takes a study as complete after its quiet time.
type SettleJob struct {
	StudyUID string `json:"study_uid"`
}

// Kind names the job in the queue.
func (SettleJob) Kind() string { return "settle" }

// ReadJob is the job that has a study read.
type ReadJob struct {
	StudyUID string `json:"study_uid"`
}

// Kind names the job in the queue.
func (ReadJob) Kind() string { return "read" }

// The queues and the priorities of jobs in them: 1 is worked first. 3 and 4
// are kept for re-scoring.
const (
	QueueSettle     = "settle"
	QueueRead       = "read"
	PriorityUrgent1 = 1
	PriorityLive2   = 2
)

// Settled says what Settle made of a study.
type Settled struct {
	// NotBefore is when to try again, where something came in meanwhile;
	// zero where the study settled.
	NotBefore time.Time
	// Dropped is as in Recorded.
	Dropped []int64
}

// ReadingJob is all that a reader needs to read one study.
type ReadingJob struct {
	StudyUID string
	// Key identifies instances, model and configuration of the study.
	Key   string
	Files []ReadingFile
	// LastInstanceAt is the arrival of the last instance that counts.
	LastInstanceAt time.Time
	// Known are results of this study under the same recipe, by their key:
	// they are taken as they are.
	Known map[string]Result
	// Earlier is what the study is compared with; nil where there is nothing.
	Earlier *Earlier
	// Compared is the comparison that is kept of the study: it is taken as it is
	// where it holds. nil for none.
	Compared *Comparison
	// Trouble is how often the job failed so far, in the way in which it failed
	// most.
	Trouble int
	// Unvetted: nobody has looked at the files before. What cannot be read is in
	// StudyReading.Refused, where otherwise it is an error; contents are taken on
	// the way.
	Unvetted bool
}

// compares says whether another study is looked at too.
func (j ReadingJob) compares() bool { return j.Earlier != nil && j.Earlier.Why == nil }

// lastTry leaves the earlier study out where it may be what the tries before
// failed at: it must not cost the study its own result.
func (j *ReadingJob) lastTry(attempt int) {
	if j.compares() && (j.Trouble >= MaxTrouble-1 || attempt > maxBegun/2) {
		j.Earlier = j.Earlier.setAside(refusal.New(PriorNotRead, "compare with the earlier study by eye, and report the error in the server's log",
			"the analysis failed while it was to compare with an earlier study of the patient, and was done without"))
	}
}

// ReadingFile is the current version of one instance. Path is as the store
// keeps it until Service.StartReading makes it absolute.
type ReadingFile struct {
	Path    string
	Content Sum
	// Name is for messages about an unvetted file; it may be empty.
	Name string
}

// MarshalJSON keeps a path that is not UTF-8 as it is: in a JSON string U+FFFD would
// stand in it, and another file be read, or none.
func (f ReadingFile) MarshalJSON() ([]byte, error) {
	out := readingFileJSON{plain: plain(f)}
	if !utf8.ValidString(f.Path) {
		out.Path, out.PathBytes = "", []byte(f.Path)
	}
	return json.Marshal(out)
}

// UnmarshalJSON is the inverse of MarshalJSON.
func (f *ReadingFile) UnmarshalJSON(data []byte) error {
	var in readingFileJSON
	if err := json.Unmarshal(data, &in); err != nil {
		return err
	}
	if *f = ReadingFile(in.plain); len(in.PathBytes) > 0 {
		f.Path = string(in.PathBytes)
	}
	return nil
}

type plain ReadingFile

// readingFileJSON is a file in JSON, with a path that is no text as bytes.
type readingFileJSON struct {
	plain
	PathBytes []byte `json:",omitempty"`
}

// StudyReading is what came of reading one study.
type StudyReading struct {
	StudyUID string
	// Key is that of the ReadingJob and Recipe what was read with; empty
	// where there was no job.
	Key    string
	Recipe Recipe
	Series []Series
	// Notes name files that are not images to read.
	Notes []string
	// Refused are unvetted files that could not be read.
	Refused []RefusedFile
	// State is Done or NotAssessed.
	State           State
	Priority        Priority
	PriorityReasons []PriorityReason
	NotAssessed     *refusal.Error
	// Assessment is nil where no series was read.
	Assessment *Assessment
	// Comparison is nil where there is no earlier study.
	Comparison *Comparison
}

// TroubleKind is how an attempt at a reading failed.
type TroubleKind string

// The kinds of trouble.
const (
	// TroubleCrash: the worker process died.
	TroubleCrash TroubleKind = "crash"
	// TroubleError: the attempt ended with an error that is no refusal.
	TroubleError TroubleKind = "error"
	// TroubleNoWorker: the attempt never began. It is not counted.
	TroubleNoWorker TroubleKind = "no worker"
	// TroubleLimit: the attempt went over its limits with an earlier study beside
	// it. It counts as all errors but the last, which is without.
	TroubleLimit TroubleKind = "limit"
)

// MaxTrouble is how often a job may fail in one way before it is set aside.
const MaxTrouble = 3

// ReadingKey identifies what a reading of a whole study depends on. contents
// are those of its current instances, in any order; earlier is what it is
// compared with, nil for nothing.
func ReadingKey(contents []Sum, r Recipe, earlier *Earlier) string {
	of := "study"
	if key := earlier.Key(); key != "" {
		of += " after " + key
	}
	return resultKey(of, contents, r)
}

// ResultKey identifies what the result of one series depends on: equal keys,
// equal findings.
func ResultKey(seriesUID string, contents []Sum, r Recipe) string {
	return resultKey(seriesUID, contents, r)
}

func resultKey(of string, contents []Sum, r Recipe) string {
	sorted := slices.Clone(contents)
	slices.SortFunc(sorted, func(a, b Sum) int { return slices.Compare(a[:], b[:]) })
	h := sha256.New()
	for _, s := range []string{of, r.ModelSHA256, r.ConfigSHA256} {
		h.Write([]byte(s))
		h.Write([]byte{0})
	}
	for _, c := range sorted {
		h.Write(c[:])
	}
	return hex.EncodeToString(h.Sum(nil))
}
