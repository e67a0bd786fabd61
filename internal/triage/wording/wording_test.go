package wording_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/inference/finding"
	"nafas/inference/guideline"
	"nafas/inference/measure"
	"nafas/inference/suggest"
	"nafas/internal/triage"
	"nafas/internal/triage/wording"
)

// suggested are the suggestions for a solid nodule of 8.5 mm, one that could not
// be measured and one below the threshold.
func suggested(t *testing.T, p guideline.Patient, ask ...suggest.Name) suggest.Suggestions {
	t.Helper()
	solid := &measure.Measurement{Kind: measure.KindSolid, KindConfidence: .97, LongAxisMM: 9, ShortAxisMM: 8, MeanDiameterMM: 8.5, VolumeMM3: 240, VolumeError: .1}
	s, err := suggest.Of(suggest.Exam{Findings: []suggest.Finding{
		{Finding: finding.Finding{Rank: 1, Flagged: true, Side: finding.SideLeft}, Measured: solid, Spiculated: guideline.Yes,
			Place: &finding.Place{Side: finding.SideLeft, Lobe: finding.LobeLeftUpper, PleuraMM: 20}},
		{Finding: finding.Finding{Rank: 2, Flagged: true}},
		{Finding: finding.Finding{Rank: 3}},
	}}, p, ask...)
	require.NoError(t, err)
	return s
}

// texts are the sentences of lines.
func texts(lines []wording.Line) []string {
	out := make([]string, len(lines))
	for i, l := range lines {
		out[i] = l.Text
	}
	return out
}

func TestLines(t *testing.T) {
	age := 60
	p := guideline.Patient{AgeYears: &age, Sex: guideline.Female, FamilyHistory: guideline.No, Emphysema: guideline.No, Screening: guideline.Yes, KnownLungCancer: guideline.No}
	all := wording.Lines("en", suggested(t, p, suggest.LungRADS, suggest.Brock))
	ranks, categories := []int{}, []guideline.Category{}
	for _, l := range all {
		ranks, categories = append(ranks, l.Rank), append(categories, l.Category)
	}
	require.Equal(t, []int{0, 0, 1, 2, 1, 2, 0}, ranks)
	require.Equal(t, []guideline.Category{"", "4A", "4A", "", "", "", ""}, categories)
	lines := texts(all)
	require.Equal(t, []string{
		"Calculated from AI measurements, to be confirmed by a radiologist.",
		"Lung-RADS 2022, exam: at least Lung-RADS 4A: suspicious; next: low-dose CT at 3 months / consider: PET/CT; by mean diameter 8.5 mm; LR.SOLID.SIZE.4A; " +
			"by volume: Lung-RADS 3: probably benign, next: low-dose CT at 6 months; by finding 1; assumptions: assuming that there is no earlier exam; " +
			"for the radiologist: volume and diameter give different answers, some nodules have no answer: the exam's may be worse.",
		"Lung-RADS 2022, finding 1: Lung-RADS 4A: suspicious; next: low-dose CT at 3 months / consider: PET/CT; by mean diameter 8.5 mm; LR.SOLID.SIZE.4A; " +
			"by volume: Lung-RADS 3: probably benign, next: low-dose CT at 6 months; assumptions: assuming that there is no earlier exam; " +
			"for the radiologist: volume and diameter give different answers.",
		"Lung-RADS 2022, finding 2: no suggestion: not computable: facts are missing; missing: the type of the nodule, a reliable size.",
		"Brock (PanCan) 2013, full model with spiculation, finding 1: probability of malignancy 14 % (long axis 9 mm); " +
			"assumptions: assuming that every finding is a nodule; reservation: not verified at the source: the model's size is the largest diameter.",
		"Brock (PanCan) 2013, full model with spiculation, finding 2: no suggestion: not computable: facts are missing; " +
			"missing: the longest diameter, the type of the nodule, whether it lies in an upper lobe, spiculation; reservation: not verified at the source: the model's size is the largest diameter.",
		"findings below the flag threshold, without a suggestion: 1.",
	}, lines)
}

