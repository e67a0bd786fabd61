package rpc

import (
	"context"
	"strconv"

	"nafas/internal/triage"
	nafasv1 "nafas/proto/nafas/v1"
)

var deliveryFromProto = reverse(deliveryToProto)

func (s *triageService) ListDeliveries(ctx context.Context, r *nafasv1.ListDeliveriesRequest) (*nafasv1.ListDeliveriesResponse, error) {
	q := triage.DeliveryQuery{Destination: r.GetDestination(), StudyUID: r.GetStudyInstanceUid(), Size: int(r.GetPageSize())}
	if r.GetPageSize() < 0 {
		return nil, invalid("page_size", "must not be negative")
	}
	if r.GetState() != nafasv1.DeliveryState_DELIVERY_STATE_UNSPECIFIED {
		var known bool
		if q.State, known = deliveryFromProto[r.GetState()]; !known {
			return nil, invalid("state", "is none of the known values")
		}
	}
	if err := optionalUID("study_instance_uid", q.StudyUID); err != nil {
		return nil, err
	}
	if token := r.GetPageToken(); token != "" {
		var err error
		if q.After, err = strconv.ParseInt(token, 10, 64); err != nil || q.After < 0 {
			return nil, invalid("page_token", "is not one of this service")
		}
	}
	list, next, err := s.service.Deliveries(ctx, q)
	if err != nil {
		return nil, statusError(ctx, s.log, err)
	}
	out := &nafasv1.ListDeliveriesResponse{}
	for _, d := range list {
		out.Deliveries = append(out.Deliveries, deliveryProto(d))
	}
	if next != 0 {
		out.NextPageToken = strconv.FormatInt(next, 10)
	}
	return out, nil
}

func (s *triageService) RetryDeliveries(ctx context.Context, r *nafasv1.RetryDeliveriesRequest) (*nafasv1.RetryDeliveriesResponse, error) {
	if err := optionalUID("study_instance_uid", r.GetStudyInstanceUid()); err != nil {
		return nil, err
	}
	n, err := s.service.RetryDeliveries(ctx, r.GetStudyInstanceUid(), r.GetDestination())
	if err != nil {
		return nil, statusError(ctx, s.log, err)
	}
	return &nafasv1.RetryDeliveriesResponse{Deliveries: int32(n)}, nil
}

func optionalUID(field, uid string) error {
	if uid == "" {
		return nil
	}
	return validateUID(field, uid)
}
