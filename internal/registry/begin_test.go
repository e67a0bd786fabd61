package registry_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/internal/registry"
	"nafas/internal/triage"
	"nafas/models/modelstest"
)

// The command line names the first model of a data folder; from then on what was
// activated counts.
func TestWhichModelIsLive(t *testing.T) {
	b := newBench(t)
	b.with("1.0.0")
	b.again()
	require.Equal(t, "0.1.0", b.models.Identity().Model.Version, "--model says another one")
	b.activate("1.0.0")
	b.again()
	require.Equal(t, "1.0.0", b.models.Identity().Model.Version)
	b.end()
	require.NoError(t, b.begin(registry.First{Err: errors.New("the folder is gone"), Named: true}), "it is not needed")
	b.end()
	var told []string
	anew := registry.First{Model: version(t, "2.0.0"), Named: true, Anew: true, Record: func(_ context.Context, m triage.Model) error {
		told = append(told, m.Version)
		return nil
	}}
	require.NoError(t, b.begin(anew))
	require.Equal(t, map[string]registry.State{"0.1.0": registry.Retired, "1.0.0": registry.Retired, "2.0.0": registry.Live}, b.states())
	b.end()
	require.NoError(t, b.begin(anew), "the same again changes nothing")
	require.Equal(t, []string{"2.0.0"}, told)
	events, err := b.models.Events(t.Context())
	require.NoError(t, err)
	require.Equal(t, registry.Who{Name: "root", By: "shell"}, events[len(events)-1].Who)
	m, err := b.models.RollBack(t.Context(), amina)
	require.NoError(t, err)
	require.Equal(t, "1.0.0", m.Version)
}

// A service whose model does not prove itself does not start, and a first model that
// is not recorded is not used.
func TestAStartThatFails(t *testing.T) {
	b := &bench{t: t, dir: t.TempDir(), workers: &workers{unfit: map[string]error{"0.1.0": errors.New("its self-test differs")}}}
	err := b.begin(registry.First{Model: version(t, "0.1.0")})
	require.Equal(t, registry.Unfit, kind(err))
	require.ErrorContains(t, err, "its self-test differs")
	gone := errors.New("no such model")
	require.ErrorIs(t, b.begin(registry.First{Err: gone}), gone)
	full := errors.New("the trail cannot be written")
	b.workers.unfit = map[string]error{}
	require.ErrorIs(t, b.begin(registry.First{Model: version(t, "0.1.0"), Record: func(context.Context, triage.Model) error { return full }}), full)
	require.NoError(t, b.begin(registry.First{Model: version(t, "0.2.0")}))
	require.Equal(t, map[string]registry.State{"0.1.0": registry.Installed, "0.2.0": registry.Live}, b.states())
	b.end()
	b.workers.unfit = map[string]error{"0.2.0": errors.New("the library is another one")}
	require.ErrorContains(t, b.begin(registry.First{Model: version(t, "0.1.0")}), "the library is another one")
	b.store = nil
}

// Files of the live model that are lost are replaced where the very model is at hand;
// else the service does not start, rather than read with another one.
func TestLostFilesOfTheLiveModel(t *testing.T) {
	b := newBench(t)
	network := filepath.Join(b.dir, "models", b.kept()[0], "model.onnx")
	b.end()
	require.NoError(t, os.WriteFile(network, []byte("rot"), 0o600))
	err := b.begin(registry.First{Model: version(t, "0.9.0"), Named: true})
	require.Equal(t, registry.Unfit, kind(err))
	require.ErrorContains(t, err, "from a backup")
	require.NoError(t, b.begin(registry.First{Model: version(t, "0.1.0")}))
	b.end()
	require.NoError(t, os.RemoveAll(filepath.Dir(network)))
	require.NoError(t, b.begin(registry.First{Model: version(t, "0.9.0")}, version(t, "0.1.0")), "the program has it")
	require.FileExists(t, network)
	b.send("1.2")
	require.Equal(t, "0.1.0", b.await("1.2"))
	other := folder(t, modelstest.Options{Version: "0.1.0", AboveHU: -500})
	b.end()
	require.NoError(t, os.RemoveAll(filepath.Dir(network)))
	require.Error(t, b.begin(registry.First{Model: other}), "another content of the same name")
	b.store = nil
}
