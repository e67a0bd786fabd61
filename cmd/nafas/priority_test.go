package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/internal/ortlib/ortlibtest"
	nafasv1 "nafas/proto/nafas/v1"
)

// ownRules give the small chest, whose flagged findings have 8 mm, another
// priority than the default ones.
const ownRules = `
priority:
  rules:
    - {name: mine, level: urgent, point: one, size-mm: 3}
    - {name: else, level: high, point: one}
`

func writeSettings(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "nafas.yaml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func TestConfigCheckTriesTheRules(t *testing.T) {
	check := func(text string) string {
		_, out, _ := nafas(t, "config", "check", "--listen", "127.0.0.1:0", "--data", t.TempDir(), "--model", "none", "--settings", writeSettings(t, text))
		return out
	}
	require.Contains(t, check(ownRules), "priority   ok: 2 rules in place of the default ones")
	out := check("priority:\n  rules:\n    - {name: mine, level: stat, point: one}\n")
	require.Contains(t, out, "settings   FAILS")
	require.Contains(t, out, `rules, entry 1 (mine): level: "stat" is none of urgent, high`)
	require.NotContains(t, check("deliver: []\n"), "priority ")
}

func TestTriageRanksByTheSettings(t *testing.T) {
	dir := writeSmallChest(t)
	read := func(more ...string) string {
		code, out, stderr := nafas(t, append([]string{"triage", "--onnxruntime", ortlibtest.Path(t), "--model", smallModel, dir}, more...)...)
		require.Equal(t, exitDone, code, stderr)
		return out
	}
	require.Contains(t, read(), "Study priority: high\n  20 flagged findings; the largest is 8.0 mm (detector)")
	require.Contains(t, read("--settings", writeSettings(t, ownRules)), "Study priority: urgent\n  20 flagged findings of 3 mm or more")
	code, _, stderr := nafas(t, "triage", "--settings", writeSettings(t, "priority: {}\n"), dir)
	require.Equal(t, exitUsage, code)
	require.Contains(t, stderr, "give 1 to 50")
}

// The rules reach the worker process, and other ones rank what was ranked
// before when it is sent again.
func TestServeRanksByTheSettings(t *testing.T) {
	data := t.TempDir()
	uid, files := smallStudy(t, "ranked")
	rank := func(s *server) *nafasv1.Study {
		_, err := s.send(t.Context(), files)
		require.NoError(t, err)
		return s.wait(uid, 2*time.Minute)
	}
	s := startServer(t, data)
	study := rank(s)
	require.Equal(t, nafasv1.Priority_PRIORITY_HIGH, study.GetPriority())
	require.Equal(t, "flagged", study.GetReasons()[0].GetRule().GetName())
	before := study.GetUpdatedAt().AsTime()
	require.Equal(t, before, rank(s).GetUpdatedAt().AsTime(), "the same rules: nothing is done again")
	s.kill()

	s = startServer(t, data, "--settings", writeSettings(t, ownRules))
	study = rank(s)
	require.Equal(t, nafasv1.Priority_PRIORITY_URGENT, study.GetPriority())
	require.Equal(t, "mine", study.GetReasons()[0].GetRule().GetName())
	require.Equal(t, study.GetPriorityReasons()[0], study.GetReasons()[0].GetText())
	require.NotEmpty(t, study.GetReasons()[0].GetFindingRanks())
}
