package rescorings_test

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/internal/store/rescorings"
)

func TestOneProcessWorksInADataFolder(t *testing.T) {
	b := onSQLite(t)
	_, err := rescorings.OpenSQLite(t.Context(), b.dir, rescorings.Options{Works: true})
	require.ErrorIs(t, err, rescorings.ErrInUse)
	onlooker, err := rescorings.OpenSQLite(t.Context(), b.dir, rescorings.Options{})
	require.NoError(t, err)
	defer onlooker.Close()
	// It sees, and steers, what the other one works.
	id := b.planned(recipe, part("1", "1.1", "CT"))
	b.feed(id, 1)
	token, _ := b.claim(id, "1", "w1")
	_, err = onlooker.Control(t.Context(), id, "paused", "by the onlooker", at)
	require.NoError(t, err)
	require.Equal(t, "by the onlooker", b.get(id).Why)
	require.NoError(t, b.Finish(t.Context(), token, id, recipe, outcome("1", scored("1", "1.1", recipe))))
	r, err := onlooker.Rescoring(t.Context(), id)
	require.NoError(t, err)
	require.EqualValues(t, 1, r.Totals.Scored)
	info, err := os.Stat(filepath.Join(b.dir, "rescore.db"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
}

func TestWhoWorksTakesOverFromADeadProcess(t *testing.T) {
	dir := t.TempDir()
	open := func(works bool) *book {
		l, err := rescorings.OpenSQLite(t.Context(), dir, rescorings.Options{Works: works})
		require.NoError(t, err)
		return &book{Ledger: l, t: t, raw: rawDB(t, "sqlite", "file:"+filepath.Join(dir, "rescore.db"))}
	}
	b := open(true)
	id := b.planned(recipe, part("1", "1.1", "CT"), part("2", "2.1", "CT"), part("3", "3.1", "CT"))
	b.feed(id, 3)
	token, _ := b.claim(id, "1", "w1")
	lost, _ := b.claim(id, "2", "w1")
	b.do(`DELETE FROM river_job WHERE id = %d`, lost.JobID)
	fetched := b.fetch(b.jobOf(id, "3"), "w1")
	b.do(`INSERT INTO river_leader (leader_id, elected_at, expires_at) VALUES ('w1', '2026-01-01 00:00:00', '2099-01-01 00:00:00')`)
	require.NoError(t, b.Close())

	onlooker := open(false)
	require.Equal(t, "running", onlooker.studyState(id, "1"), "an onlooker takes nothing over")
	require.NoError(t, onlooker.Close())
	b = open(true)
	defer b.Close()
	require.Equal(t, []string{"queued", "waiting", "queued"}, []string{b.studyState(id, "1"), b.studyState(id, "2"), b.studyState(id, "3")})
	require.Equal(t, []string{"available", "available"}, []string{b.jobState(token.JobID), b.jobState(fetched.JobID)})
	require.Zero(t, b.number(`SELECT count(*) FROM river_leader`))
	require.Equal(t, 1, b.feed(id, 3))
	for _, uid := range []string{"1", "2", "3"} {
		b.finish(id, uid)
	}
	require.EqualValues(t, 3, b.get(id).Totals.Scored)
}

func TestANewerSchemaIsRefused(t *testing.T) {
	onEach(t, func(t *testing.T, b *book) {
		b.create(recipe)
		b.do(`INSERT INTO schema_version (version) VALUES (999)`)
		_, err := b.reopen()
		require.ErrorContains(t, err, "version 999 is newer than the 4 that this program knows")
		require.NoError(t, b.Ping(), "nothing was changed")
	})
}

// reopen opens the same database a second time.
func (b *book) reopen() (*rescorings.Ledger, error) {
	if b.postgres {
		return rescorings.OpenPostgres(b.t.Context(), b.dsn, rescorings.Options{})
	}
	return rescorings.OpenSQLite(b.t.Context(), b.dir, rescorings.Options{})
}

// Ping looks whether the ledger that is open still answers.
func (b *book) Ping() error {
	_, err := b.Rescorings(b.t.Context())
	return err
}

func TestSeveralMayOpenANewDatabaseAtOnce(t *testing.T) {
	for name, fresh := range map[string]func(t *testing.T) *book{
		"SQLite":     func(t *testing.T) *book { return &book{t: t, dir: t.TempDir()} },
		"PostgreSQL": func(t *testing.T) *book { return &book{t: t, postgres: true, dsn: newDatabase(t)} },
	} {
		t.Run(name, func(t *testing.T) {
			b := fresh(t)
			errs := make([]error, 4)
			var wg sync.WaitGroup
			for i := range errs {
				wg.Go(func() {
					l, err := b.reopen()
					if err == nil {
						err = l.Close()
					}
					errs[i] = err
				})
			}
			wg.Wait()
			require.Equal(t, make([]error, 4), errs)
		})
	}
}
