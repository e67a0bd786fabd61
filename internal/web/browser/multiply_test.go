package browser

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite" // the driver
)

// multiply copies the only study of a data folder, as a service leaves it that has
// read so many: rows alone, all of the same images and result. Each has a patient of
// its own, "copyN" in the search.
func multiply(t *testing.T, data string, to int) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(data, "nafas.db"))
	require.NoError(t, err)
	defer db.Close()
	tx, err := db.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	defer func() { _ = tx.Rollback() }() // after a commit it is nothing
	do := func(statement string, args ...any) {
		t.Helper()
		_, err := tx.ExecContext(t.Context(), statement, args...)
		require.NoError(t, err, statement)
	}
	do(`CREATE TEMP TABLE n AS WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ?) SELECT n FROM n`, to-1)
	// Priorities and ages differ, as they do in a hospital.
	copyRows(t, tx, "study", map[string]string{
		"id": "1000000 + n", "uid": "uid || '.' || n", "change": "1000000 + n", "priority": "1 + n % 4",
		"received_at": "received_at - n * 60000000", "settle_job_id": "NULL", "job_id": "NULL",
	})
	copyRows(t, tx, "study_header", map[string]string{
		"study_id": "1000000 + n", "patient_name": "'Essai^copy' || n", "patient_id": "'copy' || n",
		"search": "search || ' copy' || n",
	})
	copyRows(t, tx, "series", map[string]string{"id": "1000000 + n", "study_id": "1000000 + n"})
	do(`UPDATE installation SET last_change = 2000000`)
	require.NoError(t, tx.Commit())
}

// copyRows copies the only row of a table once for each number, with these columns
// changed.
func copyRows(t *testing.T, tx *sql.Tx, table string, changed map[string]string) {
	t.Helper()
	rows, err := tx.QueryContext(t.Context(), `SELECT name FROM pragma_table_info(?)`, table)
	require.NoError(t, err)
	defer rows.Close()
	var names, values []string
	for rows.Next() {
		var name string
		require.NoError(t, rows.Scan(&name))
		names = append(names, name)
		value, ok := changed[name]
		if !ok {
			value = table + "." + name
		}
		values = append(values, value)
	}
	require.NoError(t, rows.Err())
	for name := range changed {
		require.True(t, slices.Contains(names, name), "%s has no column %s", table, name)
	}
	_, err = tx.ExecContext(t.Context(), fmt.Sprintf(`INSERT INTO %[1]s (%[2]s) SELECT %[3]s FROM %[1]s, n WHERE %[1]s.rowid = (SELECT min(rowid) FROM %[1]s)`,
		table, strings.Join(names, ", "), strings.Join(values, ", ")))
	require.NoError(t, err, table)
}
