package interop_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/inference/suggest"
)

// What guidelines suggest for the exam is said apart, with the caveat; what they
// suggest for a finding is said with it.
func TestSuggestionsInABundle(t *testing.T) {
	im := image(t, nil)
	b := bundleOf(t, suggested(delivery(t, im)), im)
	observations := b.all("Observation")
	require.Len(t, observations, 5, "three findings, and the two guidelines that judge exams")
	require.Len(t, b.one(t, "DiagnosticReport")["result"], 5)
	for i, want := range []struct{ code, words string }{
		{"1362105002", "at least Lung-RADS 4A: suspicious; next: low-dose CT at 3 months"}, {"suggestion", "next: CT at 3-6 months"},
	} {
		o := observations[3+i]
		require.Equal(t, want.code, at(t, o, "code.coding.0.code"))
		require.Equal(t, "preliminary", o["status"])
		require.Contains(t, at(t, o, "note.0.text"), "NOT FOR DIAGNOSIS")
		require.Equal(t, "Calculated from AI measurements, to be confirmed by a radiologist", at(t, o, "note.1.text"))
		require.Equal(t, suggest.Method, at(t, o, "method.text"))
		said := o["valueString"]
		if i == 0 {
			require.Equal(t, "lung-rads-4a", at(t, o, "valueCodeableConcept.coding.0.code"))
			said = at(t, o, "valueCodeableConcept.text")
		}
		require.Contains(t, said, want.words)
	}
	require.Contains(t, value(t, observations[0], "suggestion"), "Lung-RADS 2022, finding 1: Lung-RADS 4A")
	require.Contains(t, value(t, observations[1], "suggestion"), "finding 2: no suggestion")
	require.False(t, has(observations[2], "suggestion"), "one that is not flagged is not asked about")
	require.NotEqual(t, bundleOf(t, delivery(t, im), im).id(), b.id(), "other words, another bundle")
}

func TestSuggestionsInAMessage(t *testing.T) {
	im := image(t, nil)
	s := segmentsOf(t, suggested(delivery(t, im)), im)
	found := map[string]int{}
	for _, fields := range s {
		if fields[0] == "OBX" && strings.HasPrefix(fields[3], "suggestion^") {
			require.Equal(t, "TX", fields[2])
			require.Equal(t, "P", fields[11])
			require.Contains(t, fields[17], suggest.Method)
			found[fields[4]]++
		}
	}
	require.Equal(t, map[string]int{"": 4, "1": 4, "2": 4}, found, "caveat, two exams, what was left out; four for each flagged finding")
	require.Contains(t, s.value(t, "suggestion", 0), "to be confirmed")
}

// A failure suggests nothing, and neither does a study of two patients.
func TestNoSuggestionOfAFailure(t *testing.T) {
	im := image(t, nil)
	one := suggested(delivery(t, im))
	assessment := one.Study.Assessment
	one = failed(one)
	one.Study.Assessment = assessment
	require.Len(t, bundleOf(t, one, im).all("Observation"), 1)
	require.False(t, segmentsOf(t, one, im).has("suggestion", 0))
}

// The words are those of the language.
func TestSuggestionsInEveryLanguage(t *testing.T) {
	im := image(t, nil)
	for l, want := range map[string]string{"fr": "au moins Lung-RADS 4A : suspect", "ar": "على الأقل Lung-RADS 4A: مشتبه به"} {
		for ending, write := range formats {
			data, err := write(suggested(delivery(t, im)), im, l)
			require.NoError(t, err)
			require.Contains(t, string(data), want, ending)
			require.Contains(t, string(data), map[string]string{"fr": "à confirmer par un radiologue", "ar": "ويلزم تأكيده"}[l])
		}
	}
}
