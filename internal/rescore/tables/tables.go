// Package tables writes what became of a rescoring's inputs as tables for other
// programs: Parquet, CSV and JSON Lines of one schema, which docs/rescore-tables.md
// shows.
//
// Nothing is kept of a row beyond the one that is written, but for one row group of
// a Parquet file.
package tables

import (
	"cmp"
	"math"
	"strings"
	"time"

	"nafas/internal/rescore"
	"nafas/internal/triage"
)

// SchemaVersion is that of all tables. Columns may be added at the end of a table
// under the same number; whatever else changes in one makes the next number.
const SchemaVersion = 1

// Table is one of the tables.
type Table string

// The tables.
const (
	// Series has one row an input: a series, or a file that belongs to none.
	Series Table = "series"
	// Findings has one row a finding of a series that has a result.
	Findings Table = "findings"
	// LookAgain has one row a study that a reader should see, the most urgent first:
	// compare.Comparison.LookAgain.
	LookAgain Table = "look_again"
)

// Tables are all tables.
func Tables() []Table { return []Table{Series, Findings, LookAgain} }

// Format is how a table is written.
type Format string

// The formats; each is also the ending of a file's name.
const (
	Parquet Format = "parquet"
	CSV     Format = "csv"
	JSONL   Format = "jsonl"
)

// Formats are all formats.
func Formats() []Format { return []Format{Parquet, CSV, JSONL} }

// FileName is that of a table in an export.
func FileName(t Table, f Format) string { return string(t) + "." + string(f) }

// Header is what every row of a rescoring's tables begins with.
type Header struct {
	Rescoring    int64
	Name         string
	Model        triage.Model
	ConfigSHA256 string
}

// HeaderOf is the header of a rescoring.
func HeaderOf(r rescore.Rescoring) Header {
	return Header{Rescoring: r.ID, Name: r.Name, Model: r.Model, ConfigSHA256: r.Recipe.ConfigSHA256}
}

// headed are the columns of a Header. The tags are the schema: "parquet" has the
// name and how it is stored, "doc" what it means. A pointer, and a list with
// "optional", may be null.
type headed struct {
	SchemaVersion int32   `parquet:"schema_version" doc:"the version of this page's schema: 1"`
	Rescoring     int64   `parquet:"rescoring" doc:"number of the rescoring"`
	RescoringName *string `parquet:"rescoring_name,dict" doc:"its name"`
	ModelName     string  `parquet:"model_name,dict" doc:"of the model that it passes over the studies"`
	ModelVersion  string  `parquet:"model_version,dict" doc:"the model's"`
	ModelSHA256   string  `parquet:"model_sha256,dict" doc:"over the manifest and the ONNX files, hex"`
	ConfigSHA256  string  `parquet:"config_sha256,dict" doc:"over what else decides a result, hex"`
}

func (h Header) columns() headed {
	return headed{
		SchemaVersion: SchemaVersion, Rescoring: h.Rescoring, RescoringName: text(h.Name),
		ModelName: valid(h.Model.Name), ModelVersion: valid(h.Model.Version), ModelSHA256: valid(h.Model.SHA256), ConfigSHA256: valid(h.ConfigSHA256),
	}
}

// Date is a day, counted from 1970-01-01.
type Date int32

// String is the day as YYYY-MM-DD.
func (d Date) String() string {
	return time.Unix(int64(d)*secondsPerDay, 0).UTC().Format(time.DateOnly)
}

const secondsPerDay = 24 * 60 * 60

// dateOf is null where the text is no day YYYYMMDD.
func dateOf(text string) *Date {
	day, err := time.Parse("20060102", text)
	if err != nil {
		return nil
	}
	d := Date(day.Unix() / secondsPerDay)
	return &d
}

// text is null where it is "".
func text(s string) *string {
	if s == "" {
		return nil
	}
	s = valid(s)
	return &s
}

// valid is text that every reader of the formats takes: file names and what
// scanners call themselves need not be UTF-8.
func valid(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

// number is null where it is not finite.
func number(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}

// length is null where it is not above 0: the zero of what is not known.
func length(v float64) *float64 {
	if !(v > 0) {
		return nil
	}
	return number(v)
}

func count(n int) *int32 {
	out := int32(min(n, math.MaxInt32))
	return &out
}

// countKnown is null where it is not above 0.
func countKnown(n int) *int32 {
	if n <= 0 {
		return nil
	}
	return count(n)
}

// moment is in UTC, to the microsecond; null where it is zero.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC().Truncate(time.Microsecond)
	return &t
}

func word[T ~string](w T) *string { return text(string(w)) }

// of is v as it stands in a row.
func of[T cmp.Ordered | bool](v T) *T { return &v }
