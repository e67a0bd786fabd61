package i18n_test

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/internal/i18n"
)

func TestDecimals(t *testing.T) {
	require.Equal(t, []string{"24.8", "24,8", "24.8", "24", "24.8"},
		[]string{i18n.Decimal("en", "24.8"), i18n.Decimal("fr", "24.8"), i18n.Decimal("ar", "24.8"), i18n.Decimal("fr", "24"), i18n.Decimal("", "24.8")})
}

// The unit is mm in every language, as on scanners. In an Arabic sentence a mark of
// direction (U+200E) stands before the number, which would else come to stand behind
// its unit.
func TestMillimetresAreLatin(t *testing.T) {
	var sentences []string
	for _, words := range []any{i18n.Priority("ar"), i18n.SuggestionIn("ar")} {
		for _, phrase := range phrases(reflect.ValueOf(words), "", map[string]string{}) {
			sentences = append(sentences, phrase)
		}
	}
	for _, name := range []string{"guideline.go", "remedies.go", "reasons.go", "warning.go"} {
		source, err := os.ReadFile(name)
		require.NoError(t, err)
		for _, quoted := range regexp.MustCompile(`"[^"]*"`).FindAllString(string(source), -1) {
			sentences = append(sentences, strings.ReplaceAll(quoted, `\u200e`, "\u200e"))
		}
	}
	arabic := regexp.MustCompile(`\p{Arabic}`)
	seen := 0
	for _, sentence := range sentences {
		if !arabic.MatchString(sentence) {
			continue
		}
		require.NotRegexp(t, `(^|[^\p{L}])مم([^\p{L}]|$)`, sentence)
		for _, at := range regexp.MustCompile(`.?(%s|[0-9.,]+) mm`).FindAllString(sentence, -1) {
			require.Regexp(t, "^\u200e", at, sentence)
			seen++
		}
	}
	require.Positive(t, seen)
}
