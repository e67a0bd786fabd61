package store_test

import (
	"bytes"
	"crypto/sha256"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/internal/registry"
	"nafas/internal/store"
	"nafas/internal/triage"
)

var amina = registry.Who{Name: "amina", By: "token"}

// detector is a model of a test; content makes others of its name and version.
func detector(name, content string) registry.Model {
	return registry.Model{
		Model:   triage.Model{Name: name, Version: "1.0.0", SHA256: "sha of " + name + content},
		License: "Apache-2.0", IntendedUse: "tests", Card: "# card of " + name,
	}
}

// put installs a model with two files.
func put(t *testing.T, s *store.SQLite, m registry.Model) error {
	t.Helper()
	d, err := s.Models().Draft()
	if err != nil {
		return err
	}
	defer d.Discard()
	for _, name := range []string{"model.yaml", "net.onnx"} {
		f, err := d.Create(name)
		if err != nil {
			return err
		}
		if _, err = f.Write([]byte(name + m.SHA256)); err == nil {
			err = f.Close()
		}
		if err != nil {
			return err
		}
	}
	folder, files, err := d.Place(m.Name + "-1.0.0")
	if err != nil {
		return err
	}
	m.Folder = folder
	return s.Models().Add(t.Context(), m, files, amina, noon)
}

// models are the states by name.
func models(t *testing.T, s *store.SQLite) map[string]registry.State {
	t.Helper()
	all, err := s.Models().Models(t.Context())
	require.NoError(t, err)
	out := map[string]registry.State{}
	for _, m := range all {
		out[m.Name] = m.State
	}
	return out
}

// wants is an error of a kind.
func wants(t *testing.T, kind registry.Kind, err error) {
	t.Helper()
	var e *registry.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, kind, e.Kind, err)
}

func activate(t *testing.T, s *store.SQLite, m registry.Model) {
	t.Helper()
	require.NoError(t, s.Models().Activate(t.Context(), m.SHA256, amina, noon))
}

func TestModelsAreKept(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, store.OS{})
	a, b := detector("a", ""), detector("b", "")
	require.NoError(t, put(t, s, a))
	require.NoError(t, put(t, s, a), "the same again changes nothing")
	wants(t, registry.Taken, put(t, s, detector("a", "other")))
	wants(t, registry.Unknown, s.Models().Activate(t.Context(), b.SHA256, amina, noon))
	require.NoError(t, put(t, s, b))
	activate(t, s, a)
	wants(t, registry.NotNow, s.Models().Activate(t.Context(), a.SHA256, amina, noon))
	require.NoError(t, s.Close())

	s = open(t, dir, store.OS{})
	defer func() { require.NoError(t, s.Close()) }()
	all, err := s.Models().Models(t.Context())
	require.NoError(t, err)
	require.Len(t, all, 2)
	want := a
	want.State, want.Folder = registry.Live, "models/a-1.0.0"
	want.InstalledAt, want.InstalledBy, want.ChangedAt, want.ChangedBy = noon, amina, noon, amina
	require.Equal(t, want, all[0])
	require.Equal(t, registry.Installed, all[1].State)
	live, is, err := store.LiveModel(t.Context(), dir)
	require.NoError(t, err)
	require.True(t, is)
	require.Equal(t, want, live)
	_, is, err = store.LiveModel(t.Context(), t.TempDir())
	require.NoError(t, err)
	require.False(t, is)

	_, err = s.DB().ExecContext(t.Context(), `UPDATE model_event SET who = 'nobody'`)
	require.ErrorContains(t, err, "never changed")
	_, err = s.DB().ExecContext(t.Context(), `DELETE FROM model_event`)
	require.ErrorContains(t, err, "never deleted")
}

