package depcheck_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// openRoutes are those that everybody may ask for, by the expression of their
// pattern: the page's own files, signing in, and what only leads to a mux with
// gates of its own.
var openRoutes = map[string]string{
	`"GET " + path`:         "internal/web/web.go", // the page, the same for everybody
	`"GET /page/{name...}"`: "internal/web/web.go", // its files
	`"/api/"`:               "internal/web/web.go", // what there is not
	`"/"`:                   "",                    // what there is not; the page
	`"GET /api/sign-in"`:    "internal/access/session/session.go",
	`"POST /api/sign-in"`:   "internal/access/session/session.go",
	`"GET /auth/start"`:     "internal/access/session/session.go",
	`"GET /healthz"`:        "cmd/nafas/observe.go", // a word
	`"GET /readyz"`:         "cmd/nafas/observe.go", // a sentence without numbers of studies
	`"GET /auth/callback"`:  "internal/access/session/session.go",
	`pacs.WebRoot + "/"`:    "cmd/nafas/web.go",
}

// gated is a handler behind a role: people's, machines', or both.
var gated = regexp.MustCompile(`(?i)\.Require\(|gate\.(Machines|Everybody)\(|^metricsGuard\(`)

// A route that is added without a gate is found here, whatever its test forgets.
func TestEveryRouteHasAGate(t *testing.T) {
	routes, seen := 0, map[string]bool{}
	for _, dir := range []string{"cmd", "internal"} {
		require.NoError(t, filepath.WalkDir(filepath.Join(root, dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			if err != nil || !bytes.Contains(text, []byte("ServeMux")) {
				return err
			}
			name, err := filepath.Rel(root, path)
			require.NoError(t, err)
			for pattern, handler := range routesOf(t, name, text) {
				routes++
				at, open := openRoutes[pattern]
				seen[pattern] = true
				if open && (at == "" || at == filepath.ToSlash(name)) {
					continue
				}
				require.Regexp(t, gated, handler, "%s: the route %s has no gate: wrap it, or say here why everybody may ask", name, pattern)
			}
			return nil
		}))
	}
	require.Greater(t, routes, 12, "the routes are found")
	for pattern := range openRoutes {
		require.True(t, seen[pattern], "there is no route %s any more", pattern)
	}
}

// routesOf are the patterns and handlers that a file adds to a mux, as written.
func routesOf(t *testing.T, name string, text []byte) map[string]string {
	t.Helper()
	files := token.NewFileSet()
	f, err := parser.ParseFile(files, name, text, 0)
	require.NoError(t, err)
	written := func(n ast.Node) string {
		var b bytes.Buffer
		require.NoError(t, printer.Fprint(&b, files, n))
		return b.String()
	}
	out := map[string]string{}
	ast.Inspect(f, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) != 2 {
			return true
		}
		if to, ok := call.Fun.(*ast.SelectorExpr); ok && (to.Sel.Name == "Handle" || to.Sel.Name == "HandleFunc") {
			out[written(call.Args[0])] = written(call.Args[1])
		}
		return true
	})
	return out
}
