// Package audit keeps who did what, and to whose images: events of the DICOM
// audit trail (PS3.15 section A.5), in a log that only grows and whose records
// hold each other, written as AuditMessage XML and sent as syslog over TLS.
package audit

import (
	"context"
	"time"
)

// Kind is what happened.
type Kind string

// The kinds. Each is an event of PS3.15 section A.5.3.
const (
	// SignedIn is User Authentication, Login. A failed one has an Outcome.
	SignedIn Kind = "sign-in"
	// SignedOut is User Authentication, Logout: asked for, or after idle time.
	SignedOut Kind = "sign-out"
	// Opened is Instances Accessed, Read: a study came onto somebody's screen.
	Opened Kind = "open"
	// Reviewed is Instances Accessed, Update: Detail says what was done.
	Reviewed Kind = "review"
	// Exported is Export: data left the service in a file that somebody asked for.
	Exported Kind = "export"
	// Transferred is Instances Transferred: images went to another machine.
	Transferred Kind = "transfer"
	// Deleted is Study Deleted: a patient is erased.
	Deleted Kind = "delete"
	// Queried is Query. What was asked for is not kept: it may name a patient.
	Queried Kind = "query"
	// Administered is Security Alert, User Security Attributes Changed: Detail says
	// whose and what.
	Administered Kind = "user"
	// Configured is Security Alert, Software Configuration: Detail says which model
	// was installed, activated or removed.
	Configured Kind = "model"
	// Read is Audit Log Used.
	Read Kind = "audit-read"
	// Started and Stopped are Application Activity.
	Started Kind = "start"
	Stopped Kind = "stop"
)

// Outcome is how it ended (PS3.15 section A.5.2, EventOutcomeIndicator).
type Outcome int

// The outcomes: Success, refused or failed, and failures of the program.
const (
	Success Outcome = 0
	Minor   Outcome = 4
	Serious Outcome = 8
	Major   Outcome = 12
)

// Who did it.
type Who struct {
	// Name is an account's, a provider's user, a token's, or a login of this machine.
	Name    string `json:"name"`
	Display string `json:"display,omitempty"`
	// By is how the name was proved: password, provider, token, certificate, unnamed,
	// or shell.
	By string `json:"by,omitempty"`
	// Address is the IP address that it came from; "" where it came from this machine.
	Address string `json:"address,omitempty"`
}

// Study is whose images it was about. The trail keeps it apart, so that erasing a
// patient leaves who did what and when, with the study's pseudonym.
type Study struct {
	UID string `json:"uid"`
	// PatientID, Issuer and PatientName are as the images say; "" where they do not.
	PatientID   string `json:"patientId"`
	Issuer      string `json:"issuer"`
	PatientName string `json:"patientName"`
}

// Event is one thing that happened.
type Event struct {
	// At is the recorder's clock where it is zero.
	At      time.Time
	Kind    Kind
	Outcome Outcome
	Who     Who
	// StudyUIDs are the studies that it was about; none where it was about none. Whose
	// they are the recorder knows.
	StudyUIDs []string
	// Detail says more in a few words of the program, such as "review: sign". It
	// never holds a value that identifies a patient.
	Detail string
}

// Recorder records events. When Record returns without an error the event is
// durable; with one it is not recorded, and what it was about is not to be done.
// Any goroutine may call it.
type Recorder interface {
	Record(ctx context.Context, e Event) error
}
