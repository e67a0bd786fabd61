package guideline_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	g "nafas/inference/guideline"
)

// docs/guidelines.md shows the tables as they are, row by row.
func TestTheDocumentShowsEveryRow(t *testing.T) {
	page, err := os.ReadFile("../../docs/guidelines.md")
	require.NoError(t, err)
	seen := map[string]bool{}
	var lines []string
	for _, r := range g.Rules() {
		require.False(t, seen[r.ID], "%s is two rows", r.ID)
		seen[r.ID] = true
		mark := "V"
		if r.Unverified {
			mark = "V, M"
		}
		line := fmt.Sprintf("| `%s` | %s | %s | %s |\n", r.ID, r.When, r.Gives, mark)
		if !strings.Contains(string(page), line) {
			lines = append(lines, line)
		}
	}
	require.Empty(t, lines, "rows that the page lacks:\n%s", strings.Join(lines, ""))
	require.Equal(t, len(seen), strings.Count(string(page), "\n| `"), "the page has rows that are no longer there")
}
