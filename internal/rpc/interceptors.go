package rpc

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"

	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/auth"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/logging"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/recovery"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/selector"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"

	"nafas/internal/access"
	nafasv1 "nafas/proto/nafas/v1"
)

// methodRoles says what a token must carry for each method. A method that is
// not listed needs admin, so that a new one is never open by oversight.
var methodRoles = map[string][]access.Role{
	nafasv1.TriageService_SubmitSeries_FullMethodName:      {access.RoleSubmit},
	nafasv1.TriageService_TriageSeries_FullMethodName:      {access.RoleSubmit, access.RoleRead},
	nafasv1.TriageService_GetStudy_FullMethodName:          {access.RoleRead},
	nafasv1.TriageService_ListStudies_FullMethodName:       {access.RoleRead},
	nafasv1.TriageService_WatchStudies_FullMethodName:      {access.RoleRead},
	nafasv1.TriageService_GetReport_FullMethodName:         {access.RoleRead},
	nafasv1.TriageService_SuggestCategories_FullMethodName: {access.RoleRead},
	nafasv1.TriageService_ListDeliveries_FullMethodName:    {access.RoleRead},
	nafasv1.TriageService_RetryDeliveries_FullMethodName:   {access.RoleAdmin},

	nafasv1.ReviewService_GetReview_FullMethodName:     {access.RoleRead},
	nafasv1.ReviewService_ActOnReview_FullMethodName:   {access.RoleReview},
	nafasv1.ReviewService_ListReviews_FullMethodName:   {access.RoleRead},
	nafasv1.ReviewService_ExportReviews_FullMethodName: {access.RoleRead},
	nafasv1.ReviewService_GetQuality_FullMethodName:    {access.RoleRead},

	nafasv1.RescoreService_PreviewRescoring_FullMethodName: {access.RoleAdmin},
	nafasv1.RescoreService_StartRescoring_FullMethodName:   {access.RoleAdmin},
	nafasv1.RescoreService_GetRescoring_FullMethodName:     {access.RoleAdmin},
	nafasv1.RescoreService_ListRescorings_FullMethodName:   {access.RoleAdmin},
	nafasv1.RescoreService_WatchRescoring_FullMethodName:   {access.RoleAdmin},
	nafasv1.RescoreService_PauseRescoring_FullMethodName:   {access.RoleAdmin},
	nafasv1.RescoreService_ResumeRescoring_FullMethodName:  {access.RoleAdmin},
	nafasv1.RescoreService_CancelRescoring_FullMethodName:  {access.RoleAdmin},
	nafasv1.RescoreService_LimitRescoring_FullMethodName:   {access.RoleAdmin},
	nafasv1.RescoreService_ListInputs_FullMethodName:       {access.RoleAdmin},

	nafasv1.ModelService_ListModels_FullMethodName:      {access.RoleAdmin},
	nafasv1.ModelService_InstallModel_FullMethodName:    {access.RoleAdmin},
	nafasv1.ModelService_StartShadow_FullMethodName:     {access.RoleAdmin},
	nafasv1.ModelService_StopShadow_FullMethodName:      {access.RoleAdmin},
	nafasv1.ModelService_ActivateModel_FullMethodName:   {access.RoleAdmin},
	nafasv1.ModelService_RollBackModel_FullMethodName:   {access.RoleAdmin},
	nafasv1.ModelService_RemoveModel_FullMethodName:     {access.RoleAdmin},
	nafasv1.ModelService_ListModelEvents_FullMethodName: {access.RoleAdmin},
	nafasv1.ModelService_CompareModels_FullMethodName:   {access.RoleAdmin},

	"/grpc.reflection.v1.ServerReflection/ServerReflectionInfo":      {access.RoleRead},
	"/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo": {access.RoleRead},
}

func callChain(o Options) ([]grpc.UnaryServerInterceptor, []grpc.StreamServerInterceptor) {
	logOptions := []logging.Option{logging.WithLogOnEvents(logging.FinishCall), logging.WithLevels(level)}
	recovered := recovery.WithRecoveryHandlerContext(func(ctx context.Context, p any) error {
		// The value of a panic may quote an element: type and stack only.
		o.Log.ErrorContext(ctx, "panic in a handler", "type", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
		return withDetails(codes.Internal, "internal error; the server's log has the detail", reasonInternal)
	})
	unary := []grpc.UnaryServerInterceptor{
		logging.UnaryServerInterceptor(logger(o.Log), logOptions...),
		recovery.UnaryServerInterceptor(recovered),
	}
	stream := []grpc.StreamServerInterceptor{
		logging.StreamServerInterceptor(logger(o.Log), logOptions...),
		recovery.StreamServerInterceptor(recovered),
	}
	if o.Tokens != nil {
		check := authenticate(o.Tokens)
		protected := selector.MatchFunc(func(_ context.Context, c interceptors.CallMeta) bool {
			return c.Service != healthv1.Health_ServiceDesc.ServiceName
		})
		unary = append(unary, selector.UnaryServerInterceptor(auth.UnaryServerInterceptor(check), protected))
		stream = append(stream, selector.StreamServerInterceptor(auth.StreamServerInterceptor(check), protected))
	}
	if o.Trail != nil {
		books := bookkeeper{o.Trail, o.Log}
		unary, stream = append(unary, books.unary), append(stream, books.stream)
	}
	return unary, stream
}

func authenticate(tokens *access.Tokens) auth.AuthFunc {
	return func(ctx context.Context) (context.Context, error) {
		token, err := auth.AuthFromMD(ctx, "bearer")
		if err != nil {
			return nil, withDetails(codes.Unauthenticated, "a bearer token is needed in the authorization header", reasonUnauthenticated)
		}
		who, err := tokens.Check(token)
		if err != nil {
			return nil, withDetails(codes.Unauthenticated, "the token is not known to this server", reasonUnauthenticated)
		}
		method, _ := grpc.Method(ctx)
		roles, listed := methodRoles[method]
		if !listed {
			roles = []access.Role{access.RoleAdmin}
		}
		if !who.Has(roles...) {
			return nil, withDetails(codes.PermissionDenied, fmt.Sprintf("this call needs the roles %v", roles), reasonForbidden)
		}
		return context.WithValue(ctx, callerKey{}, who), nil
	}
}

// logger passes what the middleware logs: method, code, duration, peer;
// never a message.
func logger(l *slog.Logger) logging.Logger {
	return logging.LoggerFunc(func(ctx context.Context, lvl logging.Level, msg string, fields ...any) {
		l.Log(ctx, slog.Level(lvl), msg, fields...)
	})
}

// level keeps health checks and ordinary calls out of the way.
func level(code codes.Code) logging.Level {
	switch code {
	case codes.OK, codes.Canceled, codes.NotFound:
		return logging.LevelDebug
	case codes.Internal, codes.Unknown, codes.DataLoss:
		return logging.LevelError
	default:
		return logging.LevelWarn
	}
}
