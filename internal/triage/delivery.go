package triage

import (
	"context"
	"time"
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

// Outbox is the part of the store that deliveries are taken from. Its tokens
// are as in Store.
type Outbox interface {
	// Delivery returns a delivery, or ErrFenced where it is not the job's.
	Delivery(ctx context.Context, t Token, id int64) (Delivery, error)
	// Delivered ends the job: the destination has the objects.
	Delivered(ctx context.Context, t Token, id int64, at time.Time, objects []InstanceRef) error
	// DeliveryFailed counts a failure, and with dead ends the job: it is not
	// tried again.
	DeliveryFailed(ctx context.Context, t Token, id int64, at time.Time, reason string, dead bool) error
}
