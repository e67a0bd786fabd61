package main

import (
	"bytes"
	"encoding/csv"
	"strings"
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

// What is shown says who measured it; a doubt shows the detector's size, and an
// older service has no other.
func TestWhoMeasuredIsPrinted(t *testing.T) {
	body := func(doubt string) *nafasv1.Measurement {
		return &nafasv1.Measurement{
			Method: "m", Reliable: doubt == "", Doubt: doubt, VolumeMm3: 523.64, MeanDiameterMm: 9.8, MeanHu: -20.5,
			LongAxis: &nafasv1.Axis{LengthMm: 10.2}, ShortAxis: &nafasv1.Axis{LengthMm: 9.4},
			Kind: nafasv1.NoduleKind_NODULE_KIND_PART_SOLID, KindConfidence: .91, SolidDiameterMm: 5.1,
		}
	}
	result := &nafasv1.SeriesResult{Findings: []*nafasv1.Finding{
		{Rank: 1, MeanDiameterMm: 12.3, ShownDiameterMm: 9.8, ShownDiameterBy: "measured", Measurement: body("")},
		{Rank: 2, MeanDiameterMm: 12.3, ShownDiameterMm: 12.3, ShownDiameterBy: "detector", Measurement: body("OTHER_SIZE")},
		{Rank: 3, MeanDiameterMm: 7.1, ShownDiameterMm: 7.1, ShownDiameterBy: "detector", Measurement: &nafasv1.Measurement{Method: "m", Doubt: "FAINT"}},
		{Rank: 4, MeanDiameterMm: 6.5},
	}}
	shown := func(format string) string {
		var out bytes.Buffer
		p := newPrinter(&streams{out: &out, format: format})
		require.NoError(t, p.result(result))
		require.NoError(t, p.close())
		return out.String()
	}
	rows, err := csv.NewReader(strings.NewReader(shown("csv"))).ReadAll()
	require.NoError(t, err)
	columns := []string{"mean_diameter_mm", "volume_mm3", "long_axis_mm", "short_axis_mm", "mean_diameter_measured_mm", "kind", "kind_confidence",
		"solid_diameter_mm", "mean_hu", "measured_by", "doubt"}
	for i, want := range [][]string{
		{"12.3", "523.6", "10.2", "9.4", "9.8", "part-solid", "0.910", "5.1", "-20.5", "measured", ""},
		{"12.3", "523.6", "10.2", "9.4", "9.8", "part-solid", "0.910", "5.1", "-20.5", "detector", "OTHER_SIZE"},
		{"7.1", "", "", "", "", "", "", "", "", "detector", "FAINT"},
		{"6.5", "", "", "", "", "", "", "", "", "detector", ""},
	} {
		row := map[string]string{}
		for n, name := range rows[0] {
			row[name] = rows[i+1][n]
		}
		for n, name := range columns {
			require.Equal(t, want[n], row[name], "finding %d, %s", i+1, name)
		}
	}
	lines := strings.Split(shown("table"), "\n")
	for i, want := range [][]string{
		{"9.8", "measured", "524", "part-solid"}, {"12.3", "detector"}, {"7.1", "detector"}, {"6.5", "detector"},
	} {
		require.Equal(t, want, strings.Fields(lines[3+i])[2:2+len(want)])
		require.Equal(t, i == 0, strings.Contains(lines[3+i], "solid"))
	}
}

// Where a finding lies is told by its lobe where that is sure, else by the third
// of its lung, else by its side.
func TestWhereIsPrinted(t *testing.T) {
	gap := func(mm float64) *float64 { return &mm }
	result := &nafasv1.SeriesResult{Findings: []*nafasv1.Finding{
		{Rank: 1, Side: "left", Place: &nafasv1.Place{Lobe: "left upper", Zone: "middle", PleuraMm: gap(0), FissureMm: gap(2.5)}},
		{Rank: 2, Side: "right", Place: &nafasv1.Place{Zone: "lower", PleuraMm: gap(12.34)}},
		{Rank: 3, Side: "right", Place: &nafasv1.Place{}},
		{Rank: 4, Side: "left"},
		{Rank: 5},
	}}
	for i, want := range []struct {
		words string
		row   []string
	}{
		{"left upper lobe", []string{"left upper", "middle", "0.0", "2.5"}},
		{"right, lower third", []string{"", "lower", "12.3", ""}},
		{"right", []string{"", "", "", ""}},
		{"left", []string{"", "", "", ""}},
		{"", []string{"", "", "", ""}},
	} {
		require.Equal(t, want.words, where(result.Findings[i]))
		require.Equal(t, want.row, placeColumns(result.Findings[i].GetPlace()))
	}
	row := csvRows(t, printed(t, "csv", result))[0]
	require.Equal(t, []string{"left upper", "middle", "0.0", "2.5"}, []string{row["lobe"], row["zone"], row["pleura_mm"], row["fissure_mm"]})
}

// A comment or a scanner's name that begins as a formula does is text in every
// spreadsheet.
func TestNoRowIsAFormula(t *testing.T) {
	var out bytes.Buffer
	s := &streams{out: &out, format: "csv"}
	require.NoError(t, printRows(s, s.out, []string{"said", "mm"}, [][]string{{"=HYPERLINK(1)", "-41.5"}}))
	require.Equal(t, "said,mm\n'=HYPERLINK(1),-41.5\n", out.String())
}
