package tables_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/internal/rescore/tables"
)

// duckDBPackage is DuckDB itself, as npm hands it out.
const duckDBPackage = "@duckdb/node-api@1.5.6-r.1"

// answer is a program that asks DuckDB the questions of its standard input, a JSON
// list, and prints the rows of each.
const answer = `
import { DuckDBInstance } from '@duckdb/node-api';
let text = '';
for await (const part of process.stdin) text += part;
const connection = await (await DuckDBInstance.create(':memory:')).connect();
const answers = [];
for (const question of JSON.parse(text)) {
  const reader = await connection.runAndReadAll(question);
  answers.push(reader.getRowsJson());
}
console.log(JSON.stringify(answers));
`

// duckDB is a folder in which DuckDB is installed.
func duckDB(t *testing.T) string {
	t.Helper()
	missing := func(why string) {
		if os.Getenv("CI") == "true" {
			t.Fatal(why)
		}
		t.Skip(why)
	}
	for _, program := range []string{"node", "npm"} {
		if _, err := exec.LookPath(program); err != nil {
			missing(program + " is not installed: " + duckDBPackage + " runs on it")
		}
	}
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "package.json"), []byte(`{"private":true,"type":"module"}`), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "answer.js"), []byte(answer), 0o644))
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--no-save", duckDBPackage)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		missing(fmt.Sprintf("npm cannot install %s (offline?): %v: %s", duckDBPackage, err, out))
	}
	return dir
}

// ask returns the rows of each question, values as DuckDB writes them in JSON.
func ask(t *testing.T, dir string, questions ...string) [][][]any {
	t.Helper()
	in, err := json.Marshal(questions)
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), "node", "answer.js")
	cmd.Dir, cmd.Stdin = dir, bytes.NewReader(in)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, stderr.String())
	var answers [][][]any
	require.NoError(t, json.Unmarshal(out, &answers))
	require.Len(t, answers, len(questions))
	return answers
}

// sources are the expressions by which DuckDB reads a table: Parquet by itself, the
// other formats with the documented types.
func sources(dir string, table tables.Table) map[tables.Format]string {
	var asText, types, lists []string
	for _, c := range tables.Columns(table) {
		text := c.Type
		if c.Type == "VARCHAR[]" {
			text = "VARCHAR"
			lists = append(lists, fmt.Sprintf(`from_json(%s, '["VARCHAR"]') AS %[1]s`, c.Name))
		}
		asText = append(asText, fmt.Sprintf("'%s': '%s'", c.Name, text))
		types = append(types, fmt.Sprintf("'%s': '%s'", c.Name, c.Type))
	}
	file := func(f tables.Format) string { return filepath.Join(dir, tables.FileName(table, f)) }
	return map[tables.Format]string{
		tables.Parquet: fmt.Sprintf("SELECT * FROM read_parquet('%s')", file(tables.Parquet)),
		tables.JSONL:   fmt.Sprintf("SELECT * FROM read_json('%s', format = 'newline_delimited', columns = {%s})", file(tables.JSONL), strings.Join(types, ", ")),
		tables.CSV: fmt.Sprintf("SELECT * REPLACE (%s) FROM read_csv('%s', header = true, columns = {%s})",
			strings.Join(lists, ", "), file(tables.CSV), strings.Join(asText, ", ")),
	}
}

