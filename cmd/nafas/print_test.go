package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	nafasv1 "nafas/proto/nafas/v1"
)

// A study that was set aside as a whole has neither results nor refusals of
// its series: who reads standard output alone must see it even so.
func TestStudyThatWasSetAsideIsNeverSilent(t *testing.T) {
	why := &nafasv1.Refusal{Reason: nafasv1.Reason_REASON_PATIENT_MISMATCH, Found: "two patients", Remedy: "correct it"}
	for name, series := range map[string][]*nafasv1.Series{
		"series that were not read": {{SeriesInstanceUid: "1.2.3", Modality: "CT", Instances: 40}},
		"no series":                 nil,
		// of the time before the study was held: it may be another patient's
		"a result from before":  {{SeriesInstanceUid: "1.2.3", Result: &nafasv1.SeriesResult{Findings: []*nafasv1.Finding{{Rank: 1}}}}},
		"a refusal from before": {{SeriesInstanceUid: "1.2.3", NotRead: &nafasv1.Refusal{Reason: nafasv1.Reason_REASON_TOO_THICK}}},
	} {
		for _, format := range []string{"table", "json", "csv"} {
			t.Run(name+", "+format, func(t *testing.T) {
				var out, log bytes.Buffer
				s := &streams{out: &out, err: &log, format: format}
				p := newPrinter(s)
				read, err := printStudy(s, p, &nafasv1.Study{
					StudyInstanceUid: "1.2", State: nafasv1.StudyState_STUDY_STATE_NOT_ASSESSED,
					Series: series, NotAssessed: why,
				})
				require.NoError(t, err)
				require.NoError(t, p.close())
				require.False(t, read)
				require.Contains(t, out.String(), "PATIENT_MISMATCH")
				require.Contains(t, out.String(), "1.2")
				require.NotContains(t, out.String(), "findings")
			})
		}
	}
}
