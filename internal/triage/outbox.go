package triage

import (
	"context"
	"time"
)

// Outbox is the part of the store that deliveries are taken from. Its tokens
// are as in Store.
type Outbox interface {
	// Delivery returns a delivery, or ErrFenced where it is not the job's.
	Delivery(ctx context.Context, t Token, id int64) (Delivery, error)
	// Delivered ends the job: the destination has the objects.
	Delivered(ctx context.Context, t Token, id int64, at time.Time, objects []InstanceRef) error
	// Sent notes what the destination has taken and, before it is asked to
	// keep it, the transaction: the report may be here before the answer.
	Sent(ctx context.Context, t Token, id int64, sent Sent) error
	// DeliveryFailed counts a failure; a dead one ends the job.
	DeliveryFailed(ctx context.Context, t Token, id int64, at time.Time, failure DeliveryFailure) error
}

// DeliveryFailure is how a try to deliver ended.
type DeliveryFailure struct {
	// Reason quotes no patient.
	Reason string
	// Dead: it is not tried again.
	Dead bool
	// Acknowledged are the objects that the destination has even so.
	Acknowledged []InstanceRef
}

// CommitmentReport is what a destination says of objects that it was asked to
// keep.
type CommitmentReport struct {
	TransactionUID string
	// Committed and Failed are SOP Instance UIDs.
	Committed, Failed []string
}

// Answered takes such a report in; the delivery goes on at once. false where
// nobody asked.
func (s *Service) Answered(ctx context.Context, r CommitmentReport) (bool, error) {
	return s.store.Answered(ctx, r, s.opt.Now())
}
