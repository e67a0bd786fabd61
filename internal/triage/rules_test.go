package triage_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/inference/measure"
	"nafas/internal/triage"
)

func TestRank(t *testing.T) {
	f := func(flagged bool, mm float64) triage.Finding {
		var out triage.Finding
		out.Flagged, out.MeanDiameterMM = flagged, mm
		return out
	}
	measured := func(detectorMM, mm float64, doubt measure.Doubt) triage.Finding {
		out := f(true, detectorMM)
		out.Measured = &triage.Measurement{Measurement: measure.Measurement{Doubt: doubt, MeanDiameterMM: mm, VolumeMM3: 1}}
		return out
	}
	for name, c := range map[string]struct {
		findings []triage.Finding
		want     triage.Priority
		reason   string
	}{
		"nothing":             {nil, triage.PriorityRoutine, "no mark above the flag threshold; this does not exclude disease"},
		"unflagged, large":    {[]triage.Finding{f(false, 30)}, triage.PriorityRoutine, "1 finding under the flag threshold, none above; this does not exclude disease"},
		"flagged, small":      {[]triage.Finding{f(true, 4), f(true, 5)}, triage.PriorityHigh, "2 flagged findings, all under 6 mm"},
		"flagged":             {[]triage.Finding{f(true, 14.9), f(false, 40)}, triage.PriorityHigh, "1 flagged finding; the largest is 14.9 mm (detector)"},
		"flagged and large":   {[]triage.Finding{f(true, 4), f(true, 15)}, triage.PriorityUrgent, "1 flagged finding of 15 mm or more; the largest is 15.0 mm (detector)"},
		"two flagged, larger": {[]triage.Finding{f(true, 16), f(true, 22.4)}, triage.PriorityUrgent, "2 flagged findings of 15 mm or more; the largest is 22.4 mm (detector)"},
		"measured smaller than the detector said": {[]triage.Finding{measured(16, 14.2, "")}, triage.PriorityHigh, "1 flagged finding; the largest is 14.2 mm (measured)"},
		"measured larger":                         {[]triage.Finding{measured(14, 15, ""), f(true, 14.5)}, triage.PriorityUrgent, "1 flagged finding of 15 mm or more; the largest is 15.0 mm (measured)"},
		"measured with a doubt":                   {[]triage.Finding{measured(16, 9, measure.DoubtSize)}, triage.PriorityUrgent, "1 flagged finding of 15 mm or more; the largest is 16.0 mm (detector)"},
	} {
		t.Run(name, func(t *testing.T) {
			p, why := triage.Ranking{}.Rank(triage.Result{Findings: c.findings}, nil)
			require.Equal(t, c.want, p)
			require.Equal(t, []string{c.reason}, triage.PriorityTexts(why))
		})
	}
	require.Greater(t, triage.PriorityNotAssessed, triage.PriorityRoutine, "somebody has to look")
}

func TestPseudonyms(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	p, err := triage.LoadPseudonyms(path)
	require.NoError(t, err)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode())
	again, err := triage.LoadPseudonyms(path)
	require.NoError(t, err)
	require.Equal(t, p.Study("1.2.3"), again.Study("1.2.3"))
	require.Len(t, p.Study("1.2.3"), 16)
	require.NotEqual(t, p.Study("1.2.3"), p.Study("1.2.4"))
	other, err := triage.LoadPseudonyms(filepath.Join(t.TempDir(), "key"))
	require.NoError(t, err)
	require.NotEqual(t, p.Study("1.2.3"), other.Study("1.2.3"), "the key decides")
	require.NoError(t, os.WriteFile(path, []byte("short"), 0o600))
	_, err = triage.LoadPseudonyms(path)
	require.Error(t, err)
}
