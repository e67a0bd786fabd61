package main

import (
	"bytes"
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"

	"nafas/inference/finding"
	"nafas/inference/guideline"
	"nafas/inference/measure"
	"nafas/inference/suggest"
	"nafas/internal/config"
	"nafas/internal/ortlib/ortlibtest"
	"nafas/internal/rpc"
	"nafas/internal/triage"
	nafasv1 "nafas/proto/nafas/v1"
)

// suggested is a result of three findings: of 7.5 mm, not measured, not flagged.
func suggested(t *testing.T, o triage.CategoryOptions) *nafasv1.SeriesResult {
	t.Helper()
	one := func(rank int, m *triage.Measurement) triage.Finding {
		return triage.Finding{
			Finding:  finding.Finding{Rank: rank, Score: .9, Flagged: rank < 3, Side: finding.SideRight},
			Measured: m, Place: &finding.Place{Side: finding.SideRight, Lobe: finding.LobeRightUpper, PleuraMM: 20},
		}
	}
	findings := []triage.Finding{one(1, &triage.Measurement{Measurement: measure.Measurement{
		Kind: measure.KindSolid, KindConfidence: .97, LongAxisMM: 8, ShortAxisMM: 7, MeanDiameterMM: 7.5, VolumeMM3: 230, VolumeError: .1,
	}}), one(2, nil), one(3, nil)}
	categories, err := triage.Categorise(findings, nil, o)
	require.NoError(t, err)
	return rpc.StudyProto(triage.Study{
		Series: []triage.Series{{Result: &triage.Result{Findings: findings}}}, Assessment: &triage.Assessment{Categories: categories},
	}).GetSeries()[0].GetResult()
}

func shown(t *testing.T, format string, verbose bool, r *nafasv1.SeriesResult) string {
	t.Helper()
	var out bytes.Buffer
	p := newPrinter(&streams{out: &out, format: format, verbose: verbose})
	require.NoError(t, p.result(r))
	require.NoError(t, p.close())
	return out.String()
}

// Suggestions are printed as such, and what is withheld with the reason.
func TestCategoriesInATable(t *testing.T) {
	r := suggested(t, triage.CategoryOptions{})
	out := shown(t, "table", false, r)
	for _, line := range []string{
		"guidelines: calculated from AI measurements, to be confirmed by a radiologist\n",
		"    Lung-RADS 2022: at least Lung-RADS 3 (suggested); low-dose CT at 6 months; " +
			"assuming a lung cancer screening exam, assuming no known lung cancer, assuming that there is no earlier exam; for the radiologist: some nodules have no answer: the exam's may be worse\n",
		"    Fleischner Society 2017: if the patient's risk is low: CT at 3-6 months (suggested); if the patient's risk is high: CT at 3-6 months (suggested); assuming an age of 35 years or more, ",
		"    British Thoracic Society 2015, finding 1: CT at 3 months (suggested); assuming that there is no earlier exam\n",
		"    British Thoracic Society 2015, finding 2: none, not computable: facts are missing; missing: the type of the nodule, a reliable size\n",
		"    Brock, finding 1: none, missing: age, sex, family history of lung cancer, emphysema, spiculation\n",
		"    not asked about, since they are not flagged: 1\n",
	} {
		require.Contains(t, out, line)
	}
	whole := shown(t, "table", true, r)
	require.Contains(t, whole, "Lung-RADS 2022, finding 2: no suggestion")
	require.Contains(t, whole, "LR.SOLID.SIZE.3")

	r.Assessment = nil
	require.NotContains(t, shown(t, "table", false, r), "guidelines", "a result of an older version")
}

// What hangs on the patient's risk is said for both.
func TestOptionsInATable(t *testing.T) {
	r := suggested(t, triage.CategoryOptions{Guidelines: []suggest.Name{suggest.Fleischner}})
	r.GetAssessment().GetCategories().GetGuidelines()[0].Exam = &nafasv1.Suggestion{
		Withheld: &nafasv1.Code{Code: "FACTS_MISSING"},
		Options: []*nafasv1.SuggestionOption{
			{Assumes: &nafasv1.Code{Text: "if low"}, Now: []*nafasv1.FollowUpStep{{Text: "nothing soon"}}},
			{Assumes: &nafasv1.Code{Text: "if high"}, Category: &nafasv1.Code{Code: "LUNG_RADS_4A"}},
		},
	}
	require.Contains(t, shown(t, "table", false, r), "2017: if low: nothing soon (suggested); if high: Lung-RADS 4A (suggested)")
}

func TestCategoriesInCSV(t *testing.T) {
	age := 60
	r := suggested(t, triage.CategoryOptions{
		Guidelines: suggest.Names(), Spiculated: map[int]guideline.Answer{1: guideline.No},
		Patient: guideline.Patient{AgeYears: &age, Sex: guideline.Male, FamilyHistory: guideline.No, Emphysema: guideline.No},
	})
	rows, err := csv.NewReader(strings.NewReader(shown(t, "csv", false, r))).ReadAll()
	require.NoError(t, err)
	last := func(row []string) []string { return row[len(row)-len(suggestedColumns)-2 : len(row)-2] } // before the study's
	require.Equal(t, suggestedColumns, last(rows[0]))
	require.Equal(t, []string{">=3", "3", "[FACTS_MISSING]", "BTS.SOLID.6", "[NO_ROW_OF_THE_TABLE]", "NELSON.SOLID.INDETERMINATE", "0.0285"},
		last(rows[1]), "Fleischner's row hangs on the risk")
	require.Equal(t, []string{">=3", "[FACTS_MISSING]", "[FACTS_MISSING]", "[FACTS_MISSING]", "[FACTS_MISSING]", "[FACTS_MISSING]", "[FACTS_MISSING]"}, last(rows[2]))
	require.Equal(t, []string{">=3", "", "", "", "", "", ""}, last(rows[3]), "not flagged")
}

