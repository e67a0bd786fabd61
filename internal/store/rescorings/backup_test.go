package rescorings_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/internal/rescore"
	"nafas/internal/store"
	"nafas/internal/store/rescorings"
)

// A backup of a folder that has rescorings alone, taken while one is worked, holds
// one moment of them; the copy goes on from it.
func TestABackupHoldsRescoringsAtWork(t *testing.T) {
	b := onSQLite(t)
	var parts []rescore.Part
	for i := range 40 {
		uid := fmt.Sprintf("1.%d", i)
		parts = append(parts, part(uid, uid+".1", "CT"))
	}
	id := b.planned(recipe, parts...)
	b.feed(id, 40)
	for i := range 20 {
		b.finish(id, fmt.Sprintf("1.%d", i))
	}
	token, _ := b.claim(id, "1.20", "w1")
	require.NoError(t, b.Publish(t.Context(), listOf(id, at), entriesOf("1", 5)))
	before := b.rows(id)

	var out bytes.Buffer
	m, err := store.Backup(t.Context(), b.dir, t.TempDir(), &hook{&out, func() {
		// What is written while the backup is, comes too late for it.
		o := outcome("1.20", scored("1.20", "1.20.1", recipe))
		require.NoError(t, b.Finish(t.Context(), token, id, recipe, o))
	}})
	require.NoError(t, err)
	require.True(t, m.Rescorings())
	require.EqualValues(t, 21, b.get(id).Totals.Scored)

	to := filepath.Join(t.TempDir(), "restored")
	_, err = store.Restore(t.Context(), bytes.NewReader(out.Bytes()), to)
	require.NoError(t, err)
	l, err := rescorings.OpenSQLite(t.Context(), to, rescorings.Options{Works: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	after := &book{Ledger: l, t: t, raw: rawDB(t, "sqlite", "file:"+filepath.Join(to, "rescore.db")), dir: to}
	require.Equal(t, before, after.rows(id))
	after.recount(id)
	require.Equal(t, b.published(), after.published())
	require.Equal(t, "queued", after.studyState(id, "1.20"), "it is read again")
	for i := 20; i < 40; i++ {
		after.finish(id, fmt.Sprintf("1.%d", i))
	}
	require.Equal(t, rescore.StateDone, after.get(id).State)
}

// hook calls a function before the first byte is written.
type hook struct {
	*bytes.Buffer
	f func()
}

func (h *hook) Write(p []byte) (int, error) {
	if h.f != nil {
		f := h.f
		h.f = nil
		f()
	}
	return h.Buffer.Write(p)
}

// What deploy.md says of PostgreSQL: a dump beside who works, put back over what has
// happened since.
func TestADumpOfPostgreSQLHoldsRescorings(t *testing.T) {
	b := onPostgres(t)
	file := filepath.Join(t.TempDir(), "dump")
	run := func(program string, args ...string) {
		t.Helper()
		path, err := exec.LookPath(program)
		if err != nil && os.Getenv("CI") != "true" {
			t.Skip(err)
		}
		require.NoError(t, err)
		said, err := exec.CommandContext(t.Context(), path, args...).CombinedOutput()
		require.NoError(t, err, "%s", said)
	}
	id := b.planned(recipe, part("1", "1.1", "CT"), part("2", "2.1", "CT"))
	b.feed(id, 2)
	b.finish(id, "1")
	require.NoError(t, b.Publish(t.Context(), listOf(id, at), entriesOf("1", 5)))
	before := b.rows(id)
	run("pg_dump", "--format=custom", "--dbname", b.dsn, "--file", file)
	b.finish(id, "2")
	require.NoError(t, b.Withdraw(t.Context(), id))
	require.NoError(t, b.Ledger.Close())
	run("pg_restore", "--dbname", b.dsn, "--clean", "--if-exists", file)

	l, err := rescorings.OpenPostgres(t.Context(), b.dsn, rescorings.Options{Works: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	b.Ledger = l
	require.Equal(t, before, b.rows(id))
	require.Len(t, b.published(), 1)
	b.finish(id, "2")
	b.recount(id)
	require.Equal(t, rescore.StateDone, b.get(id).State)
}
