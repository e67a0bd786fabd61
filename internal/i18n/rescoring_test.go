package i18n_test

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/internal/i18n"
	"nafas/internal/rescore"
	"nafas/internal/rescore/compare"
	"nafas/internal/triage"
)

// latin are phrases that are the same in every language.
var latin = map[string]bool{".Again.Category": true}

// Whatever a report says can be said in each language, with the same gaps to fill.
func TestEveryPhraseOfRescorings(t *testing.T) {
	en := phrases(reflect.ValueOf(i18n.Rescoring("en")), "", map[string]string{})
	require.Equal(t, en, phrases(reflect.ValueOf(i18n.Rescoring("")), "", map[string]string{}), "English where no language is said")
	for _, l := range []string{"en", "fr", "ar"} {
		words := phrases(reflect.ValueOf(i18n.Rescoring(l)), "", map[string]string{})
		require.Len(t, words, len(en), l)
		for at, want := range en {
			phrase := words[at]
			require.NotEmpty(t, phrase, "%s %s", l, at)
			require.Equal(t, verb.FindAllString(want, -1), verb.FindAllString(phrase, -1), "%s %s", l, at)
			require.NotRegexp(t, `^\s|\s$`, phrase, "%s %s", l, at)
			if latin[at] {
				continue
			}
			arabic := strings.ContainsFunc(phrase, func(r rune) bool { return r >= 0x0600 && r <= 0x06ff })
			require.Equal(t, l == "ar", arabic, "%s %s: %q", l, at, phrase)
			if l == "fr" {
				require.NotRegexp(t, ` [:;?!»]`, phrase, "a line may break there")
			}
		}
	}
}

// Each code that a report shows has a word, and no word is of none.
func TestCodesOfRescorings(t *testing.T) {
	for _, l := range []string{"en", "fr", "ar"} {
		w := i18n.Rescoring(l)
		keys := func(words map[string]string) (out []string) {
			for code := range words {
				out = append(out, code)
			}
			return out
		}
		require.ElementsMatch(t, []string{"waiting", "scored", "unchanged", "skipped", "failed"}, keys(w.Accounts.States))
		require.ElementsMatch(t, keys(w.Accounts.States), keys(w.Accounts.Meanings))
		for _, s := range []rescore.SeriesState{rescore.Waiting, rescore.Scored, rescore.Unchanged, rescore.Skipped, rescore.Failed} {
			require.Contains(t, w.Accounts.States, string(s))
		}
		var states, sources, kinds, caveats, priorities []string
		for _, s := range []rescore.State{rescore.StatePlanning, rescore.StateRunning, rescore.StatePaused, rescore.StateDone, rescore.StateCancelled} {
			states = append(states, string(s))
		}
		for _, s := range []rescore.SourceKind{rescore.SourceFolder, rescore.SourceWeb, rescore.SourceDIMSE} {
			sources = append(sources, string(s))
		}
		for _, k := range []compare.Kind{
			compare.KindNewlyFlagged, compare.KindPriorityUp, compare.KindCategoryUp, compare.KindDropped,
			compare.KindPriorityDown, compare.KindCategoryDown, compare.KindNotRead, compare.KindReadNow,
		} {
			kinds = append(kinds, string(k))
		}
		for _, c := range compare.Caveats() {
			caveats = append(caveats, string(c))
		}
		for p := triage.PriorityNone; p <= triage.PriorityUrgent; p++ {
			priorities = append(priorities, p.Word())
		}
		require.ElementsMatch(t, states, keys(w.Pass.States))
		require.ElementsMatch(t, sources, keys(w.Pass.Sources))
		require.ElementsMatch(t, kinds, keys(w.Again.Kinds))
		require.ElementsMatch(t, caveats, keys(w.Agreement.Caveats))
		require.ElementsMatch(t, priorities, keys(w.Changes.PriorityWords))
		require.ElementsMatch(t, []string{"quarter", "one", "four"}, keys(w.Agreement.PointNames))
		for _, reason := range rescoringReasons(t) {
			words, ok := i18n.Reason(l, reason)
			require.True(t, ok && words != "", reason)
			if reason == compare.ReasonAbsent {
				continue
			}
			words, ok = i18n.Remedy(l, reason)
			require.True(t, ok && words != "", reason)
		}
	}
}

// rescoringReasons are the reasons that are of rescorings alone, out of their sources.
func rescoringReasons(t *testing.T) (out []string) {
	t.Helper()
	for _, file := range []string{"../rescore/input.go", "../rescore/compare/join.go"} {
		source, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, found := range regexp.MustCompile(`const Reason\w+ = "([A-Z_]+)"`).FindAllStringSubmatch(string(source), -1) {
			out = append(out, found[1])
		}
	}
	require.Subset(t, out, []string{rescore.ReasonNotDICOM, compare.ReasonAbsent})
	return out
}

// A phrase that the report does not say is a leftover.
func TestEveryPhraseOfRescoringsIsSaid(t *testing.T) {
	var source strings.Builder
	files, err := filepath.Glob("../rescore/report/*")
	require.NoError(t, err)
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") || !strings.HasSuffix(file, ".go") && !strings.HasSuffix(file, ".html") {
			continue
		}
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		source.Write(text)
	}
	words := reflect.TypeFor[i18n.RescoringWords]()
	for i := range words.NumField() {
		section := words.Field(i)
		require.Regexp(t, `\.`+section.Name+`\b`, source.String())
		if section.Type.Kind() != reflect.Struct {
			continue
		}
		// Parts of Go files have their section at hand as w.
		for j := range section.Type.NumField() {
			name := section.Type.Field(j).Name
			require.Regexp(t, `(\.`+section.Name+`|\bw)\.`+name+`\b`, source.String(), section.Name)
		}
	}
}

// Nothing that a report says sounds as if a scan were clear; what must not be taken
// for it is said with these words.
func TestNoRescoringWordsSayClear(t *testing.T) {
	warns := map[string]bool{".Notice.Failed": true, ".Limits.Failed": true, ".Limits.Never": true, ".Limits.Order": true, ".Again.NotListed": true, ".Again.None": true}
	never := map[string]*regexp.Regexp{
		"en": regexp.MustCompile(`\b(clear|normal|negative|harmless|healthy|no nodules?|safe|free of)\b`),
		"fr": regexp.MustCompile(`\b(normal\w*|négati\w*|rassurant\w*|sains?|pas de nodule|aucun nodule|exempte?)\b`),
		"ar": regexp.MustCompile(`سليم|طبيعي|سلبي|خال|لا عقيدات`),
	}
	for l, pattern := range never {
		for at, phrase := range phrases(reflect.ValueOf(i18n.Rescoring(l)), "", map[string]string{}) {
			if !warns[at] {
				require.NotRegexp(t, pattern, strings.ToLower(phrase), "%s %s", l, at)
			}
		}
	}
}
