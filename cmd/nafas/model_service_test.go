package main

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"

	"nafas/dicomio/ctwriter"
	"nafas/models"
	"nafas/models/modelstest"
	nafasv1 "nafas/proto/nafas/v1"
)

// inService is a service whose models are changed by the command line.
type inService struct {
	*server
	data, first string
}

func (s *inService) restart() {
	s.t.Helper()
	s.kill()
	s.server = startServer(s.t, s.data, "--model", s.first)
}

// model runs a verb about the models of the service.
func (s *inService) model(args ...string) (code int, stdout, stderr string) {
	s.t.Helper()
	return nafas(s.t, append(append([]string{"model"}, args...), "--address", s.address)...)
}

// done is model for what must succeed.
func (s *inService) done(args ...string) string {
	s.t.Helper()
	code, out, stderr := s.model(args...)
	require.Zero(s.t, code, stderr)
	return out
}

// refused is model for what must not.
func (s *inService) refused(want string, args ...string) {
	s.t.Helper()
	code, out, stderr := s.model(args...)
	require.Equal(s.t, exitFailed, code, out)
	require.Contains(s.t, stderr, want)
	require.NotContains(s.t, stderr, "rpc error")
}

// states are those of the models, by NAME:VERSION.
func (s *inService) states() map[string]string {
	s.t.Helper()
	rows, err := csv.NewReader(strings.NewReader(s.done("installed", "--format", "csv"))).ReadAll()
	require.NoError(s.t, err)
	out := map[string]string{}
	for _, row := range rows[1:] {
		if row[0] != models.Default { // shipped
			out[row[0]+":"+row[1]] = row[2]
		}
	}
	return out
}

// read has the tiny chest read as one more study.
func (s *inService) read(name string) *nafasv1.Study {
	s.t.Helper()
	v, err := modelstest.Chest()
	require.NoError(s.t, err)
	uid, files := studyFiles(s.t, v, name, ctwriter.Options{})
	_, err = s.send(s.t.Context(), files)
	require.NoError(s.t, err)
	return s.wait(uid, 2*time.Minute)
}

func readBy(study *nafasv1.Study) string {
	m := study.GetSeries()[0].GetResult().GetModel()
	return m.GetName() + ":" + m.GetVersion()
}

