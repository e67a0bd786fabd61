package rpc

import (
	"fmt"

	"nafas/internal/triage"
	nafasv1 "nafas/proto/nafas/v1"
)

const maxUIDLength = 64 // PS3.5 section 9.1

func validateHeader(h *nafasv1.UploadHeader) error {
	if _, ok := nafasv1.RequestPriority_name[int32(h.GetRequestPriority())]; !ok {
		return invalid("header.request_priority", "is none of the known values")
	}
	if _, ok := nafasv1.OnDisconnect_name[int32(h.GetOnDisconnect())]; !ok {
		return invalid("header.on_disconnect", "is none of the known values")
	}
	return nil
}

// validateUID accepts digits and dots; the rest of PS3.5 section 9.1 (no
// leading zeros) is broken by real archives.
func validateUID(field, uid string) error {
	if uid == "" {
		return invalid(field, "is empty")
	}
	if len(uid) > maxUIDLength {
		return invalid(field, "is longer than 64 characters")
	}
	for _, r := range uid {
		if r != '.' && (r < '0' || r > '9') {
			return invalid(field, "is not a DICOM UID: digits and dots only")
		}
	}
	return nil
}

func validateList(r *nafasv1.ListStudiesRequest) (triage.Query, error) {
	q := triage.Query{Size: int(r.GetPageSize()), Token: r.GetPageToken()}
	if q.Size == 0 {
		q.Size = triage.DefaultPageSize
	}
	if q.Size < 1 || q.Size > triage.MaxPageSize {
		return q, invalid("page_size", fmt.Sprintf("is %d; 1 to %d are allowed", q.Size, triage.MaxPageSize))
	}
	for _, s := range r.GetStates() {
		state, ok := stateFromProto[s]
		if !ok {
			return q, invalid("states", "holds a value that is no state")
		}
		q.States = append(q.States, state)
	}
	for _, p := range r.GetPriorities() {
		priority, ok := priorityFromProto[p]
		if !ok {
			return q, invalid("priorities", "holds a value that is no priority")
		}
		q.Priorities = append(q.Priorities, priority)
	}
	switch r.GetOrder() {
	case nafasv1.StudyOrder_STUDY_ORDER_UNSPECIFIED, nafasv1.StudyOrder_STUDY_ORDER_WORKLIST:
		q.Order = triage.OrderWorklist
	case nafasv1.StudyOrder_STUDY_ORDER_RECEIVED_DESC:
		q.Order = triage.OrderReceivedDesc
	case nafasv1.StudyOrder_STUDY_ORDER_RECEIVED_ASC:
		q.Order = triage.OrderReceivedAsc
	default:
		return q, invalid("order", "is none of the known values")
	}
	if t := r.GetReceivedAfter(); t != nil {
		q.After = t.AsTime()
	}
	if t := r.GetReceivedBefore(); t != nil {
		q.Before = t.AsTime()
	}
	return q, nil
}
