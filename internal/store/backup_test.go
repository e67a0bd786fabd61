package store_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/internal/access/account"
	"nafas/internal/store"
	"nafas/internal/triage"
)

// takeBackup writes one and returns it.
func takeBackup(t *testing.T, dir string) []byte {
	t.Helper()
	var out bytes.Buffer
	_, err := store.Backup(t.Context(), dir, t.TempDir(), &out)
	require.NoError(t, err)
	return out.Bytes()
}

func tinyService(s *store.SQLite) *triage.Service {
	return triage.New(s, s, header, nil, triage.Options{MinFreeBytes: 1, Log: silent(), Now: func() time.Time { return later }})
}

// TestBackupUnderLoad: instances arrive by both ways while backups are written;
// what was acknowledged before one began is in it, byte for byte.
func TestBackupUnderLoad(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, store.OS{})
	service := tinyService(s)
	ctx, end := context.WithCancel(t.Context())
	var work sync.WaitGroup
	var mu sync.Mutex
	acked := map[string]bool{}
	work.Go(func() { service.Inbox().Run(ctx) })
	for _, way := range []func(text string) error{
		func(text string) error { _, err := upload(t, service, text); return err },
		func(text string) error {
			sender, err := service.Inbox().Sender()
			if err == nil {
				_, err = sender.Take(context.WithoutCancel(ctx), strings.NewReader(text))
				sender.End()
			}
			return err
		},
	} {
		way := way
		work.Go(func() {
			for i := 0; ctx.Err() == nil && i < 5000; i++ {
				text := fmt.Sprintf("%p.%d/1/%p.%d/P/x/%s", &way, i%7, &way, i, strings.Repeat("x", i))
				if err := way(text); err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				acked[text] = true
				mu.Unlock()
			}
		})
	}
	type taken struct {
		data  []byte
		acked []string
	}
	var backups []taken
	for range 3 {
		mu.Lock()
		one := taken{}
		before := len(acked)
		for text := range acked {
			one.acked = append(one.acked, text)
		}
		mu.Unlock()
		one.data = takeBackup(t, dir)
		backups = append(backups, one)
		require.Eventually(t, func() bool { mu.Lock(); defer mu.Unlock(); return len(acked) > before+20 }, time.Minute, time.Millisecond)
	}
	end()
	work.Wait()
	require.NoError(t, s.Close())
	require.NotEmpty(t, backups[2].acked)

	for _, b := range backups {
		to := filepath.Join(t.TempDir(), "data")
		m, err := store.Restore(t.Context(), bytes.NewReader(b.data), to)
		require.NoError(t, err)
		after := open(t, to, store.OS{})
		require.Equal(t, m.Installation, after.Installation())
		require.Equal(t, s.Installation(), after.Installation())
		require.NoError(t, tinyService(after).Inbox().Recover(t.Context()))
		stored := fileSums(t, after)
		for _, text := range b.acked {
			require.True(t, stored[sha256.Sum256([]byte(text))], "an acknowledged instance is missing")
		}
		require.NoError(t, after.Close())
	}
}

// hook calls f before the first byte is written.
type hook struct {
	io.Writer
	once sync.Once
	f    func()
}

func (h *hook) Write(p []byte) (int, error) {
	h.once.Do(h.f)
	return h.Writer.Write(p)
}

// Images that are past their days are deleted after a backup that names them.
func TestNothingIsDeletedUnderABackup(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, store.OS{})
	service := tinyService(s)
	_, err := upload(t, service, "1.2/1/1/P/x/")
	require.NoError(t, err)
	require.NoError(t, s.GiveUp(t.Context(), begin(t, s, "read"), "1.2", noon, why, recipe))
	var out bytes.Buffer
	_, err = store.Backup(t.Context(), dir, t.TempDir(), &hook{Writer: &out, f: func() {
		forgotten, err := service.Forget(t.Context(), oneDay)
		require.NoError(t, err)
		require.Equal(t, triage.Forgotten{Studies: 1, Kept: map[triage.Kept]int{}}, forgotten)
	}})
	require.NoError(t, err)
	to := filepath.Join(t.TempDir(), "data")
	_, err = store.Restore(t.Context(), &out, to)
	require.NoError(t, err)
	after := open(t, to, store.OS{})
	require.Len(t, fileSums(t, after), 1)
	require.NoError(t, after.Close())

	forgotten, err := service.Forget(t.Context(), oneDay)
	require.NoError(t, err)
	require.Equal(t, 1, forgotten.Files, "now it goes")
	require.NoError(t, s.Close())
}

