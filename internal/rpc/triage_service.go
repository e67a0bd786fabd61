package rpc

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/durationpb"

	"nafas/internal/triage"
	nafasv1 "nafas/proto/nafas/v1"
)

// triageService answers nafas.v1.TriageService.
type triageService struct {
	nafasv1.UnimplementedTriageServiceServer
	service *triage.Service
	log     *slog.Logger
	// stopping is closed when the server shuts down: open streams end then.
	stopping <-chan struct{}
	// uploadIdle is how long an open upload may be silent.
	uploadIdle time.Duration
	texts      map[nafasv1.ReportFormat]Text
}

var _ nafasv1.TriageServiceServer = (*triageService)(nil)

func (s *triageService) SubmitSeries(stream nafasv1.TriageService_SubmitSeriesServer) error {
	ctx := stream.Context()
	upload, _, err := receive(ctx, s.service, hurried(s.uploadIdle, func() (part, error) { return stream.Recv() }))
	if err != nil {
		return statusError(ctx, s.log, err)
	}
	defer upload.Abort()
	receipt, err := upload.Commit(ctx)
	if err != nil {
		return statusError(ctx, s.log, err)
	}
	return stream.SendAndClose(&nafasv1.SubmitSeriesResponse{Receipt: receiptProto(receipt)})
}

func (s *triageService) TriageSeries(stream nafasv1.TriageService_TriageSeriesServer) error {
	ctx := stream.Context()
	upload, header, err := receive(ctx, s.service, hurried(s.uploadIdle, func() (part, error) { return stream.Recv() }))
	if err != nil {
		return statusError(ctx, s.log, err)
	}
	defer upload.Abort()
	// The watch opens before the commit, so that no event falls between.
	events, err := s.service.Watch(ctx, "")
	if err != nil {
		return statusError(ctx, s.log, err)
	}
	receipt, err := upload.Commit(ctx)
	if err != nil {
		return statusError(ctx, s.log, err)
	}
	err = s.follow(stream, receipt, events)
	if ctx.Err() != nil && header.GetOnDisconnect() == nafasv1.OnDisconnect_ON_DISCONNECT_CANCEL {
		s.cancel(ctx, receipt.StudyUIDs)
	}
	return statusError(ctx, s.log, err)
}

// follow sends the receipt, progress, and each study of the receipt when it
// has reached a final state.
func (s *triageService) follow(stream nafasv1.TriageService_TriageSeriesServer, receipt triage.Receipt, events <-chan triage.Event) error {
	ctx := stream.Context()
	send := func(e *nafasv1.TriageSeriesResponse) error { return stream.Send(e) }
	if err := send(&nafasv1.TriageSeriesResponse{
		Event: &nafasv1.TriageSeriesResponse_Receipt{Receipt: receiptProto(receipt)},
	}); err != nil {
		return err
	}
	open := map[string]bool{}
	for _, uid := range receipt.StudyUIDs {
		open[uid] = true
	}
	settle := func(uid string) error {
		study, err := s.service.Study(ctx, uid)
		if err != nil || !study.State.Final() {
			return err
		}
		delete(open, uid)
		return send(&nafasv1.TriageSeriesResponse{Event: &nafasv1.TriageSeriesResponse_Study{Study: StudyProto(study)}})
	}
	// A study that was read before, from the same instances, is final already.
	for _, uid := range receipt.StudyUIDs {
		if err := settle(uid); err != nil {
			return err
		}
	}
	for len(open) > 0 {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.stopping:
			return errStopping
		case e, ok := <-events:
			if !ok {
				return errors.Join(ctx.Err(), errWatchEnded)
			}
			if err := forward(e, open, send, settle); err != nil {
				return err
			}
		}
	}
	return nil
}

// errStopping tells a waiting caller that what it sent is safe.
var errStopping = withDetails(codes.Unavailable,
	"the server is stopping; what was acknowledged is stored and is read after the restart", reasonBusy,
	&errdetails.RetryInfo{RetryDelay: durationpb.New(busyRetry)})

var errWatchEnded = errors.New("the watch ended before the study did")

func forward(e triage.Event, open map[string]bool, send func(*nafasv1.TriageSeriesResponse) error, settle func(string) error) error {
	if p := e.Progress; p != nil {
		if !open[p.StudyUID] {
			return nil
		}
		return send(&nafasv1.TriageSeriesResponse{Event: &nafasv1.TriageSeriesResponse_Progress{Progress: progressProto(*p)}})
	}
	if open[e.Study.UID] && e.Study.State.Final() {
		return settle(e.Study.UID)
	}
	return nil
}

// cancel outlives the caller, who is gone.
func (s *triageService) cancel(ctx context.Context, uids []string) {
	ctx = context.WithoutCancel(ctx)
	for _, uid := range uids {
		if err := s.service.Cancel(ctx, uid); err != nil {
			s.log.ErrorContext(ctx, "cancelling failed", "error", err)
		}
	}
}

func (s *triageService) GetStudy(ctx context.Context, r *nafasv1.GetStudyRequest) (*nafasv1.GetStudyResponse, error) {
	if err := validateUID("study_instance_uid", r.GetStudyInstanceUid()); err != nil {
		return nil, err
	}
	study, err := s.service.Study(ctx, r.GetStudyInstanceUid())
	if err != nil {
		return nil, statusError(ctx, s.log, err)
	}
	return &nafasv1.GetStudyResponse{Study: StudyProto(study)}, nil
}

func (s *triageService) ListStudies(ctx context.Context, r *nafasv1.ListStudiesRequest) (*nafasv1.ListStudiesResponse, error) {
	query, err := validateList(r)
	if err != nil {
		return nil, err
	}
	page, err := s.service.Studies(ctx, query)
	if err != nil {
		return nil, statusError(ctx, s.log, err)
	}
	out := &nafasv1.ListStudiesResponse{NextPageToken: page.Next}
	for _, study := range page.Studies {
		out.Studies = append(out.Studies, StudyProto(study))
	}
	return out, nil
}

func (s *triageService) WatchStudies(r *nafasv1.WatchStudiesRequest, stream nafasv1.TriageService_WatchStudiesServer) error {
	ctx := stream.Context()
	events, err := s.service.Watch(ctx, r.GetCursor())
	if errors.Is(err, triage.ErrBadToken) {
		return invalid("cursor", "is not from an event of this server")
	}
	if err != nil {
		return statusError(ctx, s.log, err)
	}
	// The header tells the caller that nothing is missed from here on.
	if err := stream.SendHeader(nil); err != nil {
		return err
	}
	for {
		select {
		case <-ctx.Done():
			return statusError(ctx, s.log, ctx.Err())
		case <-s.stopping:
			return errStopping
		case e, ok := <-events:
			if !ok {
				return statusError(ctx, s.log, errors.Join(ctx.Err(), errWatchEnded))
			}
			if e.Progress != nil {
				continue
			}
			if err := stream.Send(&nafasv1.WatchStudiesResponse{Study: StudyProto(e.Study), Cursor: e.Cursor}); err != nil {
				return err
			}
		}
	}
}
