package i18n_test

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/report"
	"nafas/inference/prior"
	"nafas/internal/i18n"
	"nafas/internal/triage/priority"
)

// phrases are all phrases of a language by the names of their fields.
func phrases(v reflect.Value, at string, out map[string]string) map[string]string {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			phrases(v.Field(i), at+"."+v.Type().Field(i).Name, out)
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			out[at+"."+k.String()] = v.MapIndex(k).String()
		}
	default:
		out[at] = v.String()
	}
	return out
}

var verb = regexp.MustCompile(`%[sd]`)

// Whatever a priority is given for can be said in each language, with the same
// gaps to fill.
func TestEveryPhraseOfPriorities(t *testing.T) {
	en := phrases(reflect.ValueOf(i18n.Priority("en")), "", map[string]string{})
	require.Equal(t, en, phrases(reflect.ValueOf(i18n.Priority("")), "", map[string]string{}), "English where no language is said")
	for _, l := range []string{"en", "fr", "ar"} {
		words := phrases(reflect.ValueOf(i18n.Priority(l)), "", map[string]string{})
		require.Len(t, words, len(en), l)
		for at, phrase := range words {
			// Forms that Arabic alone has.
			if arabicAlone := regexp.MustCompile(`\.(Two|Few|Hundred)$`).MatchString(at); arabicAlone && l != "ar" {
				require.Empty(t, phrase, "%s %s", l, at)
				continue
			}
			require.NotEmpty(t, phrase, "%s %s", l, at)
			if want, ok := en[at]; ok && !regexp.MustCompile(`\.(One|Two|Few|Hundred)$`).MatchString(at) {
				require.Equal(t, verb.FindAllString(want, -1), verb.FindAllString(phrase, -1), "%s %s", l, at)
			}
			bare := strings.TrimSpace(verb.ReplaceAllString(phrase, ""))
			require.Equal(t, l == "ar", strings.ContainsFunc(bare, func(r rune) bool { return r >= 0x0600 && r <= 0x06ff }), "%s %s: %q", l, at, phrase)
		}
		for _, k := range priority.Kinds {
			require.Contains(t, words, ".Kinds."+string(k))
		}
		for _, c := range priority.Changes {
			require.Contains(t, words, ".Changes."+string(c))
		}
		for _, s := range priority.ScanWords {
			require.Contains(t, words, ".Scan."+s)
		}
		require.Len(t, i18n.Priority(l).Kinds, len(priority.Kinds), "words that nothing says")
		require.Len(t, i18n.Priority(l).Changes, len(priority.Changes), "words that nothing says")
		require.Len(t, i18n.Priority(l).Scan, len(priority.ScanWords), "words that nothing says")
	}
}

// A phrase that nothing says is a leftover.
func TestEveryPhraseOfPrioritiesIsSaid(t *testing.T) {
	source, err := os.ReadFile("../triage/words.go")
	require.NoError(t, err)
	more, err := os.ReadFile("../triage/worklist.go")
	require.NoError(t, err)
	words := reflect.TypeFor[i18n.PriorityWords]()
	for i := range words.NumField() {
		require.Regexp(t, `\.`+words.Field(i).Name+`\b`, string(source)+string(more))
	}
}

// Nothing that is said of a priority sounds as if a scan were clear.
func TestNoPriorityWordsSayClear(t *testing.T) {
	never := map[string][]string{
		"en": {"clear", "normal", "negative", "harmless", "healthy", "no nodule", "safe"},
		"fr": {"normal", "négatif", "rassurant", "sain ", "pas de nodule", "aucun nodule"},
		"ar": {"سليم", "طبيعي", "سلبي", "خال", "لا عقيدات"},
	}
	for l, list := range never {
		for at, phrase := range phrases(reflect.ValueOf(i18n.Priority(l)), "", map[string]string{}) {
			if at == ".Changes.unclear" {
				continue // "of unclear growth"
			}
			for _, word := range list {
				require.NotContains(t, strings.ToLower(phrase), word, "%s %s", l, at)
			}
		}
	}
}

func TestPlurals(t *testing.T) {
	for n, want := range map[int][3]string{
		1:   {"1 day", "1 jour", "يوم واحد"},
		2:   {"2 days", "2 jours", "يومين"},
		3:   {"3 days", "3 jours", "3 أيام"},
		10:  {"10 days", "10 jours", "10 أيام"},
		11:  {"11 days", "11 jours", "11 يومًا"},
		99:  {"99 days", "99 jours", "99 يومًا"},
		100: {"100 days", "100 jours", "100 يوم"},
		102: {"102 days", "102 jours", "102 يوم"},
		105: {"105 days", "105 jours", "105 أيام"},
		365: {"365 days", "365 jours", "365 يومًا"},
		400: {"400 days", "400 jours", "400 يوم"},
	} {
		for i, l := range []string{"en", "fr", "ar"} {
			require.Equal(t, want[i], i18n.Priority(l).Days.Of(n))
		}
	}
}

// A report counts days as the reasons of priorities do.
func TestDaysAreSaidAlike(t *testing.T) {
	for _, l := range []report.Language{report.English, report.French, report.Arabic} {
		for n := 1; n <= 1200; n++ {
			require.Contains(t, report.Compared{Date: "20260301", Days: n}.Sentence(l), i18n.Priority(string(l)).Days.Of(n))
		}
	}
}

// A report says a trend in the word of the reasons of priorities, which stand
// beside it: dicomio/report cannot take its words from here.
func TestTrendsAreSaidAlike(t *testing.T) {
	for _, l := range []report.Language{report.English, report.French, report.Arabic} {
		for trend, word := range map[prior.Trend]string{prior.TrendGrowing: "growing", prior.TrendStable: "stable", prior.TrendShrinking: "shrinking"} {
			said := report.ChangeIn(l, &report.Compared{}, &prior.Change{State: prior.Paired, Growth: &prior.Growth{Trend: trend}})
			require.Contains(t, said, i18n.Priority(string(l)).Changes[word])
		}
	}
}