// backupOfThree is a backup with images, quarantine, inbox and a key.
func backupOfThree(t *testing.T) []byte {
	t.Helper()
	dir := t.TempDir()
	s := open(t, dir, store.OS{})
	_, err := upload(t, tinyService(s), "1.2/1/1/P/x/", "broken")
	require.NoError(t, err)
	sender, err := tinyService(s).Inbox().Sender()
	require.NoError(t, err)
	_, err = sender.Take(t.Context(), strings.NewReader("1.3/1/2/P/x/"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, store.PseudonymKeyFile), bytes.Repeat([]byte{7}, 32), 0o600))
	out := takeBackup(t, dir)
	require.NoError(t, s.Close())
	return out
}

func TestARestoredFolder(t *testing.T) {
	to := t.TempDir()
	m, err := store.Restore(t.Context(), bytes.NewReader(backupOfThree(t)), to)
	require.NoError(t, err)
	require.Equal(t, 1, m.Studies)
	require.Len(t, m.Files, 5)
	key, err := os.ReadFile(filepath.Join(to, store.PseudonymKeyFile))
	require.NoError(t, err)
	require.Equal(t, bytes.Repeat([]byte{7}, 32), key)
	s := open(t, to, store.OS{})
	require.NoError(t, tinyService(s).Inbox().Recover(t.Context()))
	require.Len(t, fileSums(t, s), 3)
	require.NoError(t, s.Close())

	_, err = store.Restore(t.Context(), bytes.NewReader(backupOfThree(t)), to)
	require.ErrorContains(t, err, "empty")
	require.FileExists(t, filepath.Join(to, "nafas.db"), "what is there stays")
}

// A backup signs nobody in again who has signed out, or was kept out, since.
func TestARestoreSignsEverybodyOut(t *testing.T) {
	dir, to := t.TempDir(), t.TempDir()
	s := open(t, dir, store.OS{})
	require.NoError(t, os.WriteFile(filepath.Join(dir, store.PseudonymKeyFile), bytes.Repeat([]byte{7}, 32), 0o600))
	now := time.Now()
	require.NoError(t, s.Books().AddAccount(t.Context(), account.Account{Name: "amina", Display: "Amina", Hash: "h", CreatedAt: now, ChangedAt: now}))
	for _, one := range []account.Session{{ID: [32]byte{1}, Name: "amina", Account: true}, {ID: [32]byte{2}, Name: "oidc:7"}} {
		one.CreatedAt, one.SeenAt = now, now
		require.NoError(t, s.Books().OpenSession(t.Context(), one, "h"))
	}
	backup := takeBackup(t, dir)
	require.NoError(t, s.Close())
	_, err := store.Restore(t.Context(), bytes.NewReader(backup), to)
	require.NoError(t, err)
	again := open(t, to, store.OS{})
	defer func() { require.NoError(t, again.Close()) }()
	is, err := again.Books().Account(t.Context(), "amina")
	require.NoError(t, err)
	require.Equal(t, "h", is.Hash)
	open, err := again.Books().SessionsOf(t.Context())
	require.NoError(t, err)
	require.Empty(t, open)
	info, err := os.Stat(filepath.Join(to, "nafas.db"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
}

// A backup that is damaged anywhere is refused, and nothing of it stays.
func TestADamagedBackupIsRefused(t *testing.T) {
	good := backupOfThree(t)
	to := t.TempDir()
	refused := func(data []byte, what string, args ...any) {
		t.Helper()
		_, err := store.Restore(t.Context(), bytes.NewReader(data), to)
		require.Error(t, err, fmt.Sprintf(what, args...))
		entries, err := os.ReadDir(to)
		require.NoError(t, err)
		require.Len(t, entries, 1, "only the lock")
	}
	for n := 0; n < len(good)-1024; n += 4099 { // two blocks of zeros end a tar file
		refused(good[:n], "cut at %d", n)
	}
	for _, word := range []string{"1.2/1/1/P/x/", "broken", "1.3/1/2/P/x/", "SQLite format 3", strings.Repeat("\a", 32), `"sha256": "`} {
		at := bytes.Index(good, []byte(word))
		require.GreaterOrEqual(t, at, 0, word)
		bad := bytes.Clone(good)
		bad[at+len(word)-1] ^= 1
		refused(bad, "another byte in %q", word)
	}
	refused([]byte("no backup"), "no tar file")
	refused(bytes.Replace(good, []byte("inbox/"), []byte("../in/"), 1), "a name that leads out")
}

// A backup of files that the disk has changed is none.
func TestABackupComparesSums(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, store.OS{})
	_, err := upload(t, tinyService(s), "1.2/1/1/P/x/")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, placed(t, dir)[0]), []byte("1.2/1/1/P/y/"), 0o600))
	_, err = store.Backup(t.Context(), dir, t.TempDir(), io.Discard)
	require.ErrorContains(t, err, "not what was stored")
	require.NoError(t, s.Close())
	_, err = store.Backup(t.Context(), t.TempDir(), t.TempDir(), io.Discard)
	require.ErrorContains(t, err, "no data folder")
}

