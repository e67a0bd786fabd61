package triage

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"time"

	"nafas/dicomio/refusal"
	"nafas/internal/triage/review"
)

// Destination is what the outbox knows of where results go.
type Destination struct {
	Name string
	// Priorities are those of the studies whose results go there; none means
	// all. A destination that was told of a study once is told on, whatever the
	// priority is now.
	Priorities []Priority
}

// Wants says whether results of a priority go there.
func (d Destination) Wants(p Priority) bool {
	return len(d.Priorities) == 0 || slices.Contains(d.Priorities, p)
}

// DeliverJob is the job that takes a result to a destination.
type DeliverJob struct {
	DeliveryID int64 `json:"delivery_id"`
}

// Kind names the job in the queue.
func (DeliverJob) Kind() string { return "deliver" }

// QueueUndeliverable is the queue of the DeliverJobs whose destination is not
// among the settings any more.
const QueueUndeliverable = "deliver"

// DeliverQueue is the queue of a destination's DeliverJobs: one for each, so
// that a destination that is silent delays nobody else.
func DeliverQueue(destination string) string {
	sum := sha256.Sum256([]byte(destination))
	return QueueUndeliverable + "-" + hex.EncodeToString(sum[:8])
}

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
	// StoredAt is when what is said was stored; At is later where it was said
	// before something else, and is said again. Zero where that is not known.
	StoredAt time.Time
	Study    Study
	// Series is the one that the result is about: that was read, or where
	// none was the CT series with the most instances. Its Instances are in the
	// order of arrival, Paths are their files, and Header is one of these.
	Series    Series
	Instances []InstanceRef
	Paths     []string
	Header    string
	// Replaces are the objects that were delivered there before.
	Replaces []InstanceRef
	// Review is what readers said; nil where no reader did anything, or nothing of
	// it is to be told yet.
	Review *review.State
	// Sent is set where the destination has taken the objects, and is to say
	// that it keeps them.
	Sent *Sent
}

// Sent is what a destination has taken and not yet promised to keep.
type Sent struct {
	Objects []InstanceRef
	// TransactionUID is that of the request to keep them, AskedAt when it was
	// made; "" before.
	TransactionUID string
	AskedAt        time.Time
	// Answered: the report came. Refused are the objects that are not kept.
	Answered bool
	Refused  []InstanceRef
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
	ID          int64
	StudyUID    string
	Destination string
	State       DeliveryState
	Attempts    int
	Reason      string
	QueuedAt    time.Time
	UpdatedAt   time.Time
}

// ErrNoResult says that nothing is said of a study yet.
var ErrNoResult = errors.New("the study has no result yet")

// ErrNoOrder says that a study names no patient identifier or no accession
// number: a message about it could end up with another patient or order.
var ErrNoOrder = errors.New("the images have no patient identifier or no accession number, without which no HL7 result is written; correct them in the archive and send the study again")

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

// ReadFile returns the contents of a stored file: one of a Delivery's Paths.
func (s *Service) ReadFile(path string) ([]byte, error) { return s.files.Read(path) }

// DeliveryQuery asks for deliveries. The zero value asks for all.
type DeliveryQuery struct {
	State       DeliveryState
	Destination string
	StudyUID    string
	// After is the number of the last delivery of the page before.
	After int64
	// Size is 1 to MaxPageSize; 0 means DefaultPageSize.
	Size int
}

// Deliveries lists deliveries, the oldest first. next goes on after them; 0
// where there are no more.
func (s *Service) Deliveries(ctx context.Context, q DeliveryQuery) (list []DeliveryStatus, next int64, err error) {
	if q.Size <= 0 {
		q.Size = DefaultPageSize
	}
	size := min(q.Size, MaxPageSize)
	q.Size = size + 1
	if list, err = s.store.Deliveries(ctx, q); err != nil || len(list) <= size {
		return list, 0, err
	}
	return list[:size], list[size-1].ID, nil
}

// RetryDeliveries puts dead deliveries back into the outbox, with their
// patience anew: those of one study, or where it is "" of all; to one
// destination, or where it is "" to every one. What a newer result has taken
// the place of stays. It returns how many there were.
func (s *Service) RetryDeliveries(ctx context.Context, studyUID, destination string) (int, error) {
	n, err := s.store.RetryDeliveries(ctx, studyUID, destination, s.opt.Now())
	if err == nil && n > 0 {
		s.log.InfoContext(ctx, "dead deliveries are tried again", "deliveries", n)
		s.hub.changed()
	}
	return n, err
}