// A rollback goes back one activation at a time, past what was removed, and an
// activation after it begins anew from where it is.
func TestRollingBack(t *testing.T) {
	s := open(t, t.TempDir(), store.OS{})
	defer func() { require.NoError(t, s.Close()) }()
	k := s.Models()
	a, b, c := detector("a", ""), detector("b", ""), detector("c", "")
	for _, m := range []registry.Model{a, b, c} {
		require.NoError(t, put(t, s, m))
	}
	before := func() string {
		m, err := k.Before(t.Context())
		require.NoError(t, err)
		return m.Name
	}
	nothing := func() {
		_, err := k.Before(t.Context())
		wants(t, registry.NotNow, err)
		wants(t, registry.NotNow, k.RollBack(t.Context(), amina, noon))
	}
	back := func() { require.NoError(t, k.RollBack(t.Context(), amina, noon)) }
	nothing()
	activate(t, s, a)
	nothing()
	activate(t, s, b)
	activate(t, s, c)
	require.Equal(t, "b", before())
	back()
	require.Equal(t, "a", before(), "not c, which was rolled back from")
	back()
	require.Equal(t, map[string]registry.State{"a": registry.Live, "b": registry.Retired, "c": registry.Retired}, models(t, s))
	nothing()
	activate(t, s, b)
	activate(t, s, c)
	wants(t, registry.NotNow, k.Remove(t.Context(), b.SHA256, false, amina, noon))
	activate(t, s, a)
	require.NoError(t, k.Remove(t.Context(), b.SHA256, false, amina, noon))
	back()
	require.Equal(t, map[string]registry.State{"a": registry.Retired, "c": registry.Live}, models(t, s))
	require.Equal(t, "a", before(), "b is gone")

	events, err := k.Events(t.Context())
	require.NoError(t, err)
	last := events[len(events)-1]
	require.Equal(t, registry.Event{
		Number: int64(len(events)), At: noon, Who: amina, Action: registry.ActionRolledBack, Model: c.Model, Before: a.Model,
	}, last)
	require.Equal(t, registry.ActionRemoved, events[len(events)-2].Action)
}

// What something needs is not removed, and what is removed leaves no file.
func TestRemovingAModel(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, store.OS{})
	defer func() { require.NoError(t, s.Close()) }()
	k := s.Models()
	remove := func(m registry.Model, readings bool) error {
		return k.Remove(t.Context(), m.SHA256, readings, amina, noon)
	}
	live, idle, silent := detector("live", ""), detector("idle", ""), detector("silent", "")
	used := detector("used", "")
	used.SHA256 = recipe.ModelSHA256
	for _, m := range []registry.Model{live, idle, used, silent} {
		require.NoError(t, put(t, s, m))
	}
	activate(t, s, live)
	require.NoError(t, k.StartShadow(t.Context(), silent.SHA256, amina, noon))
	wants(t, registry.NotNow, remove(live, true))
	wants(t, registry.NotNow, remove(silent, true))
	wants(t, registry.Unknown, remove(detector("none", ""), false))
	_, err := upload(t, tinyService(s), "1.2/1/1/P/x/")
	require.NoError(t, err)
	readNow(t, s, "1.2")
	wants(t, registry.NotNow, remove(used, true))
	readShadow(t, s, "1.2", silent, reading("1.2"))
	require.NoError(t, k.StopShadow(t.Context(), silent.SHA256, amina, noon))
	wants(t, registry.NotNow, remove(silent, false))

	var during []string
	_, err = store.Backup(t.Context(), dir, t.TempDir(), &hook{Writer: &bytes.Buffer{}, f: func() {
		require.NoError(t, remove(silent, true))
		require.NoError(t, remove(idle, false))
		_, err := s.Bury(t.Context())
		require.NoError(t, err)
		during = filesOf(t, filepath.Join(dir, "models"))
		wants(t, registry.Busy, put(t, s, idle))
	}})
	require.NoError(t, err, "the backup has the files that its copy of the database names")
	require.Contains(t, during, "idle-1.0.0/net.onnx")
	_, err = s.Bury(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"live-1.0.0/model.yaml", "live-1.0.0/net.onnx", "used-1.0.0/model.yaml", "used-1.0.0/net.onnx"}, filesOf(t, filepath.Join(dir, "models")))
	require.Empty(t, shadowRows(t, s))
	require.NoError(t, put(t, s, idle), "it may come again")
	require.Equal(t, registry.Installed, models(t, s)["idle"])
}