// Another program reads what was written: names, types, nulls, values and numbers
// of rows, the same from all formats.
func TestDuckDBReadsTheTables(t *testing.T) {
	duck := duckDB(t)
	dir := t.TempDir()
	// Findings have no list, so that nothing is replaced there; many rows make groups.
	e, err := tables.Create(dir, header)
	require.NoError(t, err)
	for i := range 10_000 {
		for _, r := range inputs() {
			if r.StudyUID != "" {
				r.StudyUID, r.SeriesUID = fmt.Sprintf("%s.%d", r.StudyUID, i), fmt.Sprintf("%s.%d", r.SeriesUID, i)
			}
			require.NoError(t, e.Add(r))
		}
	}
	require.NoError(t, e.AddLookAgain(changes()))
	_, err = e.Complete()
	require.NoError(t, err)

	rows := map[tables.Table]float64{tables.Series: 60_000, tables.Findings: 30_000, tables.LookAgain: 3}
	for _, table := range tables.Tables() {
		t.Run(string(table), func(t *testing.T) {
			from := sources(dir, table)
			if table == tables.Findings {
				from[tables.CSV] = strings.Replace(from[tables.CSV], " REPLACE ()", "", 1)
			}
			difference := func(a, b tables.Format) string {
				return fmt.Sprintf("SELECT count(*)::INTEGER FROM ((%s) EXCEPT ALL (%s))", from[a], from[b])
			}
			got := ask(t, duck, "DESCRIBE "+from[tables.Parquet], "SELECT count(*)::INTEGER FROM ("+from[tables.Parquet]+")",
				difference(tables.Parquet, tables.CSV), difference(tables.CSV, tables.Parquet),
				difference(tables.Parquet, tables.JSONL), difference(tables.JSONL, tables.Parquet))
			var described []tables.Column
			for _, row := range got[0] {
				described = append(described, tables.Column{Name: row[0].(string), Type: row[1].(string)})
			}
			documented := tables.Columns(table)
			for i := range documented {
				documented[i].Nullable, documented[i].Meaning = false, "" // DuckDB says neither
			}
			require.Equal(t, documented, described)
			require.Equal(t, []any{rows[table]}, got[1][0])
			for i, which := range []string{"Parquet less CSV", "CSV less Parquet", "Parquet less JSON Lines", "JSON Lines less Parquet"} {
				require.Equal(t, []any{0.0}, got[2+i][0], which)
			}
		})
	}
	t.Run("values", func(t *testing.T) {
		series, findings := sources(dir, tables.Series)[tables.Parquet], sources(dir, tables.Findings)[tables.Parquet]
		got := ask(t, duck,
			"SELECT study_date::VARCHAR, epoch_us(ended_at)::VARCHAR, best_score, priority_reasons, warning_codes, total_s, decode_s, thickness_mm, model_sha256 FROM ("+series+") WHERE series_uid = '1.2.1.5'",
			"SELECT path, study_uid, findings, warning_codes, instances FROM ("+series+") WHERE state = 'skipped' LIMIT 1",
			"SELECT findings, flagged, best_score, warning_codes, study_date::VARCHAR FROM ("+series+") WHERE series_uid = '1.3.1.0'",
			"SELECT state, count(*)::INTEGER, count(findings)::INTEGER, sum(findings)::INTEGER FROM ("+series+") GROUP BY ALL ORDER BY ALL",
			"SELECT rank, score, flagged, center_lps_x_mm, center_lps_z_mm, lobe, diameter_mm, volume_mm3, density, doubt, frame FROM ("+findings+") WHERE series_uid = '1.2.1.9999' ORDER BY rank",
			"SELECT compression FROM parquet_metadata('"+filepath.Join(dir, "series.parquet")+"') GROUP BY ALL",
			"SELECT max(row_group_num_rows)::INTEGER, count(DISTINCT row_group_id)::INTEGER FROM parquet_metadata('"+filepath.Join(dir, "series.parquet")+"')",
		)
		require.Equal(t, []any{"1965-03-04", fmt.Sprint(at.UnixMicro()), 0.9312, []any{"1 flagged finding, 8 mm; measured", "less sure"}, []any{"LOW_LUNG_VOLUME"}, 2.75, nil, 1.0, "ab12"}, got[0][0])
		require.Equal(t, []any{"box/notes é.txt", nil, nil, nil, nil}, got[1][0])
		require.Equal(t, []any{0.0, false, nil, []any{}, "2024-02-29"}, got[2][0], "nothing found is not nothing known")
		require.Equal(t, [][]any{
			{"failed", 10_000.0, 0.0, nil}, {"scored", 10_000.0, 10_000.0, 20_000.0}, {"skipped", 10_000.0, 0.0, nil},
			{"unchanged", 20_000.0, 20_000.0, 10_000.0}, {"waiting", 10_000.0, 0.0, nil},
		}, got[3])
		require.Equal(t, [][]any{
			{1.0, 0.9312, true, -42.25, -301.75, "right upper", 8.1, 268.5, "part-solid", nil, 3.0},
			{2.0, 0.3, false, -42.25, -301.75, nil, 7.4, nil, nil, "CUT", nil},
		}, got[4])
		require.Equal(t, [][]any{{"ZSTD"}}, got[5])
		require.Equal(t, [][]any{{50_000.0, 2.0}}, got[6])
	})
}
