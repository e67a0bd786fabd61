package tables_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
	"github.com/stretchr/testify/require"

	"nafas/internal/rescore"
	"nafas/internal/rescore/compare"
	"nafas/internal/rescore/tables"
	"nafas/internal/triage"
)

// written is a table of the fixture's inputs and changes.
func written(t *testing.T, table tables.Table, f tables.Format, rows ...rescore.Row) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := tables.NewWriter(&b, table, f, header)
	require.NoError(t, err)
	for _, r := range rows {
		require.NoError(t, w.Add(r))
	}
	for _, c := range changes() {
		require.NoError(t, w.AddChange(c))
	}
	require.NoError(t, w.Close())
	return b.Bytes()
}

// cells are the rows of a CSV by the names of its columns.
func cells(t *testing.T, data []byte) (rows []map[string]string) {
	t.Helper()
	all, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	require.NoError(t, err)
	for _, row := range all[1:] {
		one := map[string]string{}
		for i, cell := range row {
			one[all[0][i]] = cell
		}
		rows = append(rows, one)
	}
	return rows
}

// want compares the columns that are named; the header's are the same everywhere.
func want(t *testing.T, table tables.Table, got map[string]string, columns map[string]string) {
	t.Helper()
	for name, cell := range map[string]string{
		"schema_version": "1", "rescoring": "7", "rescoring_name": "2019, again", "model_name": "lungs", "model_version": "2.1",
		"model_sha256": "ab12", "config_sha256": "cd34",
	} {
		columns[name] = cell
	}
	for _, c := range tables.Columns(table) {
		require.Equal(t, columns[c.Name], got[c.Name], c.Name)
		require.True(t, c.Nullable || columns[c.Name] != "", "%s is never null", c.Name)
		delete(columns, c.Name)
	}
	require.Empty(t, columns, "no such column")
}

func TestSeriesSayWhatBecameOfEachInput(t *testing.T) {
	rows := cells(t, written(t, tables.Series, tables.CSV, inputs()...))
	require.Len(t, rows, 6)
	const ended = "2026-02-28T23:02:03.123456Z"
	want(t, tables.Series, rows[0], map[string]string{
		"path": "box/notes é.txt", "state": "skipped", "reason": "NOT_DICOM", "found": "no DICOM prefix", "remedy": "nothing", "ended_at": ended,
	})
	want(t, tables.Series, rows[1], map[string]string{
		"study_uid": "1.2", "series_uid": "1.2.1", "study_date": "1965-03-04", "modality": "CT", "instances": "300", "state": "scored",
		"findings": "2", "flagged": "true", "best_score": "0.9312", "priority": "urgent",
		"priority_reason_codes": `["FINDING_LARGE","SCAN_LESS_SURE"]`, "priority_reasons": `["1 flagged finding, 8 mm; measured","less sure"]`, "lung_rads": "4A",
		"manufacturer": "ACME, Inc.", "kernel": "B70f", "slices": "300", "slice_rows": "512", "slice_columns": "500", "thickness_mm": "1", "spacing_mm": "1.25",
		"row_spacing_mm": "0.6", "column_spacing_mm": "0.7", "lung_volume_ml": "4321.5",
		"warning_codes": `["LOW_LUNG_VOLUME"]`, "warnings": `["Less than 1 l of \"lung\" < it is cut"]`,
		"read_s": "1", "onnx_s": "1.5", "other_s": "0.25", "total_s": "2.75",
		"runtime_version": "1.30.0", "runtime_sha256": "ef56", "result_key": "key", "ended_at": ended, "worker": "w1",
	})
	want(t, tables.Series, rows[2], map[string]string{
		"study_uid": "1.2", "series_uid": "1.2.2", "study_date": "1965-03-04", "modality": "CT", "instances": "0", "state": "failed",
		"reason": "MISSING_SLICES", "found": "a gap\nof 3 slices, \"here\"", "remedy": "send it again", "ended_at": ended, "worker": "w1",
	})
	want(t, tables.Series, rows[3], map[string]string{
		"study_uid": "1.3", "series_uid": "1.3.1", "study_date": "2024-02-29", "modality": "CT", "instances": "40", "state": "unchanged",
		"findings": "0", "flagged": "false", "priority": "routine", "priority_reason_codes": "[]", "priority_reasons": "[]", "warning_codes": "[]", "warnings": "[]",
		"ended_at": ended, "worker": "w2",
	})
	require.Equal(t, "", rows[4]["study_date"], "2024 is no day")
	want(t, tables.Series, rows[5], map[string]string{"study_uid": "1.5", "series_uid": "1.5.1", "modality": "MR", "instances": "7", "state": "waiting"})
}

