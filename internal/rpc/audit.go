package rpc

import (
	"context"
	"log/slog"
	"net"
	"regexp"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/peer"

	"nafas/internal/access"
	"nafas/internal/audit"
	nafasv1 "nafas/proto/nafas/v1"
)

// Trail records who asks for what; audit.Accesses is one.
type Trail interface {
	audit.Recorder
	// Seen records that somebody looks at something, once in a while for each.
	Seen(ctx context.Context, e audit.Event) error
}

// told is how a method is recorded before it answers.
type told struct {
	kind   audit.Kind
	detail string
	// each call is recorded; else one in a while.
	each bool
}

// recorded are the methods that give out what is known of patients, or change it.
var recorded = map[string]told{
	nafasv1.TriageService_GetStudy_FullMethodName:          {kind: audit.Opened, detail: "gRPC"},
	nafasv1.TriageService_SuggestCategories_FullMethodName: {kind: audit.Opened, detail: "gRPC"},
	nafasv1.TriageService_ListStudies_FullMethodName:       {kind: audit.Queried, detail: "gRPC"},
	nafasv1.TriageService_WatchStudies_FullMethodName:      {kind: audit.Queried, detail: "gRPC"},
	nafasv1.TriageService_ListDeliveries_FullMethodName:    {kind: audit.Queried, detail: "gRPC"},
	nafasv1.TriageService_GetReport_FullMethodName:         {audit.Exported, "report over gRPC", true},

	nafasv1.ReviewService_GetReview_FullMethodName:     {kind: audit.Opened, detail: "gRPC"},
	nafasv1.ReviewService_ListReviews_FullMethodName:   {kind: audit.Queried, detail: "gRPC"},
	nafasv1.ReviewService_ActOnReview_FullMethodName:   {audit.Reviewed, "review", true},
	nafasv1.ReviewService_ExportReviews_FullMethodName: {audit.Exported, "reviews over gRPC", true},

	nafasv1.ModelService_InstallModel_FullMethodName:  {audit.Configured, "model: install", true},
	nafasv1.ModelService_StartShadow_FullMethodName:   {audit.Configured, "model: start shadow", true},
	nafasv1.ModelService_StopShadow_FullMethodName:    {audit.Configured, "model: stop shadow", true},
	nafasv1.ModelService_ActivateModel_FullMethodName: {audit.Configured, "model: activate", true},
	nafasv1.ModelService_RollBackModel_FullMethodName: {audit.Configured, "model: roll back", true},
	nafasv1.ModelService_RemoveModel_FullMethodName:   {audit.Configured, "model: remove", true},
	nafasv1.ModelService_CompareModels_FullMethodName: {audit.Exported, "comparison of models over gRPC", true},

	nafasv1.RescoreService_PreviewRescoring_FullMethodName: {audit.Queried, "preview of a rescoring", true},
	nafasv1.RescoreService_StartRescoring_FullMethodName:   {audit.Queried, "rescoring started", true},
	nafasv1.RescoreService_PauseRescoring_FullMethodName:   {audit.Queried, "rescoring paused", true},
	nafasv1.RescoreService_ResumeRescoring_FullMethodName:  {audit.Queried, "rescoring resumed", true},
	nafasv1.RescoreService_CancelRescoring_FullMethodName:  {audit.Queried, "rescoring cancelled", true},
	nafasv1.RescoreService_LimitRescoring_FullMethodName:   {audit.Queried, "limits of a rescoring", true},
	nafasv1.RescoreService_ListInputs_FullMethodName:       {audit.Exported, "inputs of a rescoring over gRPC", true},
}

// unrecorded give out nothing but counts, what the caller has just sent, what is sent
// to an archive again, which has a list of its own, or how a rescoring was asked for:
// that may be a list of UIDs, which an administrator gave, and says nothing of what was
// found in them.
var unrecorded = map[string]bool{
	nafasv1.TriageService_SubmitSeries_FullMethodName:    true,
	nafasv1.TriageService_TriageSeries_FullMethodName:    true,
	nafasv1.TriageService_RetryDeliveries_FullMethodName: true,
	nafasv1.ReviewService_GetQuality_FullMethodName:      true,

	nafasv1.ModelService_ListModels_FullMethodName:      true,
	nafasv1.ModelService_ListModelEvents_FullMethodName: true,

	nafasv1.RescoreService_GetRescoring_FullMethodName:   true,
	nafasv1.RescoreService_ListRescorings_FullMethodName: true,
	nafasv1.RescoreService_WatchRescoring_FullMethodName: true,
}

