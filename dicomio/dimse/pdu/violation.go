package pdu

import "fmt"

// AbortReason is why the upper layer of a peer aborts (PS3.8 table 9-26).
type AbortReason byte

// The reasons of an abort whose source is the upper layer.
const (
	NotSpecified          AbortReason = 0
	UnrecognizedPDU       AbortReason = 1
	UnexpectedPDU         AbortReason = 2
	UnrecognizedParameter AbortReason = 4
	UnexpectedParameter   AbortReason = 5
	InvalidParameter      AbortReason = 6
)

// Violation is what a peer sent against the protocol. Its text quotes no
// value of the peer's but numbers.
type Violation struct {
	Reason AbortReason
	Text   string
}

// Error implements error.
func (v *Violation) Error() string { return "DICOM upper layer: " + v.Text }

// Violated makes a Violation.
func Violated(reason AbortReason, format string, args ...any) error {
	return &Violation{Reason: reason, Text: fmt.Sprintf(format, args...)}
}
