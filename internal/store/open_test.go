package store_test

import (
	"context"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/internal/store"
	"nafas/internal/triage"
)

func silent() *slog.Logger { return slog.New(slog.DiscardHandler) }

func open(t *testing.T, dir string, disk store.Disk) *store.SQLite {
	t.Helper()
	s, err := store.Open(t.Context(), dir, store.Options{Disk: disk, Log: silent()})
	require.NoError(t, err)
	return s
}

func TestOneServerOwnsAFolder(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, store.OS{})
	_, err := store.Open(t.Context(), dir, store.Options{Log: silent()})
	require.ErrorIs(t, err, store.ErrInUse)
	require.NoError(t, s.Close())
	require.NoError(t, open(t, dir, store.OS{}).Close())
}

// closedAbove is a disk on which the folder above the data folder may be
// passed through and not read (mode 0711, the administrator's).
type closedAbove struct {
	store.OS
	dir string
}

func (d closedAbove) SyncDir(path string) error {
	if path == filepath.Dir(d.dir) {
		return &fs.PathError{Op: "open", Path: path, Err: syscall.EACCES}
	}
	return d.OS.SyncDir(path)
}

func TestFolderAboveNeedNotBeReadable(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	require.NoError(t, open(t, dir, closedAbove{dir: dir}).Close())
}

func TestDatabaseIsSafeAndPrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	s := open(t, dir, store.OS{})
	defer s.Close()
	for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1"} {
		var got string
		require.NoError(t, s.DB().QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got))
		require.Equal(t, want, got, pragma)
	}
	for _, name := range []string{".", "nafas.db", "nafas.db-wal", "lock", "instances", "quarantine", "spool"} {
		info, err := os.Stat(filepath.Join(dir, name))
		require.NoError(t, err)
		require.Zero(t, info.Mode().Perm()&0o077, "%s is readable by others", name)
	}
}

func TestNewerDatabaseIsRefused(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, store.OS{})
	_, err := s.DB().ExecContext(t.Context(), `INSERT INTO schema_version (version, applied_at) VALUES (9999, 0)`)
	require.NoError(t, err)
	require.NoError(t, s.Close())
	_, err = store.Open(t.Context(), dir, store.Options{Log: silent()})
	require.ErrorContains(t, err, "newer")
}

func TestDeadServersJobsWaitAgainAtOnce(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, store.OS{})
	record(t, s, true, "1.2/1/1/P/x/")
	token := begin(t, s, "read")
	_, err := s.StartReading(t.Context(), token, "1.2", time.Now(), recipe)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "spool", "half"), []byte("x"), 0o600))
	require.NoError(t, s.Close())

	s = open(t, dir, store.OS{})
	defer s.Close()
	study, err := s.Study(t.Context(), "1.2")
	require.NoError(t, err)
	require.Equal(t, triage.Waiting, study.State)
	next := begin(t, s, "read")
	require.Equal(t, triage.Token{JobID: token.JobID, Attempt: token.Attempt + 1}, next)
	require.ErrorIs(t, s.FinishReading(t.Context(), token, time.Now(), reading("1.2")), triage.ErrFenced)
	entries, err := os.ReadDir(filepath.Join(dir, "spool"))
	require.NoError(t, err)
	require.Empty(t, entries)
}

func TestSweepRemovesOnlyWhatNoRowPointsAt(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, store.OS{})
	defer s.Close()
	service := triage.New(s, s, header, nil, triage.Options{MinFreeBytes: 1, Log: silent()})
	_, err := upload(t, service, "1.2/1/1/P/x/", "broken")
	require.NoError(t, err)
	kept := fileSums(t, s)
	old := time.Now().Add(-48 * time.Hour)
	orphan := filepath.Join(dir, "instances", "ab", "abcd", "orphan.dcm")
	fresh := filepath.Join(filepath.Dir(orphan), "fresh.dcm")
	require.NoError(t, os.MkdirAll(filepath.Dir(orphan), 0o700))
	for _, p := range []string{orphan, fresh} {
		require.NoError(t, os.WriteFile(p, nil, 0o600))
	}
	require.NoError(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && filepath.Ext(path) == ".dcm" && path != fresh {
			err = os.Chtimes(path, old, old)
		}
		return err
	}))
	n, err := s.Sweep(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.NoFileExists(t, orphan)
	require.FileExists(t, fresh, "it may belong to an upload that is not committed yet")
	require.Equal(t, kept, fileSums(t, s))
}

var recipe = triage.Recipe{ModelSHA256: "model", ConfigSHA256: "config"}

// begin takes the oldest waiting job of a kind as a worker does.
func begin(t *testing.T, s *store.SQLite, kind string) triage.Token {
	t.Helper()
	var token triage.Token
	require.NoError(t, s.DB().QueryRowContext(t.Context(), `
		UPDATE river_job SET state = 'running', attempt = attempt + 1
		WHERE id = (SELECT min(id) FROM river_job WHERE kind = ? AND state IN ('available', 'scheduled', 'retryable'))
		RETURNING id, attempt`, kind).Scan(&token.JobID, &token.Attempt))
	return token
}

// record writes rows without files behind them.
func record(t *testing.T, s triage.Store, complete bool, files ...string) triage.Recorded {
	t.Helper()
	return recordAt(t, s, time.Now(), triage.Submission{Complete: complete, Priority: triage.RequestRoutine}, files...)
}

func recordAt(t *testing.T, s triage.Store, at time.Time, sub triage.Submission, files ...string) triage.Recorded {
	t.Helper()
	in := triage.Intake{Submission: sub, At: at, QuietUntil: at.Add(time.Minute), Recipe: recipe}
	for _, f := range files {
		h, err := header([]byte(f))
		require.NoError(t, err)
		sum := triage.Sum{}
		copy(sum[:], f+strings32)
		in.Files = append(in.Files, triage.IntakeFile{Header: h, File: triage.StoredFile{
			Path: "instances/" + at.String() + f, SHA256: sum, Bytes: int64(len(f)),
		}})
	}
	r, err := s.Record(context.WithoutCancel(t.Context()), in)
	require.NoError(t, err)
	return r
}

const strings32 = "................................"

// reading is a result of series 1 of a study with one finding.
func reading(study string) triage.StudyReading {
	f := triage.Finding{SOPInstanceUID: "1.9"}
	f.Rank = 1
	return triage.StudyReading{
		StudyUID: study, Key: "any", Recipe: recipe, State: triage.Done,
		Priority: triage.PriorityHigh, PriorityReasons: []triage.PriorityReason{{Text: "why"}},
		Series: []triage.Series{{UID: "1", Result: &triage.Result{Key: "key of " + study, Findings: []triage.Finding{f}}}},
	}
}
