package rpc

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"

	"nafas/dicomio/refusal"
	"nafas/internal/triage"
)

// Domain of every google.rpc.ErrorInfo.
const Domain = "nafas"

// Reasons of errors that are not refusals of an input.
const (
	reasonStudyNotFound   = "STUDY_NOT_FOUND"
	reasonNoResult        = "NO_RESULT"
	reasonInvalidRequest  = "INVALID_REQUEST"
	reasonBusy            = "BUSY"
	reasonUploadIdle      = "UPLOAD_IDLE"
	reasonInternal        = "INTERNAL"
	reasonUnauthenticated = "UNAUTHENTICATED"
	reasonForbidden       = "PERMISSION_DENIED"
)

// busyRetry is what a refused sender is told to wait: long enough for a job
// to end or an operator to make room, short enough not to idle a PACS.
const busyRetry = 30 * time.Second

// refusalCode follows the error classes of docs/architecture.md.
func refusalCode(r refusal.Reason) codes.Code {
	switch r {
	case refusal.Malformed, refusal.Unsupported:
		return codes.InvalidArgument
	case refusal.Unreadable:
		return codes.Unavailable
	case refusal.TooLarge:
		return codes.ResourceExhausted
	default:
		return codes.FailedPrecondition
	}
}

// statusError turns any error into the status that a client may see. What is
// not one of the known classes is logged and leaves as a fixed text, since
// its own might quote an element's value.
func statusError(ctx context.Context, log *slog.Logger, err error) error {
	var refused *refusal.Error
	switch {
	case err == nil:
		return nil
	case isStatus(err):
		return err
	case errors.Is(err, context.Canceled):
		return status.Error(codes.Canceled, "the caller left")
	case errors.Is(err, context.DeadlineExceeded):
		return status.Error(codes.DeadlineExceeded, "the deadline passed")
	case errors.As(err, &refused):
		return withDetails(refusalCode(refused.Reason), refused.Error(), string(refused.Reason))
	case errors.Is(err, triage.ErrNotFound):
		return withDetails(codes.NotFound, "nothing of this study was taken in", reasonStudyNotFound)
	case errors.Is(err, triage.ErrNoResult):
		return withDetails(codes.FailedPrecondition, "there is nothing to report: the study has no result yet, or no findings to select images of", reasonNoResult)
	case errors.Is(err, triage.ErrNoOrder):
		return withDetails(codes.FailedPrecondition, triage.ErrNoOrder.Error(), reasonNoResult)
	case errors.Is(err, triage.ErrImagesGone):
		return withDetails(codes.FailedPrecondition, "the images of the study were deleted after the days that they are kept, and a report needs them: send the study again", reasonNoResult)
	case errors.Is(err, triage.ErrBadToken):
		return invalid("page_token", "is not from a reply to the same request")
	case errors.Is(err, triage.ErrBusy):
		return withDetails(codes.Unavailable, "the server takes nothing in now: "+triage.BusyText(err), reasonBusy,
			&errdetails.RetryInfo{RetryDelay: durationpb.New(busyRetry)})
	case errors.Is(err, io.ErrUnexpectedEOF):
		return invalid("part", "the stream ended inside a file")
	default:
		log.ErrorContext(ctx, "request failed", "error", err)
		return withDetails(codes.Internal, "internal error; the server's log has the detail", reasonInternal)
	}
}

func isStatus(err error) bool {
	_, ok := status.FromError(err)
	return ok
}

// invalid is a request that breaks the interface's own rules.
func invalid(field, description string) error {
	return withDetails(codes.InvalidArgument, field+" "+description, reasonInvalidRequest,
		&errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{
			{Field: field, Description: description},
		}})
}

func withDetails(code codes.Code, message, reason string, more ...protoadapt.MessageV1) error {
	details := append([]protoadapt.MessageV1{&errdetails.ErrorInfo{Domain: Domain, Reason: reason}}, more...)
	s, err := status.New(code, message).WithDetails(details...)
	if err != nil {
		return status.Error(code, message)
	}
	return s.Err()
}
