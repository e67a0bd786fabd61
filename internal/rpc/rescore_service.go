package rpc

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"nafas/internal/rescore"
	nafasv1 "nafas/proto/nafas/v1"
)

// Reasons of errors about rescorings.
const (
	reasonRescoringNotFound = "RESCORING_NOT_FOUND"
	reasonRescoringState    = "RESCORING_STATE"
)

// Previewer says what a rescoring would read.
type Previewer func(ctx context.Context, rq rescore.Request) (*nafasv1.RescoringPreview, error)

// rescoreService answers nafas.v1.RescoreService.
type rescoreService struct {
	nafasv1.UnimplementedRescoreServiceServer
	service  *rescore.Service
	preview  Previewer
	log      *slog.Logger
	stopping <-chan struct{}
}

var _ nafasv1.RescoreServiceServer = (*rescoreService)(nil)

// watchRescoringEvery is how often a watched rescoring is looked at.
const watchRescoringEvery = time.Second

func (s *rescoreService) error(ctx context.Context, err error) error {
	var rq *rescore.ErrRequest
	switch {
	case errors.As(err, &rq):
		return invalid("rescoring."+rq.Field, rq.Error())
	case errors.Is(err, rescore.ErrNotFound):
		return withDetails(codes.NotFound, err.Error(), reasonRescoringNotFound)
	case errors.Is(err, rescore.ErrState):
		return withDetails(codes.FailedPrecondition, err.Error(), reasonRescoringState)
	}
	return statusError(ctx, s.log, err)
}

// one is the reply to whatever returns a rescoring.
func (s *rescoreService) one(ctx context.Context, r rescore.Rescoring, err error) (*nafasv1.Rescoring, error) {
	if err != nil {
		return nil, s.error(ctx, err)
	}
	return RescoringProto(r), nil
}

func (s *rescoreService) PreviewRescoring(ctx context.Context, r *nafasv1.PreviewRescoringRequest) (*nafasv1.PreviewRescoringResponse, error) {
	rq, err := rescoringFromProto(r.GetRescoring())
	if err != nil {
		return nil, err
	}
	p, err := s.preview(ctx, rq)
	if err != nil {
		return nil, s.error(ctx, err)
	}
	return &nafasv1.PreviewRescoringResponse{Preview: p}, nil
}

func (s *rescoreService) StartRescoring(ctx context.Context, r *nafasv1.StartRescoringRequest) (*nafasv1.StartRescoringResponse, error) {
	rq, err := rescoringFromProto(r.GetRescoring())
	if err != nil {
		return nil, err
	}
	started, err := s.service.Start(ctx, rq)
	p, err := s.one(ctx, started, err)
	return &nafasv1.StartRescoringResponse{Rescoring: p}, err
}

func (s *rescoreService) GetRescoring(ctx context.Context, r *nafasv1.GetRescoringRequest) (*nafasv1.GetRescoringResponse, error) {
	got, err := s.service.Get(ctx, r.GetId())
	p, err := s.one(ctx, got, err)
	if err == nil {
		p.Source.StudyInstanceUids = got.Source.Studies
	}
	return &nafasv1.GetRescoringResponse{Rescoring: p}, err
}

func (s *rescoreService) ListRescorings(ctx context.Context, _ *nafasv1.ListRescoringsRequest) (*nafasv1.ListRescoringsResponse, error) {
	all, err := s.service.List(ctx)
	if err != nil {
		return nil, s.error(ctx, err)
	}
	out := &nafasv1.ListRescoringsResponse{}
	for _, r := range all {
		out.Rescorings = append(out.Rescorings, RescoringProto(r))
	}
	return out, nil
}

func (s *rescoreService) PauseRescoring(ctx context.Context, r *nafasv1.PauseRescoringRequest) (*nafasv1.PauseRescoringResponse, error) {
	got, err := s.service.Pause(ctx, r.GetId())
	p, err := s.one(ctx, got, err)
	return &nafasv1.PauseRescoringResponse{Rescoring: p}, err
}

func (s *rescoreService) ResumeRescoring(ctx context.Context, r *nafasv1.ResumeRescoringRequest) (*nafasv1.ResumeRescoringResponse, error) {
	got, err := s.service.Resume(ctx, r.GetId())
	p, err := s.one(ctx, got, err)
	return &nafasv1.ResumeRescoringResponse{Rescoring: p}, err
}

func (s *rescoreService) CancelRescoring(ctx context.Context, r *nafasv1.CancelRescoringRequest) (*nafasv1.CancelRescoringResponse, error) {
	got, err := s.service.Cancel(ctx, r.GetId())
	p, err := s.one(ctx, got, err)
	return &nafasv1.CancelRescoringResponse{Rescoring: p}, err
}

func (s *rescoreService) LimitRescoring(ctx context.Context, r *nafasv1.LimitRescoringRequest) (*nafasv1.LimitRescoringResponse, error) {
	got, err := s.service.Limit(ctx, r.GetId(), limitsFromProto(r.GetLimits()))
	p, err := s.one(ctx, got, err)
	return &nafasv1.LimitRescoringResponse{Rescoring: p}, err
}

// WatchRescoring sends the first state at once.
func (s *rescoreService) WatchRescoring(r *nafasv1.WatchRescoringRequest, stream nafasv1.RescoreService_WatchRescoringServer) error {
	ctx := stream.Context()
	var last *nafasv1.Rescoring
	for {
		got, err := s.service.Get(ctx, r.GetId())
		if err != nil {
			return s.error(ctx, err)
		}
		if now := RescoringProto(got); !proto.Equal(now, last) {
			if err := stream.Send(&nafasv1.WatchRescoringResponse{Rescoring: now}); err != nil {
				return err
			}
			last = now
		}
		if got.State.Final() {
			return nil
		}
		select {
		case <-ctx.Done():
			return s.error(ctx, ctx.Err())
		case <-s.stopping:
			return withDetails(codes.Unavailable, "the server stops; watch again", reasonBusy)
		case <-time.After(watchRescoringEvery):
		}
	}
}

func (s *rescoreService) ListInputs(r *nafasv1.ListInputsRequest, stream nafasv1.RescoreService_ListInputsServer) error {
	ctx := stream.Context()
	err := s.service.Rows(ctx, r.GetId(), func(row rescore.Row) error {
		if len(r.GetStates()) > 0 && !slices.Contains(r.GetStates(), inputStates[row.State]) {
			return nil
		}
		return stream.Send(&nafasv1.ListInputsResponse{Input: InputProto(row)})
	})
	if err != nil {
		return s.error(ctx, err)
	}
	return nil
}
