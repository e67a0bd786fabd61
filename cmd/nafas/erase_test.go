package main

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/part10"
	"nafas/internal/rescore"
	"nafas/internal/store"
	"nafas/internal/store/rescorings"
	"nafas/internal/store/rescorings/postgrestest"
	"nafas/internal/triage"
)

// stopped is a data folder with one study of a patient, and no service.
func stopped(t *testing.T, patient string) (dir, study string) {
	t.Helper()
	dir = t.TempDir()
	db, err := store.Open(t.Context(), dir, store.Options{Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	app := triage.New(db, db, triage.ReadHeader, nil, triage.Options{MinFreeBytes: 1, Log: slog.New(slog.DiscardHandler)})
	study, files := smallStudy(t, patient)
	u, err := app.Begin(t.Context(), triage.Submission{Complete: true})
	require.NoError(t, err)
	require.NoError(t, u.Put(t.Context(), "1", bytes.NewReader(contents(t, files[:1])[0])))
	_, err = u.Commit(t.Context())
	require.NoError(t, err)
	require.NoError(t, db.Close())
	return dir, study
}

// pastOf keeps a rescoring of some studies, and a list of them that readers are
// shown.
func pastOf(t *testing.T, l *rescorings.Ledger, studies ...string) int64 {
	t.Helper()
	r, err := l.Create(t.Context(), rescore.Rescoring{
		Source: rescore.SourceSpec{Kind: rescore.SourceFolder, Root: "/archive"}, Recipe: triage.Recipe{ModelSHA256: "m", ConfigSHA256: "c"}, CreatedAt: time.Now(),
	})
	require.NoError(t, err)
	plan := rescore.Batch{Cursor: "end"}
	var entries []rescore.ListEntry
	for _, uid := range studies {
		plan.Parts = append(plan.Parts, rescore.Part{StudyUID: uid, SeriesUID: uid + ".1", Modality: "CT", Instances: 1,
			Files: []rescore.File{{Path: uid + "/1.dcm", Size: 1, ModTime: 1}}})
		entries = append(entries, rescore.ListEntry{StudyUID: uid, Kinds: []string{"newly_flagged"}})
	}
	require.NoError(t, l.Plan(t.Context(), r.ID, "", plan))
	require.NoError(t, l.EndPlanning(t.Context(), r.ID, rescore.Readable, time.Now()))
	require.NoError(t, l.Publish(t.Context(), rescore.PublishedList{Rescoring: r.ID, PublishedAt: time.Now()}, entries))
	return r.ID
}

// holds says which files of a folder hold one of some words.
func holds(t *testing.T, dir string, words ...string) (found []string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		for _, word := range words {
			if bytes.Contains(content, []byte(word)) {
				found = append(found, filepath.Base(path)+": "+word)
			}
		}
		return err
	}))
	return found
}

