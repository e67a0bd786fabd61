package i18n_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/inference/froc"
	"nafas/internal/i18n"
)

// Every range of slice thickness, and what is not known, has a name in each language.
func TestEveryStratumHasAName(t *testing.T) {
	for _, name := range append(froc.ThicknessRanges(), froc.Unknown) {
		seen := map[string]bool{}
		for _, l := range []string{"en", "fr", "ar"} {
			words, ok := i18n.Stratum(l, name)
			require.True(t, ok, name)
			require.NotEmpty(t, words)
			require.False(t, seen[words], "%s is said in %s as in another language", name, l)
			seen[words] = true
		}
		words, _ := i18n.Stratum("en", name)
		require.Equal(t, name, words)
	}
	_, ok := i18n.Stratum("fr", "SIEMENS")
	require.False(t, ok)
}
