package triage

import (
	"errors"
	"fmt"
)

// ErrNotFound says that nothing of the study was ever taken in.
var ErrNotFound = errors.New("study not found")

// ErrBadToken says that a page token or a watch cursor is not from a reply to
// the same query of the same installation.
var ErrBadToken = errors.New("token is not from a reply to this query")

// ErrBusy says that nothing is taken in now and that trying again later
// helps. BusyText says why in words that may be shown to a sender.
var ErrBusy = errors.New("busy")

// ErrDiskFull is the ErrBusy that needs a person: free space is under the
// watermark.
var ErrDiskFull = fmt.Errorf("%w: the disk is nearly full", ErrBusy)

// ErrFenced says that the job attempt that wants to write no longer owns the
// study: it was rescued, replaced, cancelled or the study is held.
var ErrFenced = errors.New("another attempt owns the study")

type busyError struct {
	kind error
	text string
}

func (e *busyError) Error() string { return e.text }
func (e *busyError) Unwrap() error { return e.kind }

// busy makes an error of kind ErrBusy or ErrDiskFull with the numbers.
func busy(kind error, text string, args ...any) error {
	return &busyError{kind: kind, text: fmt.Sprintf(text, args...)}
}

// BusyText returns what a sender may be told of an ErrBusy, or "" for any
// other error. It holds no value that identifies a patient.
func BusyText(err error) string {
	var b *busyError
	if errors.As(err, &b) {
		return b.text
	}
	if errors.Is(err, ErrBusy) {
		return ErrBusy.Error()
	}
	return ""
}