// Facts that cannot be are refused before anything is read, and are not repeated.
func TestFactsThatCannotBe(t *testing.T) {
	for _, c := range []struct{ why, flag, says string }{
		{"an age", "--patient-age=444", "0 to 130"},
		{"no number", "--patient-age=old", "patient-age"},
		{"a sex", "--patient-sex=F", "female"},
		{"an answer", "--patient-emphysema=maybe", "yes"},
		{"a risk", "--patient-risk=middle", "low"},
		{"a rank", "--patient-spiculated=0", "ranks from 1"},
		{"a rank that is both", "--patient-spiculated=2,3 --patient-not-spiculated=3", "each once"},
		{"a guideline", "--patient-guidelines=acr", "lung-rads, fleischner"},
	} {
		t.Run(c.why, func(t *testing.T) {
			for _, verb := range [][]string{{"triage", t.TempDir()}, {"categories", "1.2.3", "--address", "127.0.0.1:1"}} {
				code, _, stderr := nafas(t, append(verb, strings.Fields(c.flag)...)...)
				require.Equal(t, exitUsage, code, stderr)
				require.Contains(t, stderr, c.says)
				require.NotContains(t, stderr, "444")
			}
		})
	}
}

// Facts on the command line reach the guidelines; those of one patient are not
// taken for two.
func TestFactsOfTheCommandLine(t *testing.T) {
	dir := writeSmallChest(t)
	results, _ := triageJSON(t, dir, "--model", smallModel, "--patient-screening", "no", "--patient-guidelines", "lung-rads,brock")
	c := results[0].GetAssessment().GetCategories()
	require.Equal(t, suggest.Method, c.GetMethod())
	require.Len(t, c.GetGuidelines(), 1)
	require.Equal(t, "NOT_A_SCREENING_EXAM", c.GetGuidelines()[0].GetFindings()[0].GetWithheld().GetCode())
	require.NotEmpty(t, c.GetBrock())

	code, _, stderr := nafas(t, "triage", "--onnxruntime", ortlibtest.Path(t), "--model", smallModel, dir, "--patient-spiculated", "21")
	require.Equal(t, exitUsage, code)
	require.Contains(t, stderr, "no finding of rank 21")
}

// What the settings file says of screening reaches the reading, and what a caller
// says reaches the answer.
func TestCategoriesOfAService(t *testing.T) {
	settings := filepath.Join(t.TempDir(), "nafas.yaml")
	require.NoError(t, os.WriteFile(settings, []byte("categories:\n  guidelines: [lung-rads, european]\n  screening: yes\n"), 0o600))
	s := startServer(t, t.TempDir(), "--settings", settings)
	code, out, stderr := nafas(t, "send", "--wait", "--address", s.address, "--format", "json", writeSmallChest(t))
	require.Zero(t, code, stderr)
	var read *nafasv1.SeriesResult
	for line := range strings.Lines(out) {
		r := &nafasv1.SeriesResult{}
		if protojson.Unmarshal([]byte(line), r) == nil && len(r.GetFindings()) > 0 {
			read = r
		}
	}
	require.NotNil(t, read, out)
	c := read.GetAssessment().GetCategories()
	require.Len(t, c.GetGuidelines(), 2)
	require.NotContains(t, protojson.Format(c), "ASSUMES_SCREENING_EXAM")

	code, out, stderr = nafas(t, "categories", read.GetStudyInstanceUid(), "--address", s.address, "--patient-known-lung-cancer", "yes")
	require.Zero(t, code, stderr)
	require.Contains(t, out, "does not apply with a known lung cancer")
	require.Contains(t, out, "European position statement 2017, findings 1, 2")
	require.Contains(t, out, disclaimer)
	code, out, _ = nafas(t, "categories", read.GetStudyInstanceUid(), "--address", s.address, "--format", "json", "--patient-guidelines", "brock")
	require.Zero(t, code)
	again := &nafasv1.Categories{}
	require.NoError(t, protojson.Unmarshal([]byte(out), again))
	require.NotEmpty(t, again.GetBrock())
	require.Empty(t, again.GetGuidelines())
}

// The worker process is told what the settings say; config check shows it.
func TestSiteSettings(t *testing.T) {
	f := siteFlags{Guidelines: []string{"bts", "brock"}, Screening: "no"}
	o, err := f.options()
	require.NoError(t, err)
	require.Equal(t, f, siteFlagsOf(o))
	require.Equal(t, []string{"--categories-guidelines=bts,brock", "--categories-screening=no"}, f.args())
	require.Empty(t, siteFlags{}.args())
	require.Len(t, config.Guidelines, len(suggest.Names()), "the settings file knows the same names")
	for _, name := range config.Guidelines {
		require.True(t, suggest.Name(name).Known(), name)
	}
	settings := filepath.Join(t.TempDir(), "nafas.yaml")
	require.NoError(t, os.WriteFile(settings, []byte("categories: {guidelines: [bts, brock], screening: no}\n"), 0o600))
	_, out, _ := nafas(t, "config", "check", "--listen", "127.0.0.1:0", "--data", t.TempDir(), "--model", "none", "--settings", settings)
	require.Contains(t, out, "categories ok: bts, brock; screening: no")
}
