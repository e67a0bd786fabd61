// Package command encodes and decodes DIMSE command sets (PS3.7 sections 6.3
// and 9.3, 10.3, annex E): what is asked of a peer, and what it answers.
//
// A command set is a data set of group 0000 in Implicit VR Little Endian. It
// has no more than a few dozen short elements, so that it is read here and not
// by the parser of files.
package command

// Field says what a command is; the highest bit marks a response.
type Field uint16

// The commands that Nafas knows (PS3.7 table E.1-1).
const (
	CStoreRQ    Field = 0x0001
	CStoreRSP   Field = 0x8001
	CFindRQ     Field = 0x0020
	CFindRSP    Field = 0x8020
	CMoveRQ     Field = 0x0021
	CMoveRSP    Field = 0x8021
	CEchoRQ     Field = 0x0030
	CEchoRSP    Field = 0x8030
	NEventRQ    Field = 0x0100
	NEventRSP   Field = 0x8100
	NActionRQ   Field = 0x0130
	NActionRSP  Field = 0x8130
	CCancelRQ   Field = 0x0FFF
	responseBit Field = 0x8000
)

// IsResponse says whether the command answers another one.
func (f Field) IsResponse() bool { return f&responseBit != 0 }

// Response is the command that answers this one.
func (f Field) Response() Field { return f | responseBit }

// requests says whether the SOP class and instance of the command are named
// "requested" and not "affected": of the normalized commands, those of the
// user of a service (PS3.7 section 10.3).
func (f Field) requests() bool { return f == NActionRQ }

// hasPriority says whether the command carries a priority.
func (f Field) hasPriority() bool { return f == CStoreRQ || f == CFindRQ || f == CMoveRQ }

// Set is one command set.
type Set struct {
	Field Field
	// MessageID is the request's own number; in a response, the number of the
	// request that it answers.
	MessageID uint16
	// SOPClassUID and SOPInstanceUID are the affected or requested ones.
	SOPClassUID    string
	SOPInstanceUID string
	// Priority of C-STORE, C-FIND and C-MOVE: 0 medium, 1 high, 2 low.
	Priority uint16
	// HasData: a data set follows.
	HasData bool
	// Status and Comment belong to responses.
	Status  Status
	Comment string
	// EventType and ActionType belong to N-EVENT-REPORT and N-ACTION.
	EventType  uint16
	ActionType uint16
	// MoveDestination is the AE title that a C-MOVE sends to.
	MoveDestination string
	// OriginatorAE and OriginatorID name the C-MOVE that a C-STORE serves.
	OriginatorAE string
	OriginatorID uint16
	// Counts of a C-MOVE's sub-operations; nil where none were given.
	Counts *Counts
}

// Counts are the numbers of sub-operations of a C-MOVE (PS3.7 section
// 9.3.4.2).
type Counts struct{ Remaining, Completed, Failed, Warning uint16 }

// Reply is the response to a request, without a data set.
func (s *Set) Reply(status Status, comment string) *Set {
	return &Set{
		Field: s.Field.Response(), MessageID: s.MessageID,
		SOPClassUID: s.SOPClassUID, SOPInstanceUID: s.SOPInstanceUID,
		EventType: s.EventType, ActionType: s.ActionType,
		Status: status, Comment: comment,
	}
}
