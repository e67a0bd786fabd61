package browser

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// axeFile is axe-core, out of the page's development dependencies.
const axeFile = "../page/node_modules/axe-core/axe.min.js"

// axe is the checker's source; the test skips where it is not installed.
func axe(t *testing.T) string {
	t.Helper()
	source, err := os.ReadFile(axeFile)
	if err != nil {
		require.Empty(t, os.Getenv("CI"), "CI installs axe-core")
		t.Skip("no axe-core: npm ci in internal/web/page")
	}
	return string(source)
}

// violation is what axe-core finds.
type violation struct {
	ID, Help string
	Nodes    []struct{ HTML, FailureSummary string }
}

// accessible fails the test where axe-core finds the page wanting in WCAG 2.2 AA.
func (b *browser) accessible() {
	b.t.Helper()
	b.run("axe-core", chromedp.Evaluate[chromedp.Void](axe(b.t)+";0"))
	found := value[[]violation](b, `axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}).then(r => r.violations)`)
	var all strings.Builder
	for _, v := range found {
		fmt.Fprintf(&all, "%s: %s\n", v.ID, v.Help)
		for _, n := range v.Nodes {
			fmt.Fprintf(&all, "    %s\n    %s\n", n.HTML, strings.ReplaceAll(n.FailureSummary, "\n", " "))
		}
	}
	require.Empty(b.t, all.String())
}
