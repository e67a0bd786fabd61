// Package refusal names why Nafas does not read an input. Every refusal has
// one reason, which is the same word in Go, on the wire and in the documents,
// says what was found, and says what to do about it.
package refusal

import (
	"errors"
	"fmt"
)

// Reason is a stable identifier: the reason of google.rpc.ErrorInfo and the
// enum nafas.v1.Reason without its prefix.
type Reason string

// Inputs that are not readable.
const (
	// Malformed: the bytes break DICOM's own rules (truncation, bad VL, ...).
	Malformed Reason = "DICOM_MALFORMED"
	// Unsupported: valid, but Nafas has no decoder for it.
	Unsupported Reason = "DICOM_UNSUPPORTED"
	// Unreadable: the system does not hand out the bytes: the disk or the share is
	// gone or broken, or this program may not read them. It says nothing of them.
	Unreadable Reason = "SOURCE_UNREADABLE"
	// TooLarge: a limit on bytes, slices, nesting or inflated size is passed.
	TooLarge Reason = "TOO_LARGE"
)

// Series that are readable and not usable for nodule detection
// (docs/dicom.md has the table of tests).
const (
	NotCT              Reason = "NOT_CT"
	Localizer          Reason = "LOCALIZER"
	DerivedReformat    Reason = "DERIVED_REFORMAT"
	OwnResult          Reason = "OWN_RESULT"
	TooFewSlices       Reason = "TOO_FEW_SLICES"
	BadOrientation     Reason = "BAD_ORIENTATION"
	NotAxial           Reason = "NOT_AXIAL"
	MissingSlices      Reason = "MISSING_SLICES"
	DuplicatePositions Reason = "DUPLICATE_POSITIONS"
	VariableSpacing    Reason = "VARIABLE_SPACING"
	GantryTilt         Reason = "GANTRY_TILT"
	TooThick           Reason = "TOO_THICK"
	NoRescale          Reason = "NO_RESCALE"
	BadPixelFormat     Reason = "BAD_PIXEL_FORMAT"
	MissingGeometry    Reason = "MISSING_GEOMETRY"
	MixedGeometry      Reason = "MIXED_GEOMETRY"
	NotHounsfield      Reason = "NOT_HOUNSFIELD"
	NoLung             Reason = "NO_LUNG"
	NotPreferred       Reason = "NOT_PREFERRED"
	NoUsableSeries     Reason = "NO_USABLE_SERIES"
)

// Studies and instances that are held.
const (
	PatientMismatch  Reason = "PATIENT_MISMATCH"
	ChangedDuplicate Reason = "CHANGED_DUPLICATE"
)

// Error is a refusal. It never quotes an element's value that could identify
// a patient.
type Error struct {
	Reason Reason
	// Found says what was found, with the numbers.
	Found string
	// Remedy says what the sender can do.
	Remedy string
	// Err is the cause, where there is one.
	Err error
}

func (e *Error) Error() string {
	s := string(e.Reason) + ": " + e.Found
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	if e.Remedy != "" {
		s += " (" + e.Remedy + ")"
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// New makes a refusal; found may hold formatting verbs for args.
func New(r Reason, remedy, found string, args ...any) *Error {
	return &Error{Reason: r, Found: fmt.Sprintf(found, args...), Remedy: remedy}
}

// Of returns the reason of err, or "" where err is no refusal.
func Of(err error) Reason {
	var e *Error
	if errors.As(err, &e) {
		return e.Reason
	}
	return ""
}