// bookkeeper records calls; what cannot be recorded is not done.
type bookkeeper struct {
	trail Trail
	log   *slog.Logger
}

// unary is a grpc.UnaryServerInterceptor.
func (b bookkeeper) unary(ctx context.Context, request any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	what, is := recorded[info.FullMethod]
	if !is {
		return handler(ctx, request)
	}
	e := audit.Event{Kind: what.kind, Detail: what.detail, Who: caller(ctx)}
	if of, ok := request.(interface{ GetStudyInstanceUid() string }); ok && of.GetStudyInstanceUid() != "" {
		if validateUID("study_instance_uid", of.GetStudyInstanceUid()) != nil {
			return handler(ctx, request) // which refuses it; nothing is stored under it
		}
		e.StudyUIDs = []string{of.GetStudyInstanceUid()}
	}
	if act, ok := request.(*nafasv1.ActOnReviewRequest); ok {
		e.Detail = "review: unknown"
		if a, err := actionFromProto(act.GetAction()); err == nil {
			e.Detail = "review: " + string(a.Kind)
		}
	}
	if of, ok := request.(interface{ GetModel() string }); ok && modelWord.MatchString(of.GetModel()) {
		e.Detail += " " + of.GetModel()
	}
	if err := b.record(ctx, e, what.each); err != nil {
		return nil, err
	}
	out, err := handler(ctx, request)
	if err != nil && changes[what.kind] {
		e.Detail += ", refused"
		if err := b.record(ctx, e, true); err != nil {
			return nil, err
		}
	}
	return out, err
}

// stream is a grpc.StreamServerInterceptor.
func (b bookkeeper) stream(service any, s grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	what, is := recorded[info.FullMethod]
	if !is {
		return handler(service, s)
	}
	e := audit.Event{Kind: what.kind, Detail: what.detail, Who: caller(s.Context())}
	if err := b.record(s.Context(), e, what.each); err != nil {
		return err
	}
	err := handler(service, s)
	if err != nil && changes[what.kind] {
		e.Detail += ", refused"
		// The caller may be gone.
		if err := b.record(context.WithoutCancel(s.Context()), e, true); err != nil {
			return err
		}
	}
	return err
}

// changes are the kinds of which it is recorded, too, that they were refused.
var changes = map[audit.Kind]bool{audit.Reviewed: true, audit.Configured: true}

// modelWord is what may be the name of a model; nothing else of a caller gets into
// the trail.
var modelWord = regexp.MustCompile(`^[a-z0-9][a-z0-9.:-]{0,150}$`)

func (b bookkeeper) record(ctx context.Context, e audit.Event, each bool) error {
	record := b.trail.Seen
	if each {
		record = b.trail.Record
	}
	if err := record(ctx, e); err != nil {
		b.log.ErrorContext(ctx, "the audit trail cannot be written, so that nothing is given out", "error", err)
		return withDetails(codes.Unavailable, "nothing is given out now, since it cannot be recorded; the log of the service has more", reasonBusy)
	}
	return nil
}

// caller is who calls, as the trail names them.
func caller(ctx context.Context) audit.Who {
	out := audit.Who{Name: access.UnnamedName, By: string(access.Unnamed)}
	if p, ok := peer.FromContext(ctx); ok {
		if at, ok := p.Addr.(*net.TCPAddr); ok {
			out.Address = at.IP.String()
		}
		if info, ok := p.AuthInfo.(credentials.TLSInfo); ok && len(info.State.VerifiedChains) > 0 {
			out.Name, out.By = info.State.VerifiedChains[0][0].Subject.CommonName, string(access.ByCertificate)
		}
	}
	if who, ok := ctx.Value(callerKey{}).(access.Principal); ok {
		out.Name, out.Display, out.By = who.Name, who.Display, string(who.By)
	}
	return out
}
