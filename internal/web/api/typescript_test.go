package api_test

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write page/src/api.ts")

// TestTypeScript: the page's types are those of this package.
func TestTypeScript(t *testing.T) {
	const path = "../page/src/api.ts"
	want := typeScript(t)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(want), 0o644))
	}
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, want, string(got), "write it anew: go test ./internal/web/api -update")
}

func typeScript(t *testing.T) string {
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	var b strings.Builder
	b.WriteString("// Made of internal/web/api by its test; its comments are there.\n")
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		require.NoError(t, err)
		for _, decl := range file.Decls {
			types, ok := decl.(*ast.GenDecl)
			if !ok || types.Tok != token.TYPE {
				continue
			}
			for _, spec := range types.Specs {
				one := spec.(*ast.TypeSpec)
				fmt.Fprintf(&b, "\nexport interface %s {\n", one.Name.Name)
				for _, field := range one.Type.(*ast.StructType).Fields.List {
					name, options, _ := strings.Cut(strings.Trim(field.Tag.Value, "`"), ",")
					name = strings.Trim(strings.TrimPrefix(name, "json:"), `"`)
					if strings.Contains(options, "omitempty") {
						name += "?"
					}
					fmt.Fprintf(&b, "  %s: %s;\n", name, tsType(t, field.Type))
				}
				b.WriteString("}\n")
			}
		}
	}
	return b.String()
}

func tsType(t *testing.T, e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return tsType(t, e.X)
	case *ast.SelectorExpr: // time.Time
		return "string"
	case *ast.ArrayType:
		if e.Len != nil {
			return "[" + strings.TrimSuffix(strings.Repeat(tsType(t, e.Elt)+", ", 3), ", ") + "]"
		}
		return tsType(t, e.Elt) + "[]"
	case *ast.Ident:
		switch e.Name {
		case "string":
			return "string"
		case "bool":
			return "boolean"
		case "int", "int64", "float64":
			return "number"
		}
		return e.Name
	}
	require.Fail(t, "no TypeScript for it", "%T", e)
	return ""
}
