package command

import "fmt"

// Status is what became of an operation (PS3.7 annex C; PS3.4 for the codes
// of each service).
type Status uint16

// The statuses that Nafas gives, or looks for.
const (
	Success Status = 0x0000
	// Pending: one match of a C-FIND, or a C-MOVE on its way; with FF01 some
	// of the keys that were asked for are not supported.
	Pending        Status = 0xFF00
	PendingWarning Status = 0xFF01
	// OutOfResources: not stored, for want of room or time (PS3.4 table
	// B.2-1). To be sent again later.
	OutOfResources Status = 0xA700
	// CannotUnderstand: what came is no data set that can be used (PS3.4
	// table B.2-1).
	CannotUnderstand Status = 0xC000
	// ChangedDuplicate is one of the Cxxx codes, which a provider defines:
	// the SOP Instance UID is known with other pixels.
	ChangedDuplicate Status = 0xC001
	// MismatchedSOPClass: the data set is of another SOP class than the
	// command says.
	MismatchedSOPClass Status = 0xA900
	// MoveDestinationUnknown: the provider of a C-MOVE does not know where
	// to send to (PS3.4 table C.4-2).
	MoveDestinationUnknown Status = 0xA801
	Cancelled              Status = 0xFE00

	// Of PS3.7 annex C.5.
	SOPClassNotSupported  Status = 0x0122
	ProcessingFailure     Status = 0x0110
	NoSuchInstance        Status = 0x0112
	NoSuchActionType      Status = 0x0123
	NoSuchEventType       Status = 0x0113
	InvalidArgument       Status = 0x0115
	UnrecognizedOperation Status = 0x0211
	NotAuthorized         Status = 0x0124
	ResourceLimitation    Status = 0x0213
)

// IsPending says that more responses follow.
func (s Status) IsPending() bool { return s == Pending || s == PendingWarning }

// IsWarning says that the operation was done, not quite as it was asked for.
func (s Status) IsWarning() bool {
	return s&0xF000 == 0xB000 || s == 0x0001 || s == 0x0107 || s == 0x0116
}

// IsFailure says that the operation was not done.
func (s Status) IsFailure() bool {
	return s != Success && !s.IsPending() && !s.IsWarning() && s != Cancelled
}

// String is the code in hex.
func (s Status) String() string { return fmt.Sprintf("%04XH", uint16(s)) }
