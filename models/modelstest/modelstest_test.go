package modelstest_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/inference"
	"nafas/inference/detect"
	"nafas/inference/onnx"
	"nafas/internal/ortlib/ortlibtest"
	"nafas/models"
	"nafas/models/manifest"
	"nafas/models/modelstest"
)

var update = flag.Bool("update", false, "write the fixture anew")

// fixture is the detector with the default options, for who has no Go.
const fixture = "../../testdata/tinymodel"

func TestTheFixtureIsTheDefaultDetector(t *testing.T) {
	if *update {
		require.NoError(t, modelstest.Write(fixture, modelstest.Options{}))
	}
	dir := t.TempDir()
	require.NoError(t, modelstest.Write(dir, modelstest.Options{}))
	want, err := os.ReadDir(dir)
	require.NoError(t, err)
	have, err := os.ReadDir(fixture)
	require.NoError(t, err)
	require.Len(t, have, len(want))
	for _, e := range want {
		a, err := os.ReadFile(filepath.Join(dir, e.Name()))
		require.NoError(t, err)
		b, err := os.ReadFile(filepath.Join(fixture, e.Name()))
		require.NoError(t, err)
		require.Equal(t, a, b, "%s: go test ./models/modelstest -update", e.Name())
	}
}

// opened is a detector on the real library.
func opened(t *testing.T, o modelstest.Options) (*inference.Pipeline, error) {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, modelstest.Write(dir, o))
	m, err := models.Open(dir)
	if err != nil {
		return nil, err
	}
	network, err := m.ONNX()
	require.NoError(t, err)
	rt, err := onnx.Open(ortlibtest.Path(t))
	require.NoError(t, err)
	s, err := rt.NewSession(network, onnx.Options{Threads: 1})
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	p, err := inference.New(inference.Config{Model: m, Networks: detect.Networks{First: s}})
	require.NoError(t, err)
	_, err = p.Verify(t.Context())
	return p, err
}

// Two detectors of other thresholds find other things in one chest, and each the
// nodules.
func TestDetectorsFindWhatIsDense(t *testing.T) {
	chest, err := modelstest.Chest()
	require.NoError(t, err)
	flagged := map[float64]int{}
	for _, above := range []float64{-200, -350} {
		p, err := opened(t, modelstest.Options{AboveHU: above})
		require.NoError(t, err)
		out, err := p.Run(t.Context(), chest, nil)
		require.NoError(t, err)
		require.NotEmpty(t, out.Findings)
		for _, f := range out.Findings {
			if f.Flagged {
				flagged[above]++
			}
			t.Log(above, f.Score, f.Flagged, f.CenterLPSMM)
		}
	}
	require.GreaterOrEqual(t, flagged[-200], 2)
	require.Greater(t, flagged[-350], flagged[-200])
}

// Each fault is found by whom it is meant for.
func TestFaultsAreFound(t *testing.T) {
	for fault, want := range map[modelstest.Fault]string{
		modelstest.FaultSelfTest: "self-test", modelstest.FaultHash: manifest.ErrHash.Error(), modelstest.FaultExternal: "other files",
		modelstest.FaultDomain: "org.example", modelstest.FaultManifest: "license",
	} {
		_, err := opened(t, modelstest.Options{Fault: fault})
		require.ErrorContains(t, err, want, fault)
	}
}