func TestFindingsOfSeriesThatHaveAResult(t *testing.T) {
	rows := cells(t, written(t, tables.Findings, tables.CSV, inputs()...))
	require.Len(t, rows, 3)
	common := func(study, date string, own map[string]string) map[string]string {
		for name, cell := range map[string]string{
			"study_uid": study, "series_uid": study + ".1", "study_date": date,
			"center_lps_x_mm": "-42.25", "center_lps_y_mm": "10.5", "center_lps_z_mm": "-301.75", "detector_diameter_mm": "7.4",
			"sop_instance_uid": "1.2.1.99", "slice": "98", "pixel_column": "120.25", "pixel_row": "0",
		} {
			own[name] = cell
		}
		return own
	}
	want(t, tables.Findings, rows[0], common("1.2", "1965-03-04", map[string]string{
		"rank": "1", "score": "0.9312", "flagged": "true", "side": "right", "lobe": "right upper", "zone": "upper",
		"diameter_mm": "8.1", "diameter_by": "measured", "measured_diameter_mm": "8.1",
		"measured_center_lps_x_mm": "-42", "measured_center_lps_y_mm": "10", "measured_center_lps_z_mm": "-301",
		"volume_mm3": "268.5", "density": "part-solid", "frame": "3",
	}))
	want(t, tables.Findings, rows[1], common("1.2", "1965-03-04", map[string]string{
		"rank": "2", "score": "0.3", "flagged": "false", "zone": "lower", "diameter_mm": "7.4", "diameter_by": "detector", "doubt": "CUT",
	}))
	want(t, tables.Findings, rows[2], common("1.4", "", map[string]string{
		"rank": "1", "score": "0.5", "flagged": "true", "side": "left", "diameter_mm": "7.4", "diameter_by": "detector",
	}))
}

func TestStudiesToLookAtAgain(t *testing.T) {
	rows := cells(t, written(t, tables.LookAgain, tables.CSV, inputs()...))
	require.Len(t, rows, 3)
	want(t, tables.LookAgain, rows[0], map[string]string{
		"place": "1", "study_uid": "1.2", "series_uid": "1.2.1", "study_date": "1965-03-04", "manufacturer": "ACME, Inc.",
		"kinds": `["newly_flagged","category_up"]`, "score_before": "0.31", "score_after": "0.9312",
		"priority_before": "routine", "priority_after": "urgent", "lung_rads_after": "4A",
	})
	want(t, tables.LookAgain, rows[1], map[string]string{
		"place": "2", "study_uid": "1.6", "series_uid": "1.6.1", "kinds": `["not_read_before"]`, "score_after": "0.7", "priority_after": "high", "reason": "TOO_LARGE",
	})
	want(t, tables.LookAgain, rows[2], map[string]string{
		"place": "3", "study_uid": "1.7", "series_uid": "1.7.1", "kinds": `["read_before_not_now"]`, "score_before": "0", "priority_before": "routine",
		"lung_rads_before": "3", "reason": "NOT_IN_THIS_PASS",
	})
}

// JSON Lines has every column in each row, null where the cell of CSV is empty.
func TestJSONLinesSayTheSame(t *testing.T) {
	for _, table := range tables.Tables() {
		lines := strings.Split(strings.TrimSuffix(string(written(t, table, tables.JSONL, inputs()...)), "\n"), "\n")
		rows := cells(t, written(t, table, tables.CSV, inputs()...))
		require.Len(t, lines, len(rows))
		for i, line := range lines {
			var values map[string]any
			require.NoError(t, json.Unmarshal([]byte(line), &values))
			require.Len(t, values, len(tables.Columns(table)))
			last := -1
			for _, c := range tables.Columns(table) {
				value, is := values[c.Name]
				require.True(t, is, c.Name)
				at := strings.Index(line, fmt.Sprintf("%q:", c.Name))
				require.Greater(t, at, last, "columns have one order")
				last = at
				switch value := value.(type) {
				case nil:
					require.Empty(t, rows[i][c.Name], c.Name)
					require.True(t, c.Nullable, c.Name)
				case string:
					require.NotEmpty(t, value, "%s is null where it is not known", c.Name)
					require.Equal(t, rows[i][c.Name], value, c.Name)
				case []any:
					var list []any
					require.NoError(t, json.Unmarshal([]byte(rows[i][c.Name]), &list))
					require.Equal(t, list, value)
				default:
					require.Equal(t, rows[i][c.Name], fmt.Sprint(value), c.Name)
				}
			}
		}
	}
}

