package registry_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/internal/registry"
	"nafas/models/manifest"
	"nafas/models/modelstest"
)

// kept are the folders of models.
func (b *bench) kept() (names []string) {
	b.t.Helper()
	entries, err := os.ReadDir(filepath.Join(b.dir, "models"))
	require.NoError(b.t, err)
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestInstalling(t *testing.T) {
	b := newBench(t)
	m, added, err := b.install(version(t, "1.0.0"))
	require.NoError(t, err)
	require.True(t, added)
	require.Equal(t, registry.Installed, m.State)
	require.Equal(t, amina, m.InstalledBy)
	require.Contains(t, m.Card, "# "+modelstest.Name)
	require.Equal(t, "Apache-2.0", m.License)
	again, added, err := b.install(version(t, "1.0.0"))
	require.NoError(t, err)
	require.False(t, added)
	require.Equal(t, m, again)
	require.Equal(t, map[string]registry.State{"0.1.0": registry.Live, "1.0.0": registry.Installed}, b.states())
	on := b.kept()
	require.Len(t, on, 2)
	require.Equal(t, m.Folder, "models/"+on[1])
	require.True(t, strings.HasPrefix(on[1], modelstest.Name+"-1.0.0-"+m.SHA256[:12]), on[1])
}

// A model that is refused leaves nothing.
func TestWhatIsNotInstalled(t *testing.T) {
	b := newBench(t)
	before := b.kept()
	one := version(t, "1.0.0")
	b.workers.set("1.0.0", errors.New("its self-test differs"), nil)
	_, _, err := b.install(one)
	require.Equal(t, registry.Unfit, kind(err))
	require.ErrorContains(t, err, "its self-test differs")
	b.workers.set("1.0.0", nil, nil)
	_, _, err = b.install(folder(t, modelstest.Options{Version: "0.1.0", AboveHU: -300}))
	require.Equal(t, registry.Taken, kind(err))
	trials := b.workers.trials
	_, _, err = b.upload(one, manifest.FileName, "model.onnx")
	require.Equal(t, registry.Unfit, kind(err), "files are missing")
	_, _, err = b.upload(one, "model.onnx")
	require.Equal(t, registry.Unfit, kind(err))
	require.NoError(t, os.WriteFile(filepath.Join(t.TempDir(), "x"), nil, 0o600))

	u, err := b.models.Receive()
	require.NoError(t, err)
	_, err = b.models.Receive()
	require.Equal(t, registry.Busy, kind(err), "one at a time")
	for _, name := range []string{"", ".", "..", "../x", "a/b", `a\b`, ".hidden", "a\x00", strings.Repeat("x", 300), "\xff"} {
		require.Equal(t, registry.Unfit, kind(u.Put(name, strings.NewReader("x"))), "%q", name)
	}
	for _, f := range append(one.Files(), manifest.File{Name: manifest.FileName}) {
		in, err := one.Folder().Open(f.Name)
		require.NoError(t, err)
		require.NoError(t, u.Put(f.Name, in))
	}
	require.Equal(t, registry.Unfit, kind(u.Put("model.onnx", strings.NewReader("x"))), "twice")
	require.NoError(t, u.Put("setup.py", strings.NewReader("x")))
	_, _, err = u.Commit(t.Context(), amina)
	require.Equal(t, registry.Unfit, kind(err))
	require.ErrorContains(t, err, "setup.py")
	u.Abort()

	u, err = b.models.Receive()
	require.NoError(t, err)
	for i := range 64 {
		require.NoError(t, u.Put(string(rune('a'+i/26))+string(rune('a'+i%26)), strings.NewReader("")))
	}
	require.Equal(t, registry.TooLarge, kind(u.Put("more", strings.NewReader(""))))
	broken := errors.New("the stream broke")
	u.Abort()
	u, err = b.models.Receive()
	require.NoError(t, err)
	require.ErrorIs(t, u.Put("a", failing{broken}), broken)
	u.Abort()
	require.Equal(t, before, b.kept())
	require.Equal(t, trials, b.workers.trials, "what is not whole is not tried")
	require.Equal(t, map[string]registry.State{"0.1.0": registry.Live}, b.states())
	b.with("1.0.0")
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestNamesOfModels(t *testing.T) {
	b := newBench(t)
	b.with("1.0.0")
	ctx := t.Context()
	_, _, err := b.models.Activate(ctx, "none", amina)
	require.Equal(t, registry.Unknown, kind(err))
	_, _, err = b.models.Activate(ctx, modelstest.Name, amina)
	require.Equal(t, registry.Ambiguous, kind(err))
	require.ErrorContains(t, err, modelstest.Name+":1.0.0 (installed)")
	sum := version(t, "1.0.0").SHA256()
	_, _, err = b.models.Activate(ctx, sum[:7], amina)
	require.Equal(t, registry.Unknown, kind(err), "too short to be meant")
	m, changed, err := b.models.Activate(ctx, sum[:8], amina)
	require.NoError(t, err)
	require.True(t, changed)
	require.Equal(t, "1.0.0", m.Version)
	_, changed, err = b.models.Activate(ctx, sum, amina)
	require.NoError(t, err)
	require.False(t, changed, "it is live")
}

// What a rescoring reads with stays until that is through.
func TestAModelThatIsNeededElsewhere(t *testing.T) {
	b := newBench(t)
	m, _, err := b.install(version(t, "2.0.0"))
	require.NoError(t, err)
	b.needed = map[string]string{m.SHA256: "rescoring 3"}
	_, err = b.models.Remove(t.Context(), "test-dense-spots:2.0.0", false, amina)
	require.Equal(t, registry.NotNow, kind(err))
	require.ErrorContains(t, err, "rescoring 3")
	b.needed = nil
	_, err = b.models.Remove(t.Context(), "test-dense-spots:2.0.0", false, amina)
	require.NoError(t, err)
}

// A model of the program is listed, and gets into the data folder once it is used.
func TestShippedModels(t *testing.T) {
	b := newBench(t)
	shipped := version(t, "3.0.0")
	b.again(shipped)
	all, err := b.models.List(t.Context())
	require.NoError(t, err)
	require.Len(t, all, 2)
	require.True(t, all[1].Shipped)
	require.Empty(t, all[1].Folder)
	_, err = b.models.Remove(t.Context(), "test-dense-spots:3.0.0", false, amina)
	require.Equal(t, registry.NotNow, kind(err))
	b.activate("3.0.0")
	require.Len(t, b.kept(), 2)
	b.again() // a program that ships it no longer
	require.Equal(t, map[string]registry.State{"0.1.0": registry.Retired, "3.0.0": registry.Live}, b.states())
	b.send("1.2")
	require.Equal(t, "3.0.0", b.await("1.2"))
}
