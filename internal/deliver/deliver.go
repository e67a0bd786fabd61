// Package deliver takes results out of the outbox to those that are to have
// them: as DICOM objects of the same study to archives, or as a message to a
// system of reports; and it looks whether they have arrived before a delivery
// counts as one.
package deliver

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"nafas/dicomio/dicomweb"
	"nafas/dicomio/dimse"
	"nafas/dicomio/dimse/pdu"
	"nafas/dicomio/refusal"
	"nafas/internal/triage"
	"nafas/internal/triage/objects"
)

// Confirmation is what has to be seen before a delivery counts as one.
type Confirmation string

// The confirmations.
const (
	// ConfirmQuery: the destination finds the objects (C-FIND, QIDO-RS). One
	// that answers no queries is believed.
	ConfirmQuery Confirmation = "query"
	// ConfirmCommitment: the destination promises to keep them (storage
	// commitment; DICOM only).
	ConfirmCommitment Confirmation = "commitment"
	// ConfirmNothing: the destination's answer to each object has to do.
	ConfirmNothing Confirmation = "none"
)

// Destination is one that results go to: by DICOM (Remote), by DICOMweb where
// Web is not nil, as a message where Line is not nil.
type Destination struct {
	Remote dimse.Remote
	Web    *dicomweb.Client
	Line   Line
	// Language of the reports: en, fr or ar.
	Language string
	// Kinds of objects. None means the report and the key images.
	Kinds []objects.Kind
	// Confirm is ConfirmQuery where it is "".
	Confirm Confirmation
	// Patience is how long the destination may refuse, or be silent, before a
	// delivery is a dead letter. 0 means a week.
	Patience time.Duration
}

// Line takes one message about a study, and returns when it was acknowledged.
type Line interface {
	Send(ctx context.Context, one triage.Delivery, image []byte, language string) error
}

// Files reads the file of an image; triage.Files is one.
type Files interface {
	Read(path string) ([]byte, error)
}

// Deliverer works deliveries.
type Deliverer struct {
	outbox       triage.Outbox
	files        Files
	destinations map[string]Destination
	log          *slog.Logger
	now          func() time.Time
}

// New makes a Deliverer; destinations by their name in the outbox.
func New(outbox triage.Outbox, files Files, destinations map[string]Destination, log *slog.Logger) *Deliverer {
	return &Deliverer{outbox: outbox, files: files, destinations: destinations, log: log, now: time.Now}
}

// patience is that of destinations whose settings say nothing. What waits for a
// person waits however long.
const patience = 7 * 24 * time.Hour

// Failures of our own, whose texts may be kept.
var (
	errGone    = errors.New("the destination is not among the settings any more")
	errNothing = errors.New("nothing is stored of the study that a report could refer to")
	// errHeld: a study with two patients is not reported on, since nobody
	// knows whose findings they are.
	errHeld = errors.New("the study is held: its instances name more than one patient")
	// errForgotten: a reader signed or reopened a study whose images are gone, and
	// with them what a report refers to.
	errForgotten = errors.New("the images were deleted after their days: send the study again, and this is delivered")
	errLost      = errors.New("the destination answered success and does not find the object")
)

