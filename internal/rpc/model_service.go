package rpc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/durationpb"

	"nafas/internal/audit"
	"nafas/internal/registry"
	nafasv1 "nafas/proto/nafas/v1"
)

// Reasons of errors about models.
const (
	reasonModelNotFound = "MODEL_NOT_FOUND"
	reasonModelUnfit    = "MODEL_UNFIT"
	reasonModelExists   = "MODEL_EXISTS"
	reasonModelState    = "MODEL_STATE"
)

// modelService answers nafas.v1.ModelService.
type modelService struct {
	nafasv1.UnimplementedModelServiceServer
	service *registry.Service
	// books record what was installed, once that is known; nil for nowhere.
	books *bookkeeper
	log   *slog.Logger
	// uploadIdle is how long an open upload may be silent.
	uploadIdle time.Duration
}

var _ nafasv1.ModelServiceServer = (*modelService)(nil)

func (s *modelService) error(ctx context.Context, err error) error {
	var e *registry.Error
	if !errors.As(err, &e) {
		return statusError(ctx, s.log, err)
	}
	switch e.Kind {
	case registry.Unknown:
		return withDetails(codes.NotFound, e.Error(), reasonModelNotFound)
	case registry.Ambiguous:
		return invalid("model", "is not enough: "+e.Error())
	case registry.Taken:
		return withDetails(codes.AlreadyExists, e.Error(), reasonModelExists)
	case registry.NotNow:
		return withDetails(codes.FailedPrecondition, e.Error(), reasonModelState)
	case registry.TooLarge:
		return withDetails(codes.ResourceExhausted, e.Error(), "TOO_LARGE")
	case registry.Busy:
		return withDetails(codes.Unavailable, e.Error(), reasonBusy, &errdetails.RetryInfo{RetryDelay: durationpb.New(busyRetry)})
	}
	return withDetails(codes.FailedPrecondition, e.Error(), reasonModelUnfit)
}

// who is who asks, as the history of a model has them.
func who(ctx context.Context) registry.Who {
	w := caller(ctx)
	return registry.Who{Name: w.Name, By: w.By}
}

func (s *modelService) ListModels(ctx context.Context, _ *nafasv1.ListModelsRequest) (*nafasv1.ListModelsResponse, error) {
	all, err := s.service.List(ctx)
	if err != nil {
		return nil, s.error(ctx, err)
	}
	out := &nafasv1.ListModelsResponse{}
	for _, m := range all {
		out.Models = append(out.Models, serviceModelProto(m))
	}
	return out, nil
}

func (s *modelService) ListModelEvents(ctx context.Context, _ *nafasv1.ListModelEventsRequest) (*nafasv1.ListModelEventsResponse, error) {
	all, err := s.service.Events(ctx)
	if err != nil {
		return nil, s.error(ctx, err)
	}
	out := &nafasv1.ListModelEventsResponse{}
	for _, e := range all {
		out.Events = append(out.Events, modelEventProto(e))
	}
	return out, nil
}

// InstallModel takes files in until the caller closes its side.
func (s *modelService) InstallModel(stream nafasv1.ModelService_InstallModelServer) error {
	ctx := stream.Context()
	upload, err := s.service.Receive()
	if err != nil {
		return s.error(ctx, err)
	}
	defer upload.Abort()
	recv := hurried(s.uploadIdle, func() (part, error) {
		rq, err := stream.Recv()
		return modelPart{rq}, err
	})
	if err := receiveModel(upload, recv); err != nil {
		return s.error(ctx, err)
	}
	m, added, err := upload.Commit(ctx, who(ctx))
	if err != nil {
		return s.error(ctx, err)
	}
	if added && s.books != nil {
		// It is installed by now, and in the history; a trail that cannot be written is
		// in the log.
		_ = s.books.record(ctx, audit.Event{Kind: audit.Configured, Who: caller(ctx), Detail: fmt.Sprintf("model: installed %s:%s %.12s", m.Name, m.Version, m.SHA256)}, true)
	}
	return stream.SendAndClose(&nafasv1.InstallModelResponse{Model: serviceModelProto(m), Added: added})
}

// modelPart is a part without a header.
type modelPart struct{ *nafasv1.InstallModelRequest }

func (modelPart) GetHeader() *nafasv1.UploadHeader { return nil }

func receiveModel(upload *registry.Upload, recv func() (part, error)) error {
	for {
		file, err := nextFile(recv)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := upload.Put(file.name, file); err != nil {
			return err
		}
	}
}

func (s *modelService) StartShadow(ctx context.Context, r *nafasv1.StartShadowRequest) (*nafasv1.StartShadowResponse, error) {
	m, changed, err := s.service.StartShadow(ctx, r.GetModel(), who(ctx))
	if err != nil {
		return nil, s.error(ctx, err)
	}
	return &nafasv1.StartShadowResponse{Model: serviceModelProto(m), Changed: changed}, nil
}

func (s *modelService) StopShadow(ctx context.Context, r *nafasv1.StopShadowRequest) (*nafasv1.StopShadowResponse, error) {
	m, err := s.service.StopShadow(ctx, r.GetModel(), who(ctx))
	if err != nil {
		return nil, s.error(ctx, err)
	}
	return &nafasv1.StopShadowResponse{Model: serviceModelProto(m)}, nil
}

func (s *modelService) ActivateModel(ctx context.Context, r *nafasv1.ActivateModelRequest) (*nafasv1.ActivateModelResponse, error) {
	m, changed, err := s.service.Activate(ctx, r.GetModel(), who(ctx))
	if err != nil {
		return nil, s.error(ctx, err)
	}
	return &nafasv1.ActivateModelResponse{Model: serviceModelProto(m), Changed: changed}, nil
}

func (s *modelService) RollBackModel(ctx context.Context, _ *nafasv1.RollBackModelRequest) (*nafasv1.RollBackModelResponse, error) {
	m, err := s.service.RollBack(ctx, who(ctx))
	if err != nil {
		return nil, s.error(ctx, err)
	}
	return &nafasv1.RollBackModelResponse{Model: serviceModelProto(m)}, nil
}

func (s *modelService) RemoveModel(ctx context.Context, r *nafasv1.RemoveModelRequest) (*nafasv1.RemoveModelResponse, error) {
	m, err := s.service.Remove(ctx, r.GetModel(), r.GetReadings(), who(ctx))
	if err != nil {
		return nil, s.error(ctx, err)
	}
	return &nafasv1.RemoveModelResponse{Model: modelName(m.Model)}, nil
}

func (s *modelService) CompareModels(ctx context.Context, r *nafasv1.CompareModelsRequest) (*nafasv1.CompareModelsResponse, error) {
	c, err := s.service.Compare(ctx, r.GetModel(), r.GetAgainst())
	if err != nil {
		return nil, s.error(ctx, err)
	}
	return &nafasv1.CompareModelsResponse{Comparison: modelComparisonProto(c)}, nil
}
