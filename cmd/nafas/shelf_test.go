package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/internal/rescore"
	"nafas/internal/triage"
	"nafas/models"
)

// To look for a model is to hash all models there are, so that one that is not there
// is looked for once a minute, and not each time that it is asked for.
func TestAModelThatIsNotThereIsLookedForOnceAMinute(t *testing.T) {
	const tiny = "../../testdata/tinymodel"
	m, err := models.Open(tiny)
	require.NoError(t, err)
	folder := t.TempDir()
	s := newShelf([]string{folder})
	r := rescore.Rescoring{Model: triage.Model{Name: m.Name, Version: m.Version, SHA256: m.SHA256()}, ModelFrom: "gone"}
	_, missing := s.find(r)
	require.ErrorContains(t, missing, "is not on this machine")
	here := filepath.Join(folder, "tiny")
	require.NoError(t, os.CopyFS(here, os.DirFS(tiny)))
	_, err = s.find(r)
	require.EqualError(t, err, missing.Error(), "nobody looked")
	elsewhere := r
	elsewhere.ModelFrom = here
	one, err := newShelf(nil).find(elsewhere)
	require.NoError(t, err)
	require.Equal(t, here, one.arg)

	s.missed[sought{r.Model.SHA256, r.ModelFrom}] = time.Now().Add(-missFor)
	one, err = s.find(r)
	require.NoError(t, err)
	require.Equal(t, here, one.arg)

	// What a rescoring is begun with is known at once.
	s = newShelf([]string{t.TempDir()})
	_, err = s.find(r)
	require.Error(t, err)
	_, _, _, err = s.Resolve(here, rescore.Settings{})
	require.NoError(t, err)
	_, err = s.find(r)
	require.NoError(t, err)
}