// What rescorings keep is backed up, put back, and erased with the patient it is of.
func TestRescoringsAreBackedUpAndErased(t *testing.T) {
	dir, lost := stopped(t, "lost")
	archived, kept := part10.NameUID("test study", "archived alone"), part10.NameUID("test study", "kept")
	l, err := rescorings.OpenSQLite(t.Context(), dir, rescorings.Options{Works: true})
	require.NoError(t, err)
	id := pastOf(t, l, lost, archived, kept)

	// The service, or a rescoring, is at work.
	code, _, stderr := nafas(t, "erase", "lost", "--data", dir, "--yes")
	require.Equal(t, exitFailed, code)
	require.Contains(t, stderr, "stop the service")
	backup, other := filepath.Join(t.TempDir(), "backup"), filepath.Join(t.TempDir(), "other")
	code, out, stderr := nafas(t, "backup", "--data", dir, "-o", backup)
	require.Zero(t, code, stderr)
	require.Contains(t, out, "those of this folder are in it (rescore.db)")
	require.NotContains(t, out, "PostgreSQL")
	require.NoError(t, l.Close())
	code, out, stderr = nafas(t, "restore", backup, "--data", other)
	require.Zero(t, code, stderr)
	require.Contains(t, out, "rescore resume")

	code, _, stderr = nafas(t, "rescore", "erase", lost, "--data", other, "--yes")
	require.Equal(t, exitUsage, code)
	require.Contains(t, stderr, "nafas erase PATIENT_ID", "the service has it")
	fetched := filepath.Join(other, "rescore-spool", "1", "fetched-1", "1.dcm")
	require.NoError(t, os.MkdirAll(filepath.Dir(fetched), 0o700))
	require.NoError(t, os.WriteFile(fetched, []byte("Test^lost"), 0o600))
	code, out, stderr = nafas(t, "erase", "lost", "--data", other, "--yes")
	require.Zero(t, code, stderr)
	require.Contains(t, stderr, "rescoring 1 (rescore.db): 1 studies with 1 inputs, 1 entries of the list", "what will go is listed")
	var proof store.Proof
	require.NoError(t, json.Unmarshal([]byte(out), &proof))
	require.Equal(t, []store.RescoringsErasure{{KeptIn: "rescore.db", Rescorings: []store.RescoringErasure{{Rescoring: id, Studies: 1, Inputs: 1, ListEntries: 1}}}}, proof.Rescorings)
	require.Empty(t, holds(t, other, lost, "Test^lost"))
	require.NotContains(t, out, lost)

	list := filepath.Join(t.TempDir(), "list")
	require.NoError(t, os.WriteFile(list, []byte("# asked for\n"+archived+"\n"), 0o600))
	code, out, stderr = nafas(t, "rescore", "erase", "--studies", list, "--data", other, "--yes")
	require.Zero(t, code, stderr)
	require.NotContains(t, out, archived, "the proof names nobody")
	require.Contains(t, strings.Join(strings.Fields(out), ""), `"inputs":1`)
	require.Empty(t, holds(t, other, archived))
	require.NotEmpty(t, holds(t, other, kept))
	code, out, stderr = nafas(t, "rescore", "erase", "9.9.9.9.9", "--data", other)
	require.Zero(t, code, stderr)
	require.Contains(t, stderr, "no rescoring here knows any of these studies", "a mistyped UID is no erasure")
	require.Contains(t, out, `"rescorings": []`)
	code, out, stderr = nafas(t, "audit", "list", "--data", other)
	require.Zero(t, code, stderr)
	require.Contains(t, out, "nafas rescore erase ")

	code, out, stderr = nafas(t, "rescore", "show", "1", "--data", other)
	require.Zero(t, code, stderr)
	require.Contains(t, out, "2 inputs were erased since")
	code, out, stderr = nafas(t, "rescore", "list", "--data", other, "--format", "json")
	require.Zero(t, code, stderr)
	require.Regexp(t, `"erased":\s*"2"`, out)
	require.Regexp(t, `"inputs":\s*"1"`, out)
}

// What several machines share is erased too where it is named, and is in no backup.
func TestSharedRescoringsAreErasedAndInNoBackup(t *testing.T) {
	dsn := postgrestest.Database(t)
	t.Cleanup(postgrestest.Stop)
	dir, lost := stopped(t, "lost")
	kept := part10.NameUID("test study", "kept")
	l, err := rescorings.OpenPostgres(t.Context(), dsn, rescorings.Options{})
	require.NoError(t, err)
	defer l.Close()
	id := pastOf(t, l, lost, kept)
	file := filepath.Join(t.TempDir(), "database")
	require.NoError(t, os.WriteFile(file, []byte(dsn+"\n"), 0o600))

	code, out, stderr := nafas(t, "backup", "--data", dir, "--database-file", file, "-o", filepath.Join(t.TempDir(), "backup"))
	require.Zero(t, code, stderr)
	require.Contains(t, out, "none are in this folder")
	require.Contains(t, out, "NOT in it")
	require.Contains(t, out, "pg_dump")

	code, out, stderr = nafas(t, "erase", "lost", "--data", dir, "--database-file", file, "--yes")
	require.Zero(t, code, stderr)
	require.Contains(t, out, `"kept_in": "PostgreSQL"`)
	r, err := l.Rescoring(t.Context(), id)
	require.NoError(t, err)
	require.EqualValues(t, 1, r.Totals.Erased)
	require.EqualValues(t, 1, r.Totals.Inputs)
	_, entries, err := l.ListEntries(t.Context(), id, 0, 10)
	require.NoError(t, err)
	require.Len(t, entries, 1)
	require.Equal(t, kept, entries[0].StudyUID)
	require.NoFileExists(t, filepath.Join(dir, store.RescoringsFile))

	t.Setenv("NAFAS_DATABASE", dsn)
	code, _, stderr = nafas(t, "rescore", "erase", kept, "--data", t.TempDir(), "--yes")
	require.Zero(t, code, stderr)
	r, err = l.Rescoring(t.Context(), id)
	require.NoError(t, err)
	require.Zero(t, r.Totals.Inputs)
	require.Equal(t, rescore.StateDone, r.State)
}
