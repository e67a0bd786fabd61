package main

import (
	"bytes"
	"fmt"
	"os"

	nafasv1 "nafas/proto/nafas/v1"
)

type reportCmd struct {
	connectFlags
	Study    string `arg:"" help:"Study Instance UID."`
	As       string `help:"DICOM: sr (structured report), ko (key images), seg (segmentation), sc (pictures of the marked key slices). Text: fhir (R4 bundle), hl7 (ORU^R01), json (the study as gRPC has it)." enum:"sr,ko,seg,sc,fhir,hl7,json" default:"sr"`
	Language string `help:"en, fr or ar." enum:"en,fr,ar" default:"en"`
	Out      string `short:"o" help:"File to write; standard output without it." type:"path" placeholder:"FILE"`
}

var reportFormats = map[string]nafasv1.ReportFormat{
	"sr": nafasv1.ReportFormat_REPORT_FORMAT_SR, "ko": nafasv1.ReportFormat_REPORT_FORMAT_KO,
	"seg": nafasv1.ReportFormat_REPORT_FORMAT_SEG, "sc": nafasv1.ReportFormat_REPORT_FORMAT_SC,
	"fhir": nafasv1.ReportFormat_REPORT_FORMAT_FHIR, "hl7": nafasv1.ReportFormat_REPORT_FORMAT_HL7,
}

// Run gets what a service says of a study, as a file.
func (c *reportCmd) Run(s *streams, ctx kongContext) error {
	conn, err := c.dial()
	if err != nil {
		return err
	}
	defer conn.Close()
	var data []byte
	if c.As == "json" {
		got, err := conn.Triage().GetStudy(ctx, &nafasv1.GetStudyRequest{StudyInstanceUid: c.Study})
		if err != nil {
			return err
		}
		var text bytes.Buffer
		if err := printJSON(&text, got.GetStudy()); err != nil {
			return err
		}
		data = text.Bytes()
	} else {
		got, err := conn.Triage().GetReport(ctx, &nafasv1.GetReportRequest{
			StudyInstanceUid: c.Study, Format: reportFormats[c.As], Language: c.Language,
		})
		if err != nil {
			return err
		}
		data = got.GetData()
	}
	if c.Out == "" {
		_, err = s.out.Write(data)
		return err
	}
	if err := os.WriteFile(c.Out, data, 0o600); err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.err, "%d bytes: %s\n", len(data), c.Out)
	return err
}
