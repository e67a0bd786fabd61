package depcheck_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Every direct dependency is named with its licence; a module below one that
// is named counts with it.
func TestNoticeNamesEveryDependency(t *testing.T) {
	named := regexp.MustCompile(`(?m)^  (\S+\.\S+/\S+) `).FindAllStringSubmatch(read(t, "NOTICE"), -1)
	require.NotEmpty(t, named)
	for line := range strings.Lines(read(t, "go.mod")) {
		module, _, ok := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "require "), " v")
		if !ok || strings.Contains(line, "// indirect") {
			continue
		}
		found := false
		for _, n := range named {
			found = found || module == n[1] || strings.HasPrefix(module, n[1]+"/")
		}
		require.True(t, found, "%s is not in NOTICE", module)
	}
}
