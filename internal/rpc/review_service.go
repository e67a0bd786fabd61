package rpc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	"nafas/internal/access"
	"nafas/internal/triage"
	"nafas/internal/triage/quality"
	"nafas/internal/triage/review"
	nafasv1 "nafas/proto/nafas/v1"
)

// reasonReviewConflict is review.ErrConflict's.
const reasonReviewConflict = "REVIEW_CONFLICT"

// reviewService answers nafas.v1.ReviewService.
type reviewService struct {
	nafasv1.UnimplementedReviewServiceServer
	service *triage.Service
	log     *slog.Logger
}

var _ nafasv1.ReviewServiceServer = (*reviewService)(nil)

// callerKey is where authenticate leaves who calls.
type callerKey struct{}

// reader is who calls: whose token it is, or nobody by name.
func reader(ctx context.Context) review.Reader {
	who, known := ctx.Value(callerKey{}).(access.Principal)
	if !known {
		return review.Local
	}
	return review.Reader{Name: who.Name, Display: who.Name}
}

// reviewError is statusError for what readers do.
func (s *reviewService) reviewError(ctx context.Context, err error) error {
	var why *review.InvalidError
	switch {
	case errors.As(err, &why):
		return invalid("action."+why.Field, why.Text)
	case errors.Is(err, review.ErrConflict):
		return withDetails(codes.Aborted, review.ErrConflict.Error(), reasonReviewConflict)
	}
	return statusError(ctx, s.log, err)
}

func (s *reviewService) GetReview(ctx context.Context, r *nafasv1.GetReviewRequest) (*nafasv1.GetReviewResponse, error) {
	if err := validateUID("study_instance_uid", r.GetStudyInstanceUid()); err != nil {
		return nil, err
	}
	state, err := s.service.Review(ctx, r.GetStudyInstanceUid())
	if err != nil {
		return nil, s.reviewError(ctx, err)
	}
	return &nafasv1.GetReviewResponse{Review: reviewProto(state, reader(ctx))}, nil
}

func (s *reviewService) ActOnReview(ctx context.Context, r *nafasv1.ActOnReviewRequest) (*nafasv1.ActOnReviewResponse, error) {
	if err := validateUID("study_instance_uid", r.GetStudyInstanceUid()); err != nil {
		return nil, err
	}
	action, err := actionFromProto(r.GetAction())
	if err != nil {
		return nil, err
	}
	who := reader(ctx)
	state, err := s.service.Act(ctx, r.GetStudyInstanceUid(), who, r.GetSeen(), action)
	if err != nil {
		return nil, s.reviewError(ctx, err)
	}
	return &nafasv1.ActOnReviewResponse{Review: reviewProto(state, who)}, nil
}

func (s *reviewService) ListReviews(ctx context.Context, r *nafasv1.ListReviewsRequest) (*nafasv1.ListReviewsResponse, error) {
	q := triage.ReviewQuery{Period: period(r), Size: int(r.GetPageSize()), Token: r.GetPageToken()}
	if q.Size < 0 || q.Size > triage.MaxPageSize {
		return nil, invalid("page_size", fmt.Sprintf("is %d; 1 to %d are allowed", q.Size, triage.MaxPageSize))
	}
	for _, state := range r.GetStates() {
		known, is := reviewStateFromProto[state]
		if !is {
			return nil, invalid("states", "holds a value that is no state of a review")
		}
		q.States = append(q.States, known)
	}
	list, next, err := s.service.Reviews(ctx, q)
	if err != nil {
		return nil, s.reviewError(ctx, err)
	}
	out := &nafasv1.ListReviewsResponse{NextPageToken: next}
	for _, one := range list {
		out.Reviews = append(out.Reviews, reviewSummaryProto(one))
	}
	return out, nil
}

func (s *reviewService) ExportReviews(r *nafasv1.ExportReviewsRequest, stream nafasv1.ReviewService_ExportReviewsServer) error {
	ctx := stream.Context()
	studies, err := s.service.ExportReviews(ctx, period(r))
	if err != nil {
		return s.reviewError(ctx, err)
	}
	for _, one := range studies {
		if err := stream.Send(reviewedProto(one)); err != nil {
			return err
		}
	}
	return nil
}

func (s *reviewService) GetQuality(ctx context.Context, r *nafasv1.GetQualityRequest) (*nafasv1.GetQualityResponse, error) {
	q, err := s.service.Quality(ctx, period(r))
	if err != nil {
		return nil, s.reviewError(ctx, err)
	}
	out := &nafasv1.GetQualityResponse{
		Signed: int32(q.Signed), Done: int32(q.Done), All: stratumProto(q.All), Scanners: strataProto(q.Scanners),
		Kernels: strataProto(q.Kernels), Thickness: strataProto(q.Thickness), Models: strataProto(q.Models),
	}
	for _, c := range q.Causes {
		out.Causes = append(out.Causes, &nafasv1.GetQualityResponse_CauseCount{Cause: causeToProto[c.Cause], Count: int32(c.Count)})
	}
	return out, nil
}

// period is that of a request.
func period(r interface {
	GetReceivedAfter() *timestamppb.Timestamp
	GetReceivedBefore() *timestamppb.Timestamp
}) (p triage.Period) {
	if t := r.GetReceivedAfter(); t != nil {
		p.After = t.AsTime()
	}
	if t := r.GetReceivedBefore(); t != nil {
		p.Before = t.AsTime()
	}
	return p
}

func strataProto(list []quality.Stratum) (out []*nafasv1.QualityStratum) {
	for _, s := range list {
		out = append(out, stratumProto(s))
	}
	return out
}

func stratumProto(s quality.Stratum) *nafasv1.QualityStratum {
	interval := func(i quality.Interval) *nafasv1.QualityInterval {
		if !i.Known {
			return nil
		}
		return &nafasv1.QualityInterval{Value: i.Value, Low: i.Low, High: i.High}
	}
	return &nafasv1.QualityStratum{
		Name: s.Name, Scans: int32(s.Scans), Marks: int32(s.Marks), Accepted: int32(s.Accepted), Rejected: int32(s.Rejected),
		Unsure: int32(s.Unsure), Unanswered: int32(s.Unanswered), Added: int32(s.Added),
		AcceptedPerScan: interval(s.AcceptedPerScan), RejectedPerScan: interval(s.RejectedPerScan),
		AcceptedShare: interval(s.AcceptedShare), FoundShare: interval(s.FoundShare),
	}
}
