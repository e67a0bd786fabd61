package interop_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/internal/interop"
)

// The examples of docs/interop.md are what is written.
func TestExamplesOfTheDocuments(t *testing.T) {
	doc, err := os.ReadFile("../../docs/interop.md")
	require.NoError(t, err)
	im := image(t, nil)
	lines := func(data []byte, err error) string {
		require.NoError(t, err)
		return strings.ReplaceAll(string(data), "\r", "\n")
	}
	require.True(t, strings.Contains(string(doc), lines(interop.ORU(without(delivery(t, im)), im, "en"))), "the message without findings")
	for line := range strings.Lines(lines(interop.ORU(delivery(t, im), im, "en"))) {
		if fields := strings.Split(line, "|"); fields[0] == "OBX" && fields[4] == "1" {
			require.True(t, strings.Contains(string(doc), line), line)
		}
	}

	_, example, ok := strings.Cut(string(doc), "```json\n")
	require.True(t, ok)
	example, _, _ = strings.Cut(example, "```")
	var shown object
	require.NoError(t, json.Unmarshal([]byte(example), &shown))
	require.Equal(t, bundleOf(t, failed(delivery(t, im)), im).one(t, "Observation"), shown)
}
