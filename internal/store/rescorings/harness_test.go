package rescorings_test

import (
	"context"
	"os"
	"testing"
	"time"

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
}

func onSQLite(t *testing.T) *book {
	l, err := rescorings.OpenSQLite(t.Context(), t.TempDir(), rescorings.Options{Works: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	return &book{l, t}
}

func onPostgres(t *testing.T) *book {
	return &book{openPostgres(t, postgrestest.Database(t)), t}
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

var ctx = context.Background()
