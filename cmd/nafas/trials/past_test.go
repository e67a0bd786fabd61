// Package trials_test tries the program as its users run it: processes that are
// killed, archives, databases and other machines.
package trials_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"

	"nafas/internal/ortlib/ortlibtest"
	"nafas/internal/rescore"
	"nafas/internal/rescore/archivetest"
	"nafas/internal/store/rescorings"
	nafasv1 "nafas/proto/nafas/v1"
)

var archiveSeries = flag.Int("archive-series", 200, "the series of the synthetic archives; docs/scale.md tells of 2000")

// program builds nafas once for all tests.
var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "nafas-trials-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "nafas")
	if out, err := exec.Command("go", "build", "-o", path, "nafas/cmd/nafas").CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w: %s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if path, err := program(); err == nil {
		os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

// The exit codes of nafas.
const (
	exitDone       = 0
	exitSomeFailed = 3
)

// past is an archive, and two versions of a small model that reads it fast.
type past struct {
	t             *testing.T
	program       string
	archive       string
	models        string
	model, model2 string
	library       string
	truth         archivetest.Truth
	// prefix begins every command, such as one that enters a network namespace.
	prefix []string
	env    []string
}

func newPast(t *testing.T, series int) *past {
	t.Helper()
	dir := t.TempDir()
	p := &past{
		t: t, archive: filepath.Join(dir, "archive"), models: filepath.Join(dir, "models"), library: ortlibtest.Path(t), env: os.Environ(),
	}
	var err error
	p.program, err = program()
	require.NoError(t, err)
	p.truth, err = archivetest.Write(p.archive, series, 1)
	require.NoError(t, err)
	p.model, p.model2 = filepath.Join(p.models, "v1"), filepath.Join(p.models, "v2")
	require.NoError(t, archivetest.Model(p.model, brightSpots, archivetest.V1))
	require.NoError(t, archivetest.Model(p.model2, brightSpots, archivetest.V2))
	return p
}

const brightSpots = "../../../inference/testdata/brightspots"

// command is nafas with these arguments, as a process of its own.
func (p *past) command(args ...string) *exec.Cmd {
	all := append(append(append([]string{}, p.prefix...), p.program, "--format", "json"), args...)
	cmd := exec.Command(all[0], all[1:]...)
	cmd.Env = p.env
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return cmd
}

// run ends with one of these exit codes, and returns what was printed.
func (p *past) run(codes []int, args ...string) string {
	p.t.Helper()
	var out, errs strings.Builder
	cmd := p.command(args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if cmd.ProcessState == nil {
		require.NoError(p.t, err)
	}
	require.Contains(p.t, codes, cmd.ProcessState.ExitCode(), "nafas %s\n%s", strings.Join(args, " "), errs.String())
	return out.String()
}

// begin begins a rescoring without working it, and returns its number.
func (p *past) begin(source, data, model string, more ...string) int64 {
	p.t.Helper()
	out := p.run([]int{exitDone}, append([]string{"rescore", "start", source, "--data", data, "--model", model, "--detach"}, more...)...)
	var r nafasv1.Rescoring
	require.NoError(p.t, protojson.Unmarshal([]byte(out), &r))
	return r.GetId()
}

// resuming are the arguments that work a rescoring to its end.
func (p *past) resuming(data string, id int64, more ...string) []string {
	return append([]string{"rescore", "resume", fmt.Sprint(id), "--data", data, "--models", p.models, "--onnxruntime", p.library}, more...)
}

func (p *past) resume(data string, id int64, more ...string) {
	p.t.Helper()
	p.run([]int{exitDone, exitSomeFailed}, p.resuming(data, id, more...)...)
}

// look opens the rescorings of a data folder beside whoever works them.
func (p *past) look(data string) *rescorings.Ledger {
	p.t.Helper()
	l, err := rescorings.OpenSQLite(p.t.Context(), data, rescorings.Options{})
	require.NoError(p.t, err)
	p.t.Cleanup(func() { l.Close() })
	return l
}

// rows are all inputs of a rescoring, without what two runs may differ in.
func rows(t *testing.T, l rescore.Ledger, id int64) []string {
	t.Helper()
	var out []string
	require.NoError(t, l.Rows(t.Context(), id, func(r rescore.Row) error {
		r.Rescoring, r.At, r.Worker = 0, time.Time{}, ""
		if r.Result != nil {
			result := *r.Result
			result.Timings, r.Result = nil, &result
		}
		line, err := json.Marshal(r)
		out = append(out, string(line))
		return err
	}))
	return out
}

// accounts checks a rescoring that is done against the truth of its archive.
func (p *past) accounts(l rescore.Ledger, id int64) {
	t := p.t
	t.Helper()
	r, err := l.Rescoring(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, rescore.StateDone, r.State)
	totals := r.Totals
	require.Equal(t, totals.Inputs, totals.Ended(), "every input is in one of the four states")
	require.Zero(t, totals.Waiting)
	require.EqualValues(t, len(p.truth.Series)+len(p.truth.Loose), totals.Inputs)
	require.Equal(t, totals.Studies, totals.StudiesDone)
	require.Equal(t, p.ends(l, id), map[rescore.SeriesState]int64{
		rescore.Scored: totals.Scored, rescore.Unchanged: totals.Unchanged, rescore.Skipped: totals.Skipped, rescore.Failed: totals.Failed,
	}, "the counts are those of the rows")
}

// ends checks each input against the truth, and counts them by their state.
func (p *past) ends(l rescore.Ledger, id int64) map[rescore.SeriesState]int64 {
	t := p.t
	t.Helper()
	seen := map[string]bool{}
	counts := map[rescore.SeriesState]int64{rescore.Scored: 0, rescore.Unchanged: 0, rescore.Skipped: 0, rescore.Failed: 0}
	require.NoError(t, l.Rows(t.Context(), id, func(row rescore.Row) error {
		name, ends := row.SeriesUID, p.truth.Series
		if row.Path != "" {
			name, ends = row.Path, p.truth.Loose
		}
		require.False(t, seen[name], "%s is there once", name)
		seen[name] = true
		counts[row.State]++
		end, known := ends[name]
		require.True(t, known, "%s is an input", name)
		state := row.State
		if state == rescore.Unchanged {
			state = rescore.Scored
		}
		require.Equal(t, end, archivetest.End{State: state, Reason: row.Reason}, "%s: %s", name, row.Found)
		require.Equal(t, state == rescore.Scored, row.Result != nil)
		return nil
	}))
	require.Len(t, seen, len(p.truth.Series)+len(p.truth.Loose), "none is missing")
	return counts
}