// What begins like a formula is text in every spreadsheet; numbers stay numbers.
func TestNoCellIsAFormula(t *testing.T) {
	r := inputs()[1]
	r.Result.Scan.Manufacturer, r.Result.Scan.Kernel, r.Found, r.Worker = `=HYPERLINK("http://x")`, "-B30f", "@SUM(1)", "+x"
	r.Result.Findings[0].CenterLPSMM[0] = -0.5
	got := cells(t, written(t, tables.Series, tables.CSV, r))[0]
	require.Equal(t, []string{`'=HYPERLINK("http://x")`, "'-B30f", "'@SUM(1)", "'+x"}, []string{got["manufacturer"], got["kernel"], got["found"], got["worker"]})
	require.Equal(t, "-0.5", cells(t, written(t, tables.Findings, tables.CSV, r))[0]["center_lps_x_mm"])
	require.Contains(t, string(written(t, tables.Series, tables.JSONL, r)), `"kernel":"-B30f"`, "there is no spreadsheet behind JSON")
}

// A file's name need not be UTF-8, and some readers refuse a whole table for it.
func TestTextIsUTF8(t *testing.T) {
	r := inputs()[0]
	r.Path = "caf\xe9.txt"
	for _, f := range []tables.Format{tables.CSV, tables.JSONL} {
		require.Contains(t, string(written(t, tables.Series, f, r)), "caf\uFFFD.txt")
	}
}

// A result that got lost looks like a scan in which nothing was found.
func TestALostResultIsNoEmptyList(t *testing.T) {
	for _, f := range tables.Formats() {
		for _, table := range []tables.Table{tables.Series, tables.Findings} {
			w, err := tables.NewWriter(&bytes.Buffer{}, table, f, header)
			require.NoError(t, err)
			require.ErrorIs(t, w.Add(rescore.Row{SeriesUID: "1", State: rescore.Scored}), tables.ErrRow)
			require.ErrorIs(t, w.Add(rescore.Row{SeriesUID: "1", State: rescore.Failed, Result: &triage.Result{}}), tables.ErrRow)
		}
	}
	for _, f := range tables.Formats() {
		broken := inputs()[1]
		broken.Result.Findings[1].CenterLPSMM[2] = math.NaN()
		w, err := tables.NewWriter(&bytes.Buffer{}, tables.Findings, f, header)
		require.NoError(t, err)
		require.ErrorIs(t, w.Add(broken), tables.ErrRow)
	}
}

func TestUnknownTablesAndFormats(t *testing.T) {
	_, err := tables.NewWriter(&bytes.Buffer{}, "else", tables.CSV, header)
	require.ErrorContains(t, err, "series")
	_, err = tables.NewWriter(&bytes.Buffer{}, tables.Series, "xlsx", header)
	require.ErrorContains(t, err, "parquet")
}

// full refuses to write after some bytes, as a disk does.
type full struct{ left int }

var errFull = errors.New("no space left")

func (f *full) Write(p []byte) (int, error) {
	if f.left -= len(p); f.left < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestAFullDiskIsTold(t *testing.T) {
	for _, f := range tables.Formats() {
		for _, table := range tables.Tables() {
			write := func(to io.Writer, rows int) error {
				w, err := tables.NewWriter(to, table, f, header)
				if err != nil {
					return err
				}
				for range rows {
					if err := errors.Join(w.Add(inputs()[1]), w.AddChange(changes()[0])); err != nil {
						return err
					}
				}
				return w.Close()
			}
			require.ErrorIs(t, write(&full{left: 100}, 1000), errFull, "%s %s: the first bytes", table, f)
			var whole bytes.Buffer
			require.NoError(t, write(&whole, 10))
			require.ErrorIs(t, write(&full{left: whole.Len() - 1}, 10), errFull, "%s %s: the last byte", table, f)
		}
	}
}

// Row groups are bounded, and so is what a writer holds back.
func TestParquetIsWrittenInGroups(t *testing.T) {
	var b bytes.Buffer
	w, err := tables.NewWriter(&b, tables.LookAgain, tables.Parquet, header)
	require.NoError(t, err)
	const rows = 120_001
	for i := range rows {
		require.NoError(t, w.AddChange(compare.Change{StudyUID: fmt.Sprint(i), Kinds: []compare.Kind{compare.KindDropped}}))
	}
	before := b.Len()
	require.NotZero(t, before, "groups are written on the way")
	require.NoError(t, w.Close())
	file, err := parquet.OpenFile(bytes.NewReader(b.Bytes()), int64(b.Len()))
	require.NoError(t, err)
	require.EqualValues(t, rows, file.NumRows())
	require.Len(t, file.RowGroups(), 3)
	version, _ := file.Lookup("nafas.schema_version")
	require.Equal(t, "1", version)
	table, _ := file.Lookup("nafas.table")
	require.Equal(t, "look_again", table)
}
