package trials_test

import (
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/internal/rescore"
)

// kills is how often a process is killed at work.
const kills = 5

// The totals and the results of a rescoring that was killed time and again are
// those of one that was not.
func TestKilledAndResumedIsAsIfUndisturbed(t *testing.T) {
	p := newPast(t, *archiveSeries)
	calm, rough := filepath.Join(t.TempDir(), "calm"), filepath.Join(t.TempDir(), "rough")
	id := p.begin(p.archive, calm, p.model)
	p.resume(calm, id)
	undisturbed := p.look(calm)
	p.accounts(undisturbed, id)
	r, err := undisturbed.Rescoring(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, p.truth.Files, r.Totals.Files)

	id = p.begin(p.archive, rough, p.model)
	disturbed := p.look(rough)
	p.killAtWork(disturbed, id, p.resuming(rough, id))
	p.resume(rough, id)
	p.accounts(disturbed, id)
	require.Equal(t, rows(t, undisturbed, 1), rows(t, disturbed, id))
}

// killAtWork has a process killed again and again, each time after it got
// something done.
func (p *past) killAtWork(l rescore.Ledger, id int64, args []string) {
	t := p.t
	t.Helper()
	r := rand.New(rand.NewPCG(uint64(id), 2))
	for range kills {
		before := p.progress(l, id)
		cmd := p.command(args...)
		require.NoError(t, cmd.Start())
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		require.Eventually(t, func() bool { return p.progress(l, id) > before }, 2*time.Minute, 10*time.Millisecond, "it gets something done")
		p.killSometime(cmd, ended, r)
		now, err := l.Rescoring(t.Context(), id)
		require.NoError(t, err)
		require.False(t, now.State.Final(), "it was through before it was killed often enough: take a larger archive")
	}
}

// killSometime kills a process within the next second.
func (p *past) killSometime(cmd *exec.Cmd, ended <-chan error, r *rand.Rand) {
	time.Sleep(time.Duration(r.IntN(1000)) * time.Millisecond)
	require.NoError(p.t, cmd.Process.Kill())
	<-ended
}

// progress grows with everything that is kept of a rescoring.
func (p *past) progress(l rescore.Ledger, id int64) int64 {
	p.t.Helper()
	r, err := l.Rescoring(p.t.Context(), id)
	require.NoError(p.t, err)
	return r.Totals.Inputs + r.Totals.StudiesDone + r.Totals.Files
}

// A second rescoring of the same archive with the same model reads nothing.
func TestAgainIsUnchanged(t *testing.T) {
	p := newPast(t, 60)
	data := filepath.Join(t.TempDir(), "data")
	p.resume(data, p.begin(p.archive, data, p.model))
	p.resume(data, p.begin(p.archive, data, p.model))
	p.resume(data, p.begin(p.archive, data, p.model2))
	l := p.look(data)
	for id, want := range map[int64]rescore.SeriesState{1: rescore.Scored, 2: rescore.Unchanged, 3: rescore.Scored} {
		p.accounts(l, id)
		counts := p.ends(l, id)
		require.Equal(t, p.truth.Counts()[rescore.Scored], counts[want], "rescoring %d", id)
	}
}
