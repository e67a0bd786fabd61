package web

import (
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/internal/triage"
)

// Numbers of a warning are never lost, and English stands nowhere for nothing.
func TestWarningInALanguage(t *testing.T) {
	require.Equal(t, "A contrast agent was given.", warningIn("en", triage.Warning{Code: "CONTRAST_AGENT", Text: "A contrast agent was given."}))
	without := warningIn("fr", triage.Warning{Code: "CONTRAST_AGENT", Text: "A contrast agent was given."})
	require.NotContains(t, without, "agent was given")
	require.NotEmpty(t, without)
	thick := warningIn("fr", triage.Warning{Code: "THICK_SLICES", Text: "Slices are 5.0 mm thick."})
	require.Contains(t, thick, "5.0 mm")
}
