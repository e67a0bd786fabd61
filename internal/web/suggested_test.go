package web_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/inference/guideline"
	"nafas/inference/measure"
	"nafas/inference/suggest"
	"nafas/internal/triage"
	"nafas/internal/web/api"
)

// The answer of a guideline stands by itself, without the name of its rule, and
// nothing that the sentence says is lost in the parts.
func TestSuggestionsInParts(t *testing.T) {
	b := newBench(t)
	files, _, at := chest(t, "suggested", supine, nil)
	uid := b.send(files...)
	b.reader.findings = func(job triage.ReadingJob) triage.StudyReading {
		r := found(files, at, 2)(job)
		solid := &measure.Measurement{Kind: measure.KindSolid, KindConfidence: .97, LongAxisMM: 9, ShortAxisMM: 8, MeanDiameterMM: 8.5, VolumeMM3: 240, VolumeError: .1}
		list := r.Series[0].Result.Findings
		s, err := suggest.Of(suggest.Exam{Findings: []suggest.Finding{{Finding: list[0].Finding, Measured: solid}, {Finding: list[1].Finding}}},
			guideline.Patient{Screening: guideline.Yes}, suggest.LungRADS, suggest.Brock)
		require.NoError(t, err)
		r.Assessment = &triage.Assessment{Categories: &s}
		return r
	}
	b.read(uid)
	page := get[api.StudyPage](b, "/api/studies/"+uid+"?lang=fr")
	f := page.Series[0].Result.Findings[0]
	require.Len(t, f.Guidelines, 1)
	g := f.Guidelines[0]
	require.Equal(t, []string{"4A", "LR.SOLID.SIZE.4A"}, []string{g.Category, g.Rule})
	require.Regexp(t, "^Lung-RADS 4A : suspect ; ", g.Answer)
	require.Contains(t, g.Basis, "selon le diamètre moyen (8,5 mm)")
	require.NotEmpty(t, g.Reservations)
	require.Equal(t, f.Brock, f.BrockText.Text)
	for _, g := range append(page.Exam, g, *f.BrockText) {
		require.NotEmpty(t, g.Answer)
		require.NotContains(t, g.Answer, "LR.")
		require.Contains(t, g.Text, g.Answer)
		for _, part := range append(append([]string{g.Questions, g.Rule}, g.Basis...), g.Reservations...) {
			require.Contains(t, g.Text, part)
		}
	}
}
