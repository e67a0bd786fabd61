package triage

import (
	"nafas/dicomio/refusal"
)

// Submission is what a sender says of an upload before its first file.
type Submission struct {
	Priority RequestPriority
	// Complete: all that the sender has of these studies is in the upload,
	// so they are analysed at once. Otherwise a study settles after the
	// configured quiet time.
	Complete bool
}

// Receipt says what became of the files of an upload.
type Receipt struct {
	StudyUIDs []string
	Accepted  int
	Repeated  int
	Refused   []RefusedFile
}

// RefusedFile is a file that was not accepted; Name is the sender's own.
type RefusedFile struct {
	Name string
	Err  *refusal.Error
}