// Deliver works one delivery. It returns when to look again, where the
// destination has the objects and is yet to say that it keeps them; zero where
// the job has ended. An error asks for another try.
func (d *Deliverer) Deliver(ctx context.Context, t triage.Token, id int64) (again time.Time, err error) {
	one, err := d.outbox.Delivery(ctx, t, id)
	if err != nil {
		return time.Time{}, err
	}
	to, ok := d.destinations[one.Destination]
	var did outcome
	if ok {
		did, err = d.deliver(ctx, t, one, to)
	} else {
		err = errGone
	}
	switch {
	case err == nil && !did.again.IsZero() && !d.late(one, to):
		return did.again, nil
	case err == nil && !did.again.IsZero():
		err = errSilent
	case err == nil:
		d.log.InfoContext(ctx, "result delivered", "destination", one.Destination)
		return time.Time{}, d.outbox.Delivered(ctx, t, id, d.now(), did.has)
	}
	if ctx.Err() != nil || errors.Is(err, triage.ErrFenced) {
		return time.Time{}, err
	}
	failure := triage.DeliveryFailure{Reason: reason(err), Acknowledged: did.has}
	if errors.Is(err, errHeld) || errors.Is(err, errForgotten) {
		// No try helps until a person has done something. Of a study that was held
		// another delivery takes the place of this one then.
		return d.now().Add(personPause), d.outbox.DeliveryFailed(ctx, t, id, d.now(), failure)
	}
	var final FinalError
	failure.Dead = d.late(one, to) || errors.As(err, &final)
	d.log.WarnContext(ctx, "result not delivered", "destination", one.Destination, "error", err, "dead", failure.Dead)
	return time.Time{}, errors.Join(err, d.outbox.DeliveryFailed(ctx, t, id, d.now(), failure))
}

// personPause is how long a delivery that waits for a person rests.
const personPause = time.Hour

func (d *Deliverer) late(one triage.Delivery, to Destination) bool {
	limit := to.Patience
	if limit == 0 {
		limit = patience
	}
	return d.now().Sub(one.QueuedAt) > limit
}

// outcome is what came of a try, of one with an error too.
type outcome struct {
	// has are the objects that the destination acknowledged.
	has []triage.InstanceRef
	// again is when to look whether it keeps them; zero where nothing is to be
	// waited for.
	again time.Time
}

// reason is what is kept of a failure: a peer's comment may hold anything.
func reason(err error) string {
	var reject *pdu.Reject
	var failure *dimse.Failure
	var status *dicomweb.StatusError
	var plain PlainError
	for _, ours := range []error{errHeld, errForgotten, errLost, errGone, errNothing, errNotKept, errSilent, dimse.ErrNoContext} {
		if errors.Is(err, ours) {
			return ours.Error()
		}
	}
	if errors.As(err, &status) || errors.As(err, &reject) || errors.As(err, &failure) || errors.As(err, &plain) {
		return err.Error()
	}
	return "the destination could not be reached, or the connection broke"
}

// PlainError is an error of a Line whose text names no patient.
type PlainError struct{ error }

// Unwrap gives the error.
func (e PlainError) Unwrap() error { return e.error }

// Plain marks an error as a PlainError.
func Plain(err error) error { return PlainError{err} }

// FinalError is a PlainError that no further try will mend.
type FinalError struct{ PlainError }

// Unwrap gives the PlainError.
func (e FinalError) Unwrap() error { return e.PlainError }

// Final marks an error as a FinalError.
func Final(err error) error { return FinalError{PlainError{err}} }

func (d *Deliverer) deliver(ctx context.Context, t triage.Token, one triage.Delivery, to Destination) (outcome, error) {
	why := one.Study.NotAssessed
	switch {
	case why != nil && why.Reason == refusal.PatientMismatch:
		return outcome{}, errHeld
	case one.Series.Result == nil && why == nil:
		return outcome{}, errors.New("the study has neither a result nor a reason why there is none")
	case one.Header == "" && !one.Study.ImagesGoneAt.IsZero():
		return outcome{}, errForgotten
	case one.Header == "":
		return outcome{}, errNothing
	}
	if to.Line != nil {
		image, err := d.files.Read(one.Header)
		if err != nil {
			return outcome{}, err
		}
		return outcome{}, to.Line.Send(ctx, one, image, to.Language)
	}
	if to.Confirm == ConfirmCommitment && to.Web == nil && one.Sent != nil && len(one.Sent.Objects) > 0 {
		return d.follow(ctx, t, one, to)
	}
	list, err := d.objects(ctx, one, to)
	if err != nil {
		return outcome{}, err
	}
	if to.Web != nil {
		has, err := sendWeb(ctx, to, list)
		return outcome{has: has}, err
	}
	return d.send(ctx, t, one, to, list)
}
