package triage

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

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
	// StudyUIDs are the studies of the accepted and the repeated instances,
	// sorted.
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

// Sum is a SHA-256.
type Sum [sha256.Size]byte

// String returns the sum in hex.
func (s Sum) String() string { return hex.EncodeToString(s[:]) }

// Header is what intake must know of one instance.
type Header struct {
	StudyUID, SeriesUID, SOPUID string
	SOPClassUID                 string
	Modality                    string
	Patient                     Patient
	// Description is what the instance can be searched by.
	Description Description
	// Pixels is over the pixel data and the geometry, with the UIDs of
	// study, series and frame of reference: two instances with one SOP
	// Instance UID and equal Pixels show the same thing at the same place.
	Pixels Sum
	// Content is over everything that a reading depends on: Pixels and the
	// typed header without the patient.
	Content Sum
}

// HeaderReader reads the header of one Part 10 file. Its error is a
// *refusal.Error; the header is filled as far as it could be read even then,
// so that a quarantined instance can be counted with its study.
type HeaderReader func(data []byte) (Header, error)

// StoredFile is a file that lies durable in the data folder.
type StoredFile struct {
	// Path is relative to the data folder.
	Path   string
	SHA256 Sum
	Bytes  int64
}

// Outcome is what becomes of one file of an upload.
type Outcome int

// The outcomes.
const (
	// Accept: an instance that was not known.
	Accept Outcome = iota
	// Repeat: byte for byte known; nothing is kept of it.
	Repeat
	// NewVersion: the same pixels and geometry under another header; kept
	// beside the first and read from now on.
	NewVersion
	// Quarantine: not readable, or a known SOP Instance UID with other
	// pixels or geometry.
	Quarantine
)

// Known is what the store has of one SOP Instance UID.
type Known struct {
	Pixels Sum
	Files  []Sum
	// Path is the current version's.
	Path string
}

// Classify decides what becomes of a readable instance. known is nil where
// the SOP Instance UID is new.
func Classify(known *Known, pixels, file Sum) (Outcome, *refusal.Error) {
	if known == nil {
		return Accept, nil
	}
	for _, f := range known.Files {
		if f == file {
			return Repeat, nil
		}
	}
	if known.Pixels == pixels {
		return NewVersion, nil
	}
	return Quarantine, refusal.New(refusal.ChangedDuplicate,
		"send changed images under new SOP Instance UIDs",
		"an instance with this SOP Instance UID is stored, and this one has other pixels or geometry, belongs to another study or series, "+
			"or comes in an encoding that is not compared here (JPEG 2000)")
}

// Intake is one upload, its files durable in their places, ready to be
// recorded.
type Intake struct {
	Submission
	At time.Time
	// QuietUntil is when the studies of an upload that is not Complete may
	// settle, if nothing more comes.
	QuietUntil time.Time
	Recipe     Recipe
	Files      []IntakeFile
}

// IntakeFile is one file of an upload. File.Path is empty where nothing was
// kept because the bytes are known already.
type IntakeFile struct {
	Header  Header
	File    StoredFile
	Refusal *refusal.Error
	// ForItself: it is known that no archive sent it because we asked for a prior.
	ForItself bool
}

// Recorded says what the store made of an Intake.
type Recorded struct {
	// Files has one entry per IntakeFile, in order.
	Files []RecordedFile
	// Dropped are the jobs that were running and have lost their study.
	Dropped []int64
}

// RecordedFile is what became of one file. Unused says that no row points at
// its path.
type RecordedFile struct {
	Outcome Outcome
	Refusal *refusal.Error
	Unused  bool
}

// MarshalText writes the sum in hex.
func (s Sum) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, s[:]), nil }

// UnmarshalText reads 64 hex digits.
func (s *Sum) UnmarshalText(text []byte) error {
	if len(text) != 2*len(s) {
		return fmt.Errorf("a sum has %d hex digits, not %d", 2*len(s), len(text))
	}
	_, err := hex.Decode(s[:], text)
	return err
}
