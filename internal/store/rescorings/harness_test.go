package rescorings_test

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver's name is "pgx"
	"github.com/stretchr/testify/require"

	"nafas/internal/rescore"
	"nafas/internal/store/rescorings"
	"nafas/internal/store/rescorings/postgrestest"
	"nafas/internal/triage"
)

var (
	recipe = triage.Recipe{ModelSHA256: "m1", ConfigSHA256: "c1"}
	other  = triage.Recipe{ModelSHA256: "m2", ConfigSHA256: "c1"}
	// at has no more than microseconds, which is what is kept.
	at = time.Date(2026, 11, 27, 22, 0, 0, 123000, time.UTC)
)

// book is a ledger with its database behind it.
type book struct {
	*rescorings.Ledger
	t *testing.T
	// raw is the database without the ledger in front of it.
	raw      *sql.DB
	postgres bool
	// dir or dsn is where it is.
	dir, dsn string
}

func onSQLite(t *testing.T) *book {
	dir := t.TempDir()
	l, err := rescorings.OpenSQLite(t.Context(), dir, rescorings.Options{Works: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	return &book{Ledger: l, t: t, raw: rawDB(t, "sqlite", "file:"+filepath.Join(dir, "rescore.db")+"?_pragma=busy_timeout(10000)"), dir: dir}
}

func onPostgres(t *testing.T) *book {
	dsn := postgrestest.Database(t)
	return &book{Ledger: openPostgres(t, dsn), t: t, raw: rawDB(t, "pgx", dsn), postgres: true, dsn: dsn}
}

func rawDB(t *testing.T, driver, dsn string) *sql.DB {
	db, err := sql.Open(driver, dsn)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

// do changes something behind the ledger's back; the values are part of it.
func (b *book) do(query string, args ...any) {
	b.t.Helper()
	_, err := b.raw.ExecContext(b.t.Context(), fmt.Sprintf(query, args...))
	require.NoError(b.t, err)
}

// number is what a query counts.
func (b *book) number(query string, args ...any) int64 {
	b.t.Helper()
	var n int64
	require.NoError(b.t, b.raw.QueryRowContext(b.t.Context(), fmt.Sprintf(query, args...)).Scan(&n))
	return n
}

// jobOf is the job of a study that is queued or in hand.
func (b *book) jobOf(id int64, study string) int64 {
	b.t.Helper()
	return b.number(`SELECT job_id FROM study WHERE rescoring = %d AND uid = '%s'`, id, study)
}

// fetch has River's client of a worker take a job, and returns the attempt's token.
func (b *book) fetch(job int64, worker string) triage.Token {
	b.t.Helper()
	by := `json_array('` + worker + `')`
	now := `strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now')`
	if b.postgres {
		by, now = `ARRAY['`+worker+`']`, `now()`
	}
	b.do(`UPDATE river_job SET state = 'running', attempt = attempt + 1, attempted_by = `+by+`, attempted_at = `+now+` WHERE id = %d`, job)
	return triage.Token{JobID: job, Attempt: int(b.number(`SELECT attempt FROM river_job WHERE id = %d`, job))}
}

// claim has a worker fetch and claim a study that is queued.
func (b *book) claim(id int64, study, worker string) (triage.Token, rescore.Case) {
	b.t.Helper()
	token := b.fetch(b.jobOf(id, study), worker)
	c, err := b.Claim(b.t.Context(), token, id, study, worker)
	require.NoError(b.t, err)
	return token, c
}

// finish has a study read with all its series scored.
func (b *book) finish(id int64, study string) {
	b.t.Helper()
	token, c := b.claim(id, study, "w1")
	o := outcome(study)
	for _, p := range c.Parts {
		o.Series = append(o.Series, scored(study, p.SeriesUID, c.Rescoring.Recipe))
	}
	require.NoError(b.t, b.Finish(b.t.Context(), token, id, c.Rescoring.Recipe, o))
}

// jobState is River's state of a job.
func (b *book) jobState(job int64) string {
	b.t.Helper()
	var state string
	require.NoError(b.t, b.raw.QueryRowContext(b.t.Context(), fmt.Sprintf(`SELECT state FROM river_job WHERE id = %d`, job)).Scan(&state))
	return state
}

// studyState is where a study is.
func (b *book) studyState(id int64, study string) string {
	b.t.Helper()
	var state string
	require.NoError(b.t, b.raw.QueryRowContext(b.t.Context(), fmt.Sprintf(`SELECT state FROM study WHERE rescoring = %d AND uid = '%s'`, id, study)).Scan(&state))
	return state
}

func openPostgres(t *testing.T, dsn string) *rescorings.Ledger {
	l, err := rescorings.OpenPostgres(t.Context(), dsn, rescorings.Options{Works: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	return l
}

func TestMain(m *testing.M) {
	code := m.Run()
	postgrestest.Stop()
	os.Exit(code)
}

// onEach runs a test on each database.
func onEach(t *testing.T, f func(t *testing.T, b *book)) {
	t.Run("SQLite", func(t *testing.T) { f(t, onSQLite(t)) })
	t.Run("PostgreSQL", func(t *testing.T) { f(t, onPostgres(t)) })
}

func (b *book) create(r triage.Recipe) int64 {
	b.t.Helper()
	got, err := b.Create(b.t.Context(), rescore.Rescoring{
		Name: "autumn", Source: rescore.SourceSpec{Kind: rescore.SourceFolder, Root: "/archive"},
		Model: triage.Model{Name: "small", Version: "1", SHA256: r.ModelSHA256}, ModelFrom: "small", Recipe: r, Home: "host",
		Settings: rescore.Settings{Screening: "yes"}, Limits: rescore.Limits{Window: "20:00-06:00"}, Baseline: rescore.BaselineLive, CreatedAt: at,
	})
	require.NoError(b.t, err)
	return got.ID
}

// part is a series with two files in a folder source.
func part(study, series, modality string) rescore.Part {
	return rescore.Part{StudyUID: study, SeriesUID: series, Modality: modality, StudyDate: "20260101", Instances: 2, Files: []rescore.File{
		{Path: study + "/" + series + "/1.dcm", Size: 1000, ModTime: 1}, {Path: study + "/" + series + "/2.dcm", Size: 1010, ModTime: 2},
	}}
}

func batch(cursor string, parts ...rescore.Part) rescore.Batch {
	b := rescore.Batch{Cursor: cursor, Parts: parts}
	for _, p := range parts {
		b.Files += int64(len(p.Files))
	}
	return b
}

// planned makes a rescoring that runs over some parts.
func (b *book) planned(r triage.Recipe, parts ...rescore.Part) int64 {
	b.t.Helper()
	id := b.create(r)
	require.NoError(b.t, b.Plan(b.t.Context(), id, "", batch("end", parts...)))
	require.NoError(b.t, b.EndPlanning(b.t.Context(), id, rescore.Readable, at))
	return id
}

func (b *book) get(id int64) rescore.Rescoring {
	b.t.Helper()
	r, err := b.Rescoring(b.t.Context(), id)
	require.NoError(b.t, err)
	return r
}

func (b *book) feed(id int64, ahead int) int {
	b.t.Helper()
	n, err := b.Feed(b.t.Context(), id, ahead, false)
	require.NoError(b.t, err)
	return n
}

// rows are all inputs of a rescoring.
func (b *book) rows(id int64) []rescore.Row {
	b.t.Helper()
	var out []rescore.Row
	require.NoError(b.t, b.Rows(b.t.Context(), id, func(r rescore.Row) error {
		out = append(out, r)
		return nil
	}))
	return out
}

// result of a series; its key is of the series and the recipe, as of instances
// that never change.
func result(study, series string, r triage.Recipe) *triage.Result {
	return &triage.Result{StudyUID: study, SeriesUID: series, Key: series + " by " + r.ModelSHA256, Model: triage.Model{SHA256: r.ModelSHA256}}
}

func scored(study, series string, r triage.Recipe) rescore.SeriesOutcome {
	return rescore.SeriesOutcome{SeriesUID: series, Modality: "CT", Instances: 2, State: rescore.Scored, Result: result(study, series, r)}
}

func outcome(study string, series ...rescore.SeriesOutcome) rescore.Outcome {
	return rescore.Outcome{StudyUID: study, Series: series, At: at, Worker: "w1"}
}

func failed(series, reason string) rescore.SeriesOutcome {
	return rescore.SeriesOutcome{SeriesUID: series, Modality: "CT", Instances: 2, State: rescore.Failed, Reason: reason, Found: "bad", Remedy: "mend"}
}