// photographer copies what is there of a folder whenever something is read.
type photographer struct {
	io.Reader
	look func()
}

func (p photographer) Read(b []byte) (int, error) {
	p.look()
	return p.Reader.Read(b[:min(len(b), 8192)])
}

// A restore that was killed at any moment leaves a folder on which nothing
// starts, and into which the restore can be done again.
func TestARestoreThatWasKilled(t *testing.T) {
	data := backupOfThree(t)
	to := t.TempDir()
	var left []string
	_, err := store.Restore(t.Context(), photographer{bytes.NewReader(data), func() {
		copied := filepath.Join(t.TempDir(), "copy")
		require.NoError(t, os.CopyFS(copied, os.DirFS(to)))
		left = append(left, copied)
	}}, to)
	require.NoError(t, err)
	require.Greater(t, len(left), 5)
	// Nothing is read any more while the files go to their places.
	half := filepath.Join(t.TempDir(), "half")
	require.NoError(t, os.CopyFS(half, os.DirFS(to)))
	require.NoError(t, os.MkdirAll(filepath.Join(half, "restoring", "instances"), 0o700))
	for _, dir := range append(left, half) {
		_, err := store.Open(t.Context(), dir, store.Options{Log: silent()})
		require.ErrorIs(t, err, store.ErrRestoring)
		_, err = store.Backup(t.Context(), dir, t.TempDir(), io.Discard)
		require.Error(t, err)
		_, err = store.Restore(t.Context(), bytes.NewReader(data), dir)
		require.NoError(t, err)
		s := open(t, dir, store.OS{})
		require.Len(t, fileSums(t, s), 2)
		require.NoError(t, s.Close())
	}
}

// A database of rescorings that is damaged is not restored, with a manifest that
// says so or not.
func TestDamagedRescoringsAreNotRestored(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, store.RescoringsFile), []byte("no database"), 0o600))
	_, err := store.Backup(t.Context(), dir, t.TempDir(), io.Discard)
	require.ErrorContains(t, err, store.RescoringsFile)

	write := func(name string) {
		db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, name))
		require.NoError(t, err)
		_, err = db.ExecContext(t.Context(), `CREATE TABLE x (y TEXT); INSERT INTO x VALUES ('kept')`)
		require.NoError(t, errors.Join(err, db.Close()))
	}
	require.NoError(t, os.Remove(filepath.Join(dir, store.RescoringsFile)))
	write(store.RescoringsFile)
	whole := takeBackup(t, dir)
	to := filepath.Join(t.TempDir(), "to")
	_, err = store.Restore(t.Context(), bytes.NewReader(bytes.ReplaceAll(whole, []byte("kept"), []byte("lost"))), to)
	require.ErrorContains(t, err, "damaged")
	left, err := os.ReadDir(to)
	require.NoError(t, err)
	require.LessOrEqual(t, len(left), 1, "nothing but the lock")
	_, err = store.Restore(t.Context(), bytes.NewReader(whole), to)
	require.NoError(t, err)
	require.FileExists(t, filepath.Join(to, store.RescoringsFile))
}
