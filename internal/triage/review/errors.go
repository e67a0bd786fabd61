package review

import (
	"errors"
	"fmt"
)

// ErrConflict says that a reader acted on what is no longer so: somebody else said
// something of the same since, or a result is another one now. Who shows the state
// as it is, and asks again, has solved it.
var ErrConflict = errors.New("the review changed since it was shown: look at it as it is now, and decide again")

// InvalidError says which part of an action cannot be, and what to do. It quotes
// no comment.
type InvalidError struct {
	// Field is a part of Action: "answer.cause".
	Field string
	// Text goes on after the field: "is missing: ...".
	Text string
}

func (e *InvalidError) Error() string { return e.Field + " " + e.Text }

func invalid(field, text string, args ...any) error {
	return &InvalidError{Field: field, Text: fmt.Sprintf(text, args...)}
}
