package i18n_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/internal/i18n"
	nafasv1 "nafas/proto/nafas/v1"
)

// Whatever a study is refused for, each language says what to do about it.
func TestEveryReasonHasARemedy(t *testing.T) {
	for n, name := range nafasv1.Reason_name {
		name = strings.TrimPrefix(name, "REASON_")
		seen := map[string]bool{}
		for _, l := range []string{"en", "fr", "ar"} {
			words, ok := i18n.Remedy(l, name)
			require.Equal(t, n != 0, ok, name)
			if !ok {
				continue
			}
			require.NotEmpty(t, words, "%s %s", l, name)
			require.False(t, seen[words], "%s is said in %s as in another language", name, l)
			seen[words] = true
			require.Equal(t, l == "ar", strings.ContainsFunc(words, func(r rune) bool { return r >= 0x0600 && r <= 0x06ff }), "%s %s", l, name)
		}
	}
	words, _ := i18n.Remedy("", "NOT_AXIAL")
	require.Equal(t, "send an axial reconstruction", words, "English where no language is said")
}
