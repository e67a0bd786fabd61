package rpc

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"nafas/internal/triage/objects"
	nafasv1 "nafas/proto/nafas/v1"
)

var reportKinds = map[nafasv1.ReportFormat]objects.Kind{
	nafasv1.ReportFormat_REPORT_FORMAT_UNSPECIFIED: objects.SR,
	nafasv1.ReportFormat_REPORT_FORMAT_SR:          objects.SR,
	nafasv1.ReportFormat_REPORT_FORMAT_KO:          objects.KO,
}

// mediaTypeDICOM is that of Part 10 files (RFC 3240).
const mediaTypeDICOM = "application/dicom"

func (s *triageService) GetReport(ctx context.Context, r *nafasv1.GetReportRequest) (*nafasv1.GetReportResponse, error) {
	if err := validateUID("study_instance_uid", r.GetStudyInstanceUid()); err != nil {
		return nil, err
	}
	kind, ok := reportKinds[r.GetFormat()]
	if !ok {
		return nil, invalid("format", "is none of the known values")
	}
	language := cmp.Or(r.GetLanguage(), objects.Languages[0])
	if !slices.Contains(objects.Languages, language) {
		return nil, invalid("language", "is none of "+strings.Join(objects.Languages, ", "))
	}
	said, _, err := s.service.Report(ctx, r.GetStudyInstanceUid())
	if err != nil {
		return nil, statusError(ctx, s.log, err)
	}
	data, err := objects.Make(said, s.service.ReadFile, kind, language)
	if err != nil {
		return nil, statusError(ctx, s.log, err)
	}
	return &nafasv1.GetReportResponse{Data: data, MediaType: mediaTypeDICOM}, nil
}