// filesOf lists all below a folder.
func filesOf(t *testing.T, dir string) (out []string) {
	t.Helper()
	require.NoError(t, fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			out = append(out, path)
		}
		return err
	}))
	slices.Sort(out)
	return out
}

// A start removes what was not installed to the end, and nothing else.
func TestModelsThatACrashBrokeOff(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, store.OS{})
	require.NoError(t, put(t, s, detector("a", "")))
	d, err := s.Models().Draft()
	require.NoError(t, err)
	f, err := d.Create("model.yaml")
	require.NoError(t, err)
	require.NoError(t, f.Close())
	_, err = d.Create("../model.yaml")
	require.Error(t, err)
	placed, err := s.Models().Draft()
	require.NoError(t, err)
	f, err = placed.Create("model.yaml")
	require.NoError(t, err)
	_, _, err = placed.Place("b-1.0.0")
	require.ErrorContains(t, err, "not written to its end")
	require.NoError(t, f.Close())
	_, _, err = placed.Place("b-1.0.0")
	require.NoError(t, err)
	require.NoError(t, s.Close())
	require.Len(t, filesOf(t, filepath.Join(dir, "models")), 4)

	s = open(t, dir, store.OS{})
	require.NoError(t, s.Close())
	require.Equal(t, []string{"a-1.0.0/model.yaml", "a-1.0.0/net.onnx"}, filesOf(t, filepath.Join(dir, "models")))
}

// TestInstallingSurvivesLossOfPower lets the power go at every operation of the file
// system: what was said to be installed is there with all its files, and of
// everything else nothing.
func TestInstallingSurvivesLossOfPower(t *testing.T) {
	for k := 1; ; k++ {
		disk := newLossy()
		dir, left := t.TempDir(), t.TempDir()
		s := open(t, dir, disk)
		disk.ops, disk.failAfter = 0, k
		disk.lost = func() { disk.survivors(t, dir, left) }
		err := put(t, s, detector("a", ""))
		if disk.lost != nil {
			disk.survivors(t, dir, left)
		}
		ended := disk.ops < k
		require.NoError(t, s.Close())

		s = open(t, left, store.OS{})
		have := models(t, s)
		require.NoError(t, s.Close())
		if err == nil {
			require.Contains(t, have, "a", "loss at operation %d", k)
		}
		files := filesOf(t, filepath.Join(left, "models"))
		require.Len(t, files, 2*len(have), "loss at operation %d", k)
		for _, name := range files {
			data, err := os.ReadFile(filepath.Join(left, "models", name))
			require.NoError(t, err)
			require.Equal(t, filepath.Base(name)+"sha of a", string(data))
		}
		if ended {
			require.Greater(t, k, 8)
			return
		}
	}
}

// A backup has the models, each file with the sum of its row, and a restore refuses
// one without.
func TestModelsAreInBackups(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, store.OS{})
	a := detector("a", "")
	require.NoError(t, put(t, s, a))
	activate(t, s, a)
	taken := takeBackup(t, dir)
	to := filepath.Join(t.TempDir(), "data")
	m, err := store.Restore(t.Context(), bytes.NewReader(taken), to)
	require.NoError(t, err)
	require.Contains(t, m.Files, store.BackupFile{Name: "models/a-1.0.0/net.onnx", Bytes: 16, SHA256: sha256.Sum256([]byte("net.onnxsha of a"))})
	after := open(t, to, store.OS{})
	require.Equal(t, map[string]registry.State{"a": registry.Live}, models(t, after))
	require.NoError(t, after.Close())
	require.Equal(t, []string{"a-1.0.0/model.yaml", "a-1.0.0/net.onnx"}, filesOf(t, filepath.Join(to, "models")))

	require.NoError(t, os.WriteFile(filepath.Join(dir, "models", "a-1.0.0", "net.onnx"), []byte("another network!"), 0o600))
	_, err = store.Backup(t.Context(), dir, t.TempDir(), &bytes.Buffer{})
	require.ErrorContains(t, err, "is not what was stored")
	require.NoError(t, s.Close())
}
