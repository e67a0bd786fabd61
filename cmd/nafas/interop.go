package main

import (
	"context"
	"errors"

	"nafas/dicomio/refusal"
	"nafas/internal/config"
	"nafas/internal/deliver"
	"nafas/internal/interop"
	"nafas/internal/interop/mllp"
	"nafas/internal/rpc"
	"nafas/internal/triage"
	nafasv1 "nafas/proto/nafas/v1"
)

// reportTexts are the report formats that are no DICOM objects.
var reportTexts = map[nafasv1.ReportFormat]rpc.Text{
	nafasv1.ReportFormat_REPORT_FORMAT_FHIR: {MediaType: "application/fhir+json", Write: interop.FHIR},
	nafasv1.ReportFormat_REPORT_FORMAT_HL7:  {MediaType: "x-application/hl7-v2+er7", Write: interop.ORU},
}

// line sends HL7 messages to a system of reports.
type line struct{ client mllp.Client }

// hl7Line is a destination of the settings file, which has been checked.
func hl7Line(d config.Destination) (deliver.Line, error) {
	out := line{client: mllp.Client{Address: d.HL7}}
	if d.TLS == nil {
		return out, nil
	}
	var err error
	out.client.TLS, err = d.Client().Config()
	return out, err
}

// Send implements deliver.Line. What cannot be said of a study now will not be
// sayable later: its next result makes another message.
func (l line) Send(ctx context.Context, one triage.Delivery, image []byte, language string) error {
	message, err := interop.ORU(one, image, language)
	var refused *refusal.Error
	if errors.Is(err, triage.ErrNoOrder) || errors.As(err, &refused) {
		return deliver.Final(err)
	}
	if err != nil {
		return err
	}
	return plainly(l.client.Send(ctx, message))
}

// plainly marks the errors of MLLP whose texts are ours.
func plainly(err error) error {
	var refused *mllp.Refused
	if errors.As(err, &refused) {
		return deliver.Plain(err)
	}
	for _, ours := range []error{mllp.ErrMessage, mllp.ErrFrame, mllp.ErrAck, mllp.ErrOtherAck} {
		if errors.Is(err, ours) {
			return deliver.Plain(ours)
		}
	}
	return err
}
