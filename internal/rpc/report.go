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
	nafasv1.ReportFormat_REPORT_FORMAT_SEG:         objects.SEG,
	nafasv1.ReportFormat_REPORT_FORMAT_SC:          objects.SC,
}

// mediaTypeDICOM is that of Part 10 files (RFC 3240).
const mediaTypeDICOM = "application/dicom"

func (s *triageService) GetReport(ctx context.Context, r *nafasv1.GetReportRequest) (*nafasv1.GetReportResponse, error) {
	if err := validateUID("study_instance_uid", r.GetStudyInstanceUid()); err != nil {
		return nil, err
	}
	kind, object := reportKinds[r.GetFormat()]
	text, written := s.texts[r.GetFormat()]
	if !object && !written {
		return nil, invalid("format", "is none that this service writes")
	}
	language := cmp.Or(r.GetLanguage(), objects.Languages[0])
	if !slices.Contains(objects.Languages, language) {
		return nil, invalid("language", "is none of "+strings.Join(objects.Languages, ", "))
	}
	said, image, err := s.service.Report(ctx, r.GetStudyInstanceUid())
	if err != nil {
		return nil, statusError(ctx, s.log, err)
	}
	out := &nafasv1.GetReportResponse{MediaType: mediaTypeDICOM}
	if object {
		out.Data, err = objects.Make(ctx, said, s.service.ReadFile, kind, language)
	} else {
		out.MediaType = text.MediaType
		out.Data, err = text.Write(said, image, language)
	}
	if err != nil {
		return nil, statusError(ctx, s.log, err)
	}
	return out, nil
}
