package trials_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"nafas/internal/store/rescorings"
	"nafas/internal/store/rescorings/postgrestest"
)

var measure = flag.String("measure", "", "write docs/scale.md's figures into this file: for a machine that has nothing else to do")

// realScans are more than the few of the test data: with these, the beginning and
// the end, when cores wait, are half of the time.
var realScans = flag.String("real", "", "folder of real CT that -measure reads; default: those of NAFAS_TEST_DATA")

// run is one measured rescoring.
type run struct {
	database, source, model string
	processes, cores        int
	studies                 int64
	wall, cpu               time.Duration
	commits, walBytes       int64
	// kept is by how much the database grew.
	kept int64
}

func (r run) row() string {
	perStudy := func(v int64) string {
		if v == 0 {
			return "" // of SQLite it is not known
		}
		return fmt.Sprintf("%.1f", float64(v)/float64(r.studies))
	}
	return fmt.Sprintf("| %s | %s | %s | %d | %d | %d | %.1f | %.2f | %.0f | %.2f | %s | %s | %s |", r.source, r.model, r.database, r.processes, r.cores, r.studies,
		r.wall.Seconds(), float64(r.studies)/r.wall.Seconds(), 100*r.cpu.Seconds()/r.wall.Seconds()/float64(min(r.cores, runtime.NumCPU())),
		r.cpu.Seconds()/float64(r.studies), perStudy(r.commits), perStudy(r.walBytes/1024), perStudy(r.kept/1024))
}

const scaleHeader = `| source | model | database | processes | cores | studies | seconds | studies a second | busy, % of the cores | core-seconds a study | commits a study | KiB of log a study | KiB kept a study |
|---|---|---|---|---|---|---|---|---|---|---|---|---|`

// TestScale measures throughput with 1, 2 and 4 processes, the use of cores, and
// what a study costs the database.
func TestScale(t *testing.T) {
	if *measure == "" {
		t.Skip("it measures, and asserts nothing: -measure FILE")
	}
	t.Cleanup(postgrestest.Stop)
	p := newPast(t, *archiveSeries)
	real := *realScans
	if real == "" {
		real = filepath.Join(os.Getenv("NAFAS_TEST_DATA"), "ct")
	}
	lines := []string{scaleHeader}
	for _, source := range []struct{ name, root, model string }{{"synthetic", p.archive, p.model}, {"real", real, ""}} {
		for _, processes := range []int{1, 2, 4} {
			lines = append(lines, p.shared(t, source.name, source.root, source.model, processes).row())
		}
		lines = append(lines, p.alone(t, source.name, source.root, source.model).row())
	}
	require.NoError(t, os.WriteFile(*measure, []byte(strings.Join(lines, "\n")+"\n"), 0o600))
}

// alone is one process with SQLite on all cores.
func (p *past) alone(t *testing.T, name, root, model string) run {
	data := filepath.Join(t.TempDir(), "data")
	id := p.begin(root, data, model)
	began, cpu, size := time.Now(), childrenCPU(t), fileBytes(t, data)
	p.resume(data, id)
	out := run{database: "SQLite", source: name, model: modelName(model), processes: 1, cores: runtime.NumCPU(), wall: time.Since(began), cpu: childrenCPU(t) - cpu}
	out.studies, out.kept = totals(t, p.look(data), id).Studies, fileBytes(t, data)-size
	return out
}

// fileBytes is the size of a data folder's database of rescorings.
func fileBytes(t *testing.T, data string) int64 {
	t.Helper()
	info, err := os.Stat(filepath.Join(data, rescorings.FileName))
	require.NoError(t, err)
	return info.Size()
}

// shared is so many workers of one core each, with PostgreSQL.
func (p *past) shared(t *testing.T, name, root, model string, processes int) run {
	t.Helper()
	dsn := postgrestest.Database(t)
	q := *p
	q.env = append(os.Environ(), "NAFAS_DATABASE="+dsn)
	l := shared(t, dsn)
	began, cpu := time.Now(), childrenCPU(t)
	commits, wal, size := load(t, dsn)
	coordinator := q.start("rescore", "start", root, "--data", t.TempDir(), "--model", model, "--models", p.models, "--onnxruntime", p.library, "--cores", "0")
	var workers []*process
	for range processes {
		workers = append(workers, q.worker(t, "--cores", "1"))
	}
	<-coordinator.ended
	out := run{database: "PostgreSQL", source: name, model: modelName(model), processes: processes, cores: processes, wall: time.Since(began)}
	commitsAfter, walAfter, sizeAfter := load(t, dsn)
	out.commits, out.walBytes, out.kept = commitsAfter-commits, walAfter-wal, sizeAfter-size
	for _, w := range workers {
		w.end()
	}
	out.cpu, out.studies = childrenCPU(t)-cpu, totals(t, l, 1).Studies
	return out
}

func modelName(model string) string {
	if model == "" {
		return "nafas-lung-1"
	}
	return "small"
}

// load is what the database has committed and written to its log by now, and its
// size in bytes.
func load(t *testing.T, dsn string) (commits, wal, size int64) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer conn.Close(t.Context())
	_, err = conn.Exec(t.Context(), `SELECT pg_stat_force_next_flush()`)
	require.NoError(t, err)
	require.NoError(t, conn.QueryRow(t.Context(),
		`SELECT xact_commit, pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint, pg_database_size(current_database())
		FROM pg_stat_database WHERE datname = current_database()`).Scan(&commits, &wal, &size))
	return commits, wal, size
}

// childrenCPU is the processor time of processes that ended.
func childrenCPU(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	require.NoError(t, syscall.Getrusage(syscall.RUSAGE_CHILDREN, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
