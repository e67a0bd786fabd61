package trials_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/internal/rescore"
)

// begun starts a process that works a rescoring, and waits until it has got
// something done.
func (p *past) begun(l rescore.Ledger, id int64, args []string) (cmd *exec.Cmd, ended <-chan error) {
	p.t.Helper()
	before := p.progress(l, id)
	cmd = p.command(args...)
	require.NoError(p.t, cmd.Start())
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	require.Eventually(p.t, func() bool { return p.progress(l, id) > before }, 2*time.Minute, 10*time.Millisecond, "it gets something done")
	return cmd, done
}

// A share that goes away for a while, with studies in hand, fails none of them.
func TestAShareThatGoesAway(t *testing.T) {
	p := newPast(t, 60)
	data := filepath.Join(t.TempDir(), "data")
	id := p.begin(p.archive, data, p.model)
	l := p.look(data)
	_, ended := p.begun(l, id, p.resuming(data, id))
	for range 3 {
		require.NoError(t, os.Rename(p.archive, p.archive+"-away"))
		time.Sleep(2 * time.Second)
		require.NoError(t, os.Rename(p.archive+"-away", p.archive))
		time.Sleep(500 * time.Millisecond)
	}
	<-ended
	if r, err := l.Rescoring(t.Context(), id); err == nil && !r.State.Final() {
		p.resume(data, id) // it went away while files were listed, which had it paused
	}
	p.accounts(l, id)
}

// One that looks on while another one works goes on when that one ends.
func TestWhoLooksOnGoesOn(t *testing.T) {
	p := newPast(t, 60)
	data := filepath.Join(t.TempDir(), "data")
	id := p.begin(p.archive, data, p.model)
	l := p.look(data)
	first, ended := p.begun(l, id, p.resuming(data, id))
	second := p.command(p.resuming(data, id)...)
	require.NoError(t, second.Start())
	through := make(chan error, 1)
	go func() { through <- second.Wait() }()
	time.Sleep(time.Second) // it looks on
	require.NoError(t, first.Process.Signal(os.Interrupt))
	<-ended
	select {
	case <-through:
	case <-time.After(2 * time.Minute):
		require.NoError(t, second.Process.Kill())
		require.Fail(t, "nobody works")
	}
	p.accounts(l, id)
}

// Folders are called as they were in an older encoding than UTF-8.
func TestNamesThatAreNotUTF8(t *testing.T) {
	p := newPast(t, 40)
	data := filepath.Join(t.TempDir(), "data")
	above := filepath.Dir(p.archive)
	inside := filepath.Join(above, "all", "M\xfcller")
	require.NoError(t, os.Mkdir(filepath.Join(above, "all"), 0o700))
	require.NoError(t, os.Rename(p.archive, inside))
	id := p.begin(filepath.Join(above, "all"), data, p.model)
	p.resume(data, id)
	l := p.look(data)
	r, err := l.Rescoring(t.Context(), id)
	require.NoError(t, err)
	want := p.truth.Counts()
	want[rescore.Unchanged] = 0
	require.Equal(t, want, map[rescore.SeriesState]int64{
		rescore.Scored: r.Totals.Scored, rescore.Unchanged: r.Totals.Unchanged, rescore.Skipped: r.Totals.Skipped, rescore.Failed: r.Totals.Failed,
	})
}
