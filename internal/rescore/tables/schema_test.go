package tables_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/internal/rescore/tables"
)

var update = flag.Bool("update", false, "write testdata anew")

// A column that changes is noticed: other programs read the tables by it. Add at
// the end of a table, or give SchemaVersion its next number.
func TestTheSchemaIsTheSame(t *testing.T) {
	type column struct {
		Name, Type string
		Nullable   bool
	}
	schema := struct {
		Version int
		Tables  map[tables.Table][]column
	}{tables.SchemaVersion, map[tables.Table][]column{}}
	for _, table := range tables.Tables() {
		for _, c := range tables.Columns(table) {
			schema.Tables[table] = append(schema.Tables[table], column{c.Name, c.Type, c.Nullable})
		}
	}
	got, err := json.MarshalIndent(schema, "", " ")
	require.NoError(t, err)
	golden := filepath.Join("testdata", "schema.json")
	if *update {
		require.NoError(t, os.WriteFile(golden, append(got, '\n'), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.JSONEq(t, string(want), string(got))
	require.True(t, bytes.HasSuffix(want, []byte("\n")))
}

// docs/rescore-tables.md shows the columns as they are, and no others.
func TestTheSchemaIsDocumented(t *testing.T) {
	doc, err := os.ReadFile("../../../docs/rescore-tables.md")
	require.NoError(t, err)
	text := string(doc)
	for _, table := range tables.Tables() {
		_, section, found := strings.Cut(text, "\n## "+string(table)+"\n")
		require.True(t, found, "no section ## %s", table)
		section, _, _ = strings.Cut(section, "\n## ")
		require.Contains(t, section, "\n"+tables.Markdown(table), "the table of %s; this is how it is:\n%s", table, tables.Markdown(table))
		require.Equal(t, len(tables.Columns(table)), strings.Count(section, "\n| `"), "columns of %s that are not there", table)
	}
	require.Nil(t, tables.Columns("else"))
}

func TestColumnsAreNamedWell(t *testing.T) {
	for _, table := range tables.Tables() {
		seen := map[string]bool{}
		for _, c := range tables.Columns(table) {
			require.Regexp(t, `^[a-z][a-z0-9_]*$`, c.Name)
			require.False(t, seen[c.Name], "%s twice", c.Name)
			seen[c.Name] = true
		}
	}
}
