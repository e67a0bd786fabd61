package store_test

import (
	"bytes"
	"database/sql"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"nafas/internal/store"
	"nafas/internal/triage"
	"nafas/internal/triage/review"
)

// versionNine makes a data folder as the program before the review page left it: a
// patient with two synthetic exams that were read, compared and delivered; the images
// of the earlier one are gone. testdata/version-9.sql is what that program wrote.
func versionNine(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("testdata/version-9.sql")
	require.NoError(t, err)
	dir := t.TempDir()
	db, err := sql.Open("sqlite", filepath.Join(dir, "nafas.db"))
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), string(text))
	require.NoError(t, err)
	require.NoError(t, db.Close())
	return dir
}

func TestAFolderFromBeforeTheReviewPage(t *testing.T) {
	const earlier, later = "2.25.56447793068543503310232382252454348266", "2.25.61050494399027041504016163031194963905"
	dir, log := versionNine(t), &bytes.Buffer{}
	s, err := store.Open(t.Context(), dir, store.Options{Log: slog.New(slog.NewTextHandler(log, nil)), Destinations: []triage.Destination{{Name: "pacs"}}})
	require.NoError(t, err)
	require.Contains(t, log.String(), "bringing the database up to date")
	require.Contains(t, log.String(), "from=9")

	// The worklist has both, finds them, and says how much was found.
	require.ElementsMatch(t, []string{earlier, later}, listedUIDs(t, s, triage.Listing{Search: "synthetic phantom-1"}))
	list, _, _, err := s.List(t.Context(), triage.Listing{Limit: 10})
	require.NoError(t, err)
	require.Len(t, list, 2)
	for _, l := range list {
		require.Len(t, l.Results, 1)
		require.Equal(t, 4, l.Results[0].Flagged)
		require.Equal(t, l.UID == earlier, !l.ImagesGoneAt.IsZero())
		require.Equal(t, 1, l.Delivered)
	}

	// What was delivered is not delivered again because of the upgrade, and what a
	// reader signs now is.
	sent := func() (n int) {
		require.NoError(t, s.DB().QueryRowContext(t.Context(), `SELECT count(*) FROM delivery WHERE destination = 'pacs'`).Scan(&n))
		return n
	}
	require.Equal(t, 2, sent())
	said, err := s.Said(t.Context(), later)
	require.NoError(t, err)
	state, err := s.Act(t.Context(), later, noon, review.Reader{Name: "amina", Display: "Dr Amina Alaoui"}, 0, review.Action{
		ID: uuid.NewString(), Kind: review.KindSign, ResultKeys: []string{said.Series.Result.Key},
	})
	require.NoError(t, err)
	require.NotNil(t, state.Signed)
	require.Equal(t, 3, sent())
	require.NoError(t, s.Close())

	log.Reset()
	s, err = store.Open(t.Context(), dir, store.Options{Log: slog.New(slog.NewTextHandler(log, nil))})
	require.NoError(t, err)
	require.Empty(t, log.String(), "a second start has nothing to bring up to date")
	require.NoError(t, s.Close())
}
