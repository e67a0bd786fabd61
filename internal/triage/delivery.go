package triage

import (
	"context"
	"errors"
	"time"

	"nafas/dicomio/refusal"
)

// DeliverJob is the job that takes a result to a destination.
type DeliverJob struct {
	DeliveryID int64 `json:"delivery_id"`
}

// Kind names the job in the queue.
func (DeliverJob) Kind() string { return "deliver" }

// QueueDeliver is the queue of DeliverJob.
const QueueDeliver = "deliver"

// InstanceRef names one SOP instance.
type InstanceRef struct {
	SOPClassUID string `json:"class"`
	SOPUID      string `json:"instance"`
	// SeriesUID is set for objects of ours.
	SeriesUID string `json:"series,omitempty"`
}

// Delivery is a result on its way to a destination.
type Delivery struct {
	ID          int64
	Destination string
	// Key identifies what is said.
	Key string
	// At is when the result was stored, and QueuedAt since when it is tried to
	// deliver it.
	At, QueuedAt time.Time
	Study        Study
	// Series is the one that the result is about: that was read, or where
	// none was the CT series with the most instances. Its Instances are in the
	// order of arrival, and Header is the path of the file of one of them.
	Series    Series
	Instances []InstanceRef
	Header    string
	// Replaces are the reports that were delivered there before.
	Replaces []InstanceRef
}

// DeliveryState is where a delivery stands.
type DeliveryState string

// The states of a delivery.
const (
	DeliveryWaiting   DeliveryState = "waiting"
	DeliveryDelivered DeliveryState = "delivered"
	DeliveryDead      DeliveryState = "dead"
	DeliveryReplaced  DeliveryState = "replaced"
)

// DeliveryStatus is what is shown of a delivery.
type DeliveryStatus struct {
	Destination string
	State       DeliveryState
	Attempts    int
	Reason      string
	UpdatedAt   time.Time
}

// ErrNoResult says that nothing is said of a study yet.
var ErrNoResult = errors.New("the study has no result yet")

// ErrImagesGone says that the images were deleted after their days, and with
// them the patient and study attributes that a report would bear.
var ErrImagesGone = errors.New("the images of the study are deleted")

// Report returns what is to be said of a study, as a Delivery to nobody, and
// the file of an image of its series. ErrNotFound; ErrNoResult where nothing is
// said of it yet; ErrImagesGone; a refusal where it is held.
func (s *Service) Report(ctx context.Context, studyUID string) (Delivery, []byte, error) {
	d, err := s.store.Said(ctx, studyUID)
	if err != nil {
		return d, nil, err
	}
	if why := d.Study.NotAssessed; why != nil && why.Reason == refusal.PatientMismatch {
		return d, nil, why
	}
	if d.Header == "" && !d.Study.ImagesGoneAt.IsZero() {
		return d, nil, ErrImagesGone
	}
	if d.Series.Result == nil && d.Study.NotAssessed == nil || d.Header == "" {
		return d, nil, ErrNoResult
	}
	image, err := s.files.Read(d.Header)
	return d, image, err
}

// Outbox is the part of the store that deliveries are taken from. Its tokens
// are as in Store.
type Outbox interface {
	// Delivery returns a delivery, or ErrFenced where it is not the job's.
	Delivery(ctx context.Context, t Token, id int64) (Delivery, error)
	// Delivered ends the job: the destination has the objects.
	Delivered(ctx context.Context, t Token, id int64, at time.Time, objects []InstanceRef) error
	// DeliveryFailed counts a failure; a dead one ends the job.
	DeliveryFailed(ctx context.Context, t Token, id int64, at time.Time, failure DeliveryFailure) error
}

// DeliveryFailure is how a try to deliver ended.
type DeliveryFailure struct {
	// Reason quotes no patient.
	Reason string
	// Dead: it is not tried again.
	Dead bool
	// Acknowledged are the reports that the destination has even so.
	Acknowledged []InstanceRef
}
