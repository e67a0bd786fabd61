package i18n_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/inference/guideline"
	"nafas/internal/i18n"
)

// Whatever a guideline's suggestion holds can be said in each language.
func TestEveryGuidelineCodeHasWords(t *testing.T) {
	seen := map[string]string{}
	for _, code := range guideline.Codes() {
		for _, l := range []string{"en", "fr", "ar"} {
			words, ok := i18n.Guideline(l, code)
			require.True(t, ok, code)
			require.NotEmpty(t, words, "%s %s", l, code)
			require.Empty(t, seen[l+words], "%s in %s has the words of another", code, l)
			seen[l+words] = code
			require.Equal(t, l == "ar", strings.ContainsFunc(words, func(r rune) bool { return r >= 0x0600 && r <= 0x06ff }), "%s %s", l, code)
		}
	}
	_, ok := i18n.Guideline("en", "LR.SOLID.SIZE.2")
	require.False(t, ok, "the names of rules are names in every language")
	words, _ := i18n.Guideline("", "CT")
	require.Equal(t, "CT", words, "English where no language is said")
}

// Nothing that is said of a nodule or an exam sounds as if it were clear.
func TestNoGuidelineWordsSayClear(t *testing.T) {
	for _, code := range guideline.Codes() {
		en, _ := i18n.Guideline("en", code)
		fr, _ := i18n.Guideline("fr", code)
		ar, _ := i18n.Guideline("ar", code)
		for _, word := range []string{"clear", "normal", "negative", "harmless", "healthy", "no nodule", "no cancer", "exclude", "safe"} {
			require.NotContains(t, strings.ToLower(en), word, code)
		}
		for _, word := range []string{"normal", "négatif", "rassurant", "sain ", "pas de nodule", "aucun nodule", "exclu"} {
			require.NotContains(t, strings.ToLower(fr), word, code)
		}
		for _, word := range []string{"سليم", "طبيعي", "سلبي", "خال", "لا عقيدات"} {
			require.NotContains(t, ar, word, code)
		}
	}
}

func TestGuidelineSteps(t *testing.T) {
	for _, c := range []struct {
		step       guideline.Step
		en, fr, ar string
	}{
		{guideline.Step{Action: guideline.LowDoseCT, FromMonths: 12, ToMonths: 12}, "low-dose CT at 12 months", "TDM à faible dose à 12 mois", "تصوير مقطعي منخفض الجرعة بعد 12 شهرًا"},
		{guideline.Step{Action: guideline.CT, FromMonths: 3, ToMonths: 6}, "CT at 3-6 months", "TDM à 3-6 mois", "تصوير مقطعي بعد 3-6 أشهر"},
		{guideline.Step{Action: guideline.CT, FromMonths: 18, ToMonths: 24, Consider: true}, "consider: CT at 18-24 months", "à envisager : TDM à 18-24 mois", "يُنظر في: تصوير مقطعي بعد 18-24 شهرًا"},
		{guideline.Step{Action: guideline.CT, EveryMonths: 24, ToMonths: 60, SinceFirst: true}, "CT every 24 months until 60 months after the first exam", "TDM tous les 24 mois jusqu'à 60 mois après le premier examen", "تصوير مقطعي كل 24 شهرًا حتى 60 شهرًا من الفحص الأول"},
		{guideline.Step{Action: guideline.Tissue}, "tissue sampling", "prélèvement tissulaire", "أخذ عينة نسيجية"},
		{guideline.Step{Action: guideline.CT, FromMonths: 1, ToMonths: 1}, "CT at 1 month", "TDM à 1 mois", "تصوير مقطعي بعد شهر واحد"},
		{guideline.Step{Action: guideline.CT, FromMonths: 2, ToMonths: 2}, "CT at 2 months", "TDM à 2 mois", "تصوير مقطعي بعد شهرين"},
	} {
		for l, want := range map[string]string{"en": c.en, "fr": c.fr, "ar": c.ar} {
			s := c.step
			words, ok := i18n.GuidelineStep(l, string(s.Action), s.FromMonths, s.ToMonths, s.EveryMonths, s.SinceFirst, s.Consider)
			require.True(t, ok)
			require.Equal(t, want, words)
		}
	}
	_, ok := i18n.GuidelineStep("en", "WAIT", 1, 1, 0, false, false)
	require.False(t, ok)
}
