package guideline_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
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

// Whatever code this package has is in its list, so that it gets words.
func TestEveryCodeIsListed(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "codes.go", nil, 0)
	require.NoError(t, err)
	listed := map[string]int{}
	for _, code := range g.Codes() {
		listed[code]++
	}
	found := 0
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 {
			return true
		}
		text, ok := spec.Values[0].(*ast.BasicLit)
		if !ok {
			return true
		}
		code := strings.Trim(text.Value, `"`)
		if kind, _ := spec.Type.(*ast.Ident); kind != nil && kind.Name == "Category" {
			code = g.Category(code).Code()
		}
		found++
		require.Equal(t, 1, listed[code], code)
		return true
	})
	require.Len(t, listed, found)
}
