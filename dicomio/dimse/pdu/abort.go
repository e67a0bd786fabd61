package pdu

import "fmt"

// Source is who rejects or aborts (PS3.8 tables 9-21 and 9-26).
type Source byte

// The sources. An abort is the user's (0) or the provider's (2).
const (
	AbortByUser     Source = 0
	AbortByProvider Source = 2

	RejectByUser         Source = 1
	RejectByACSE         Source = 2
	RejectByPresentation Source = 3
)

// Abort is an A-ABORT (PS3.8 section 9.3.8). As an error it is what a peer's
// abort becomes.
type Abort struct {
	Source Source
	Reason AbortReason
}

// Error implements error.
func (a *Abort) Error() string {
	if a.Source == AbortByUser {
		return "the peer aborted the association"
	}
	return fmt.Sprintf("the peer's upper layer aborted the association, reason %d", a.Reason)
}

// Append appends the PDU.
func (a *Abort) Append(b []byte) []byte {
	return append(b, byte(TypeAbort), 0, 0, 0, 0, 4, 0, 0, byte(a.Source), byte(a.Reason))
}

// ParseAbort reads the body of an A-ABORT.
func ParseAbort(body []byte) (*Abort, error) {
	if len(body) < 4 {
		return nil, Violated(InvalidParameter, "an A-ABORT of %d bytes", len(body))
	}
	return &Abort{Source: Source(body[2]), Reason: AbortReason(body[3])}, nil
}

// RejectReason is why an association is rejected; what a number means depends
// on the source (PS3.8 table 9-21).
type RejectReason byte

// The reasons that this project gives.
const (
	// Of RejectByUser.
	NoReason                      RejectReason = 1
	UnsupportedApplicationContext RejectReason = 2
	CallingAENotRecognized        RejectReason = 3
	CalledAENotRecognized         RejectReason = 7
	// Of RejectByACSE.
	UnsupportedProtocolVersion RejectReason = 2
	// Of RejectByPresentation.
	TemporaryCongestion RejectReason = 1
	LocalLimitExceeded  RejectReason = 2
)

// Reject is an A-ASSOCIATE-RJ (PS3.8 section 9.3.4). As an error it is what a
// peer's refusal becomes.
type Reject struct {
	// Transient: the same request may be accepted later.
	Transient bool
	Source    Source
	Reason    RejectReason
}

// Error implements error.
func (r *Reject) Error() string {
	kind := "for good"
	if r.Transient {
		kind = "for now"
	}
	return fmt.Sprintf("the peer rejected the association %s: %s", kind, r.text())
}

func (r *Reject) text() string {
	if t, ok := rejectTexts[reject{r.Source, r.Reason}]; ok {
		return t
	}
	return fmt.Sprintf("source %d, reason %d", r.Source, r.Reason)
}

type reject struct {
	source Source
	reason RejectReason
}

var rejectTexts = map[reject]string{
	{RejectByUser, UnsupportedApplicationContext}: "it does not know the application context",
	{RejectByUser, CallingAENotRecognized}:        "it does not know our AE title",
	{RejectByUser, CalledAENotRecognized}:         "it has another AE title than the one called",
	{RejectByACSE, UnsupportedProtocolVersion}:    "it does not speak this version of the protocol",
	{RejectByPresentation, TemporaryCongestion}:   "it is congested",
	{RejectByPresentation, LocalLimitExceeded}:    "it has as many associations as it takes",
}

// Append appends the PDU.
func (r *Reject) Append(b []byte) []byte {
	result := byte(1)
	if r.Transient {
		result = 2
	}
	return append(b, byte(TypeAssociateRJ), 0, 0, 0, 0, 4, 0, result, byte(r.Source), byte(r.Reason))
}

// ParseReject reads the body of an A-ASSOCIATE-RJ.
func ParseReject(body []byte) (*Reject, error) {
	if len(body) < 4 {
		return nil, Violated(InvalidParameter, "an A-ASSOCIATE-RJ of %d bytes", len(body))
	}
	return &Reject{Transient: body[1] == 2, Source: Source(body[2]), Reason: RejectReason(body[3])}, nil
}
