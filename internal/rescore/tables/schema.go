package tables

import (
	"fmt"
	"reflect"
	"strings"
	"time"
)

// Column is a column of a table, in all formats.
type Column struct {
	Name string
	// Type is SQL's: VARCHAR, VARCHAR[], INTEGER, BIGINT, DOUBLE, BOOLEAN, DATE or
	// TIMESTAMP WITH TIME ZONE.
	Type     string
	Nullable bool
	Meaning  string
}

// Columns are those of a table, in order; nil for one that is not there.
func Columns(t Table) []Column {
	row, ok := rowTypes[t]
	if !ok {
		return nil
	}
	var out []Column
	for _, f := range fieldsOf(row) {
		out = append(out, f.Column)
	}
	return out
}

var rowTypes = map[Table]reflect.Type{
	Series: reflect.TypeFor[seriesRow](), Findings: reflect.TypeFor[findingRow](), LookAgain: reflect.TypeFor[lookAgainRow](),
}

// field is a column and where its value is in a row.
type field struct {
	Column
	index []int
}

// fieldsOf are the columns of a row's type, those of what is embedded in their
// place.
func fieldsOf(row reflect.Type) []field {
	var out []field
	for i := range row.NumField() {
		f := row.Field(i)
		if f.Anonymous {
			for _, inner := range fieldsOf(f.Type) {
				inner.index = append([]int{i}, inner.index...)
				out = append(out, inner)
			}
			continue
		}
		name, stored, _ := strings.Cut(f.Tag.Get("parquet"), ",")
		out = append(out, field{index: []int{i}, Column: Column{
			Name: name, Type: sqlType(f.Type), Meaning: f.Tag.Get("doc"),
			Nullable: f.Type.Kind() == reflect.Pointer || strings.HasSuffix(stored, "optional"),
		}})
	}
	return out
}

var sqlTypes = map[reflect.Type]string{
	reflect.TypeFor[string](): "VARCHAR", reflect.TypeFor[[]string](): "VARCHAR[]", reflect.TypeFor[int32](): "INTEGER",
	reflect.TypeFor[int64](): "BIGINT", reflect.TypeFor[float64](): "DOUBLE", reflect.TypeFor[bool](): "BOOLEAN",
	reflect.TypeFor[Date](): "DATE", reflect.TypeFor[time.Time](): "TIMESTAMP WITH TIME ZONE",
}

func sqlType(t reflect.Type) string {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	name, ok := sqlTypes[t]
	if !ok {
		panic(fmt.Sprintf("tables: no column can be a %s", t))
	}
	return name
}

// Markdown is the table of a table's columns that docs/rescore-tables.md shows.
func Markdown(t Table) string {
	var b strings.Builder
	b.WriteString("| column | type | null | meaning |\n|---|---|---|---|\n")
	for _, c := range Columns(t) {
		null := ""
		if c.Nullable {
			null = "yes"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", c.Name, c.Type, null, c.Meaning)
	}
	return b.String()
}