// Every language says every line, in its own words, and the caveat first; nothing
// sounds as if a scan were clear.
func TestEveryLanguage(t *testing.T) {
	s := suggested(t, guideline.Patient{}, suggest.Names()...)
	english := texts(wording.Lines("en", s))
	for l, caveat := range map[string]string{"fr": "à confirmer par un radiologue", "ar": "ويلزم تأكيده من طبيب الأشعة"} {
		lines := texts(wording.Lines(l, s))
		require.Len(t, lines, len(english))
		require.Contains(t, lines[0], caveat)
		for i, line := range lines {
			require.NotEqual(t, english[i], line)
			require.NotContains(t, line, "%!", line)
			require.NotContains(t, line, "ASSUMES", line)
			if l == "ar" {
				require.True(t, strings.ContainsFunc(line, func(r rune) bool { return r >= 0x0600 && r <= 0x06ff }), line)
			}
		}
	}
	for _, line := range english {
		for _, never := range []string{"clear", "normal", "negative", "healthy"} {
			require.NotContains(t, strings.ToLower(line), never)
		}
	}
}

// The parts say all that the sentence says, each once: nothing that restricts an
// answer is lost where the answer stands alone.
func TestPartsSayAll(t *testing.T) {
	age := 60
	for _, p := range []guideline.Patient{{}, {AgeYears: &age, Sex: guideline.Female, Screening: guideline.Yes}} {
		s := suggested(t, p, suggest.Names()...)
		for _, l := range []string{"en", "fr", "ar"} {
			check := func(sentence string, p wording.Parts) {
				t.Helper()
				require.NotEmpty(t, p.Answer)
				all := slices.Concat(p.Answer, p.Basis(), p.Reservations(), []string{p.Rule, p.Questions})
				all = slices.DeleteFunc(all, func(s string) bool { return s == "" })
				left := sentence
				for _, phrase := range all {
					require.Contains(t, left, phrase)
					left = strings.Replace(left, phrase, "", 1)
				}
				require.Empty(t, strings.Trim(left, " .;؛"))
				for _, phrase := range p.Answer {
					require.NotRegexp(t, `[A-Z]+\.[A-Z]+\.`, phrase, "the name of a rule")
				}
			}
			for _, by := range s.Guidelines {
				if by.Exam != nil {
					check(wording.Exam(l, by), wording.OfExam(l, by))
				}
				for _, each := range by.Each {
					check(wording.Suggestion(l, each), wording.OfFinding(l, each))
				}
			}
			for _, r := range s.Brock {
				check(wording.Brock(l, r), wording.OfBrock(l, r))
			}
		}
	}
	lungRADS := suggested(t, guideline.Patient{Screening: guideline.Yes}, suggest.LungRADS).Guidelines[0]
	exam := wording.OfExam("fr", lungRADS)
	require.Equal(t, "au moins Lung-RADS 4A : suspect", exam.Answer[0])
	require.Equal(t, "selon le diamètre moyen (8,5 mm)", exam.By)
	require.Equal(t, "LR.SOLID.SIZE.4A", exam.Rule)
	require.Equal(t, []string{"no suggestion: not computable: facts are missing"}, wording.OfFinding("en", lungRADS.Each[1]).Answer)
}

// The answers under each value of what is not known are said.
func TestOptionsAreSaid(t *testing.T) {
	s := suggested(t, guideline.Patient{})
	s.Guidelines[0].Each[0] = guideline.Suggestion{
		Guideline: guideline.LungRADS2022, Withheld: guideline.FactsMissing, Missing: []guideline.Fact{guideline.FactType},
		Options: []guideline.Option{{Assumes: guideline.AssumesSolid, Category: guideline.Category4A}, {Assumes: guideline.AssumesNonSolid, Category: guideline.Category2}},
	}
	require.Contains(t, wording.Lines("en", s)[2].Text, "if the nodule is solid: Lung-RADS 4A: suspicious; if the nodule is non-solid: Lung-RADS 2: benign appearance or behaviour; missing: the type of the nodule")
}

// Where no finding was asked about, nothing is said.
func TestNoLines(t *testing.T) {
	require.Empty(t, wording.Of("en", nil))
	require.Empty(t, wording.Of("en", &triage.Assessment{}))
	none, err := suggest.Of(suggest.Exam{Findings: []suggest.Finding{{}}}, guideline.Patient{})
	require.NoError(t, err)
	require.Empty(t, wording.Of("en", &triage.Assessment{Categories: &none}))
}
