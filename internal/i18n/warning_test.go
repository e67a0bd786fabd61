package i18n_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/internal/i18n"
)

// Whatever is warned of can be said in each language.
func TestEveryWarningHasWords(t *testing.T) {
	var codes []string
	for _, path := range []string{"../../dicomio/instance.go", "../../inference/pipeline.go"} {
		source, err := os.ReadFile(path)
		require.NoError(t, err)
		for _, found := range regexp.MustCompile(`(?m)^\s+Warn\w+\s*=\s*"([A-Z_]+)"`).FindAllStringSubmatch(string(source), -1) {
			codes = append(codes, found[1])
		}
	}
	require.Greater(t, len(codes), 15)
	seen := map[string]string{}
	for _, code := range codes {
		for _, l := range []string{"en", "fr", "ar"} {
			words, ok := i18n.Warning(l, code)
			require.True(t, ok, code)
			require.Empty(t, seen[l+words], "%s in %s has the words of another", code, l)
			seen[l+words] = code
			require.Equal(t, l == "ar", strings.ContainsFunc(words, func(r rune) bool { return r >= 0x0600 && r <= 0x06ff }), "%s %s", l, code)
		}
	}
	_, ok := i18n.Warning("en", "NOTHING")
	require.False(t, ok)
}
