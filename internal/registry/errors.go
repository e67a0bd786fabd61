package registry

import (
	"fmt"
)

// Kind is a kind of refusal.
type Kind string

// The kinds.
const (
	// Unknown: there is no such model.
	Unknown Kind = "unknown"
	// Ambiguous: the name is that of several.
	Ambiguous Kind = "ambiguous"
	// Unfit: its files are wrong, or it does not compute here what it should.
	Unfit Kind = "unfit"
	// Taken: another model has its name and version.
	Taken Kind = "taken"
	// NotNow: it cannot be done to a model in its state.
	NotNow Kind = "not now"
	// Busy: something else is being done to the models; the same again later.
	Busy Kind = "busy"
	// TooLarge: more bytes or files than a model may have.
	TooLarge Kind = "too large"
)

// Error says why something is not done to a model, and what to do.
type Error struct {
	Kind   Kind
	Found  string
	Remedy string
	// Err is the cause, where there is one; its text is for whoever asked.
	Err error
}

func (e *Error) Error() string {
	text := e.Found
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	if e.Remedy != "" {
		text += ". " + e.Remedy
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

func refuse(k Kind, remedy, found string, args ...any) *Error {
	return &Error{Kind: k, Found: fmt.Sprintf(found, args...), Remedy: remedy}
}

func (e *Error) because(err error) *Error {
	e.Err = err
	return e
}
