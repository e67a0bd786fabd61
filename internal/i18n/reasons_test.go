package i18n_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/internal/i18n"
	nafasv1 "nafas/proto/nafas/v1"
)

// Whatever a study is refused for can be said in each language.
func TestEveryReasonHasWords(t *testing.T) {
	seen := map[string]string{}
	for n, name := range nafasv1.Reason_name {
		name = strings.TrimPrefix(name, "REASON_")
		for _, l := range []string{"en", "fr", "ar"} {
			words, ok := i18n.Reason(l, name)
			require.Equal(t, n != 0, ok, name)
			if !ok {
				continue
			}
			require.NotEmpty(t, words, "%s %s", l, name)
			require.Empty(t, seen[l+words], "%s in %s has the words of another", name, l)
			seen[l+words] = name
			require.Equal(t, l == "ar", strings.ContainsFunc(words, func(r rune) bool { return r >= 0x0600 && r <= 0x06ff }), "%s %s", l, name)
		}
	}
	words, _ := i18n.Reason("", "NO_LUNG")
	require.Equal(t, "no lung found", words, "English where no language is said")
}