// TestModelsInService changes the model of a real service by the command line, and
// kills it with -9 after each step: what was done stays done.
func TestModelsInService(t *testing.T) {
	folder := func(o modelstest.Options) string {
		dir := filepath.Join(t.TempDir(), "model")
		require.NoError(t, modelstest.Write(dir, o))
		return dir
	}
	const one, two = modelstest.Name + ":1.0.0", modelstest.Name + ":2.0.0"
	s := &inService{data: t.TempDir(), first: folder(modelstest.Options{})}
	s.server = startServer(t, s.data, "--model", s.first)
	require.Equal(t, map[string]string{one: "live"}, s.states())
	first := s.read("first")
	require.Equal(t, one, readBy(first))

	for fault, want := range map[modelstest.Fault]string{
		modelstest.FaultSelfTest: "self-test", modelstest.FaultExternal: "other files", modelstest.FaultDomain: "org.example",
		modelstest.FaultHash: "differs from its manifest", modelstest.FaultManifest: "license",
	} {
		s.refused(want, "install", folder(modelstest.Options{Version: "3.0.0", Fault: fault}))
	}
	s.refused("another model is", "install", folder(modelstest.Options{AboveHU: -300}))
	require.Contains(t, s.done("install", folder(modelstest.Options{Version: "2.0.0", AboveHU: -350})), "is installed, SHA-256")
	s.restart()
	require.Equal(t, map[string]string{one: "live", two: "installed"}, s.states())
	drafts, err := filepath.Glob(filepath.Join(s.data, "models", "*"))
	require.NoError(t, err)
	require.Len(t, drafts, 2, "nothing is left of what was refused: %v", drafts)

	s.refused("is the name of 2 models", "shadow", modelstest.Name)
	s.done("shadow", two)
	s.restart()
	require.Equal(t, map[string]string{one: "live", two: "shadow"}, s.states())
	second := s.read("second")
	require.Equal(t, one, readBy(second), "the shadow says nothing")
	require.Equal(t, findingsOf(t, first), findingsOf(t, second))
	require.Equal(t, first.GetPriority(), second.GetPriority())
	var compared nafasv1.ModelComparison
	require.Eventually(t, func() bool {
		code, out, _ := s.model("compare", two, "--format", "json")
		return code == 0 && protojson.Unmarshal([]byte(out), &compared) == nil && compared.GetBoth() == 1
	}, time.Minute, 200*time.Millisecond)
	require.EqualValues(t, 1, compared.GetStillFlagged())
	require.Greater(t, compared.GetFindingsAfter(), compared.GetFindingsBefore())
	require.Equal(t, "1.0.0", compared.GetBefore().GetVersion())
	require.Contains(t, s.done("compare", two), "studies read by both")

	s.refused("reads in shadow", "remove", two)
	s.done("activate", two)
	require.Equal(t, two, readBy(s.read("third")))
	s.restart() // --model says the first one
	require.Equal(t, map[string]string{one: "retired", two: "live"}, s.states())
	require.Equal(t, two, readBy(s.read("fourth")))
	s.refused("is what a rollback returns to", "remove", one)

	s.done("rollback")
	s.restart()
	require.Equal(t, map[string]string{one: "live", two: "retired"}, s.states())
	require.Equal(t, one, readBy(s.read("fifth")))
	s.refused("results of this service are of", "remove", two)
	s.refused("no other model was live before", "rollback")

	code, _, stderr := s.model("activate", "none")
	require.Equal(t, exitFailed, code)
	require.Contains(t, stderr, "nafas model installed")
	rows, err := csv.NewReader(strings.NewReader(s.done("history", "--format", "csv"))).ReadAll()
	require.NoError(t, err)
	var actions []string
	for _, row := range rows[1:] {
		actions = append(actions, row[3]+" "+row[5])
	}
	require.Equal(t, []string{
		"installed 1.0.0", "activated 1.0.0", "installed 2.0.0", "shadow_started 2.0.0", "activated 2.0.0", "rolled_back 1.0.0",
	}, actions)
	code, out, stderr := nafas(t, "audit", "list", "--data", s.data, "--as", "jsonl")
	require.Zero(t, code, stderr)
	for _, said := range []string{"model: activated " + one, "model: installed " + two, "model: activate " + two, "model: roll back", "model: remove " + one + ", refused"} {
		require.Contains(t, out, said)
	}
}

// A model that is part of the program is put to work by its name, and is kept in the
// data folder from then on: a program that ships another one still reads with it.
func TestShippedModelInService(t *testing.T) {
	data := t.TempDir()
	s := &inService{data: data, server: startServer(t, data, "--model", "../../testdata/tinymodel")}
	s.done("activate", models.Default)
	require.Equal(t, map[string]string{modelstest.Name + ":1.0.0": "retired"}, s.states())
	found, err := filepath.Glob(filepath.Join(data, "models", models.Default+"-*", "model.yaml"))
	require.NoError(t, err)
	require.Len(t, found, 1)
	// Lost files come back, since the program has the very model.
	s.kill()
	require.NoError(t, os.RemoveAll(filepath.Dir(found[0])))
	s.server = startServer(t, data)
	require.FileExists(t, found[0])
	require.Contains(t, s.done("installed"), models.Default)
	// What is in the way of a start can be replaced at a start.
	s.kill()
	s.server = startServer(t, data, "--model", "../../testdata/tinymodel", "--activate-model")
	require.Equal(t, map[string]string{modelstest.Name + ":1.0.0": "live"}, s.states())
}
