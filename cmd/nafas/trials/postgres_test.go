package trials_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"nafas/dicomio/dimse/netnstest"
	"nafas/internal/rescore"
	"nafas/internal/store/rescorings"
	"nafas/internal/store/rescorings/postgrestest"
)

// waitLong is more than anything takes that is waited for; waitStep is how often it
// is looked at.
const (
	waitLong = 3 * time.Minute
	waitStep = 20 * time.Millisecond
)

// process is nafas at work in the background.
type process struct {
	t     *testing.T
	cmd   *exec.Cmd
	ended chan struct{}
	mu    sync.Mutex
	log   bytes.Buffer
}

// Write takes what the process prints.
func (p *process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.Write(b)
}

func (p *process) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.String()
}

// start starts nafas; the end of the test kills it.
func (p *past) start(args ...string) *process {
	p.t.Helper()
	out := &process{t: p.t, cmd: p.command(args...), ended: make(chan struct{})}
	out.cmd.Stdout, out.cmd.Stderr = out, out
	require.NoError(p.t, out.cmd.Start())
	go func() {
		_ = out.cmd.Wait()
		close(out.ended)
	}()
	p.t.Cleanup(func() {
		out.kill()
		if p.t.Failed() {
			p.t.Logf("nafas %s:\n%s", strings.Join(args, " "), out.said())
		}
	})
	return out
}

func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.ended
}

// end asks it to end, and waits.
func (p *process) end() {
	p.t.Helper()
	require.NoError(p.t, p.cmd.Process.Signal(syscall.SIGTERM))
	select {
	case <-p.ended:
	case <-time.After(waitLong):
		p.t.Fatalf("it does not end: %s", p.said())
	}
}

// shared opens the ledger that several machines share.
func shared(t *testing.T, dsn string) *rescorings.Ledger {
	t.Helper()
	l, err := rescorings.OpenPostgres(t.Context(), dsn, rescorings.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	return l
}

// Three workers share a rescoring; one is killed, and one is cut off at work and
// comes back with a result that is not wanted any more. Totals and results are those
// of an undisturbed rescoring on one machine.
func TestOneWorkerIsKilledAndOneIsCutOff(t *testing.T) {
	netnstest.Run(t, func(t *testing.T) {
		t.Cleanup(postgrestest.Stop)
		p := newPast(t, *archiveSeries)
		calm := filepath.Join(t.TempDir(), "calm")
		p.resume(calm, p.begin(p.archive, calm, p.model))
		undisturbed := p.look(calm)

		dsn := postgrestest.Database(t)
		p.env = append(os.Environ(), "NAFAS_DATABASE="+dsn)
		l := shared(t, dsn)
		far := newMachine(t)
		handOut := ourAddress + ":18043"
		coordinator := p.start("rescore", "start", p.archive, "--data", t.TempDir(), "--model", p.model, "--models", p.models, "--onnxruntime", p.library,
			"--cores", "0", "--silent", "4s", "--hand-out-listen", handOut, "--hand-out-insecure")
		const id = 1
		near := p.worker(t, "--cores", "1")
		doomed := p.worker(t, "--cores", "1")
		away := p.away(t, far, dsn, "http://"+handOut)

		hands := newHands(t, dsn)
		hands.await(near)
		hands.await(away)
		hands.await(doomed)
		doomed.kill()

		study := hands.cutOff(far, away)
		require.Eventually(t, func() bool { return hands.of(study) != away.name() }, waitLong, waitStep, "others take its study over")
		require.Zero(t, totals(t, l, id).Late)
		far.mend()
		require.Eventually(t, func() bool { return totals(t, l, id).Late > 0 }, waitLong, waitStep, "its result comes, and is refused")

		select {
		case <-coordinator.ended:
		case <-time.After(waitLong + time.Duration(*archiveSeries)*time.Second):
			t.Fatal("the rescoring does not end")
		}
		require.Equal(t, exitSomeFailed, coordinator.cmd.ProcessState.ExitCode())
		near.end()
		away.end()
		p.accounts(l, id)
		require.Equal(t, rows(t, undisturbed, 1), rows(t, l, id))
		require.GreaterOrEqual(t, readBy(t, l, id), 2, "the two that lived both read some")
		for _, one := range []*process{coordinator, near, away} {
			require.NotContains(t, one.said(), postgrestest.Password)
		}
	})
}

// hands says who has which study.
type hands struct {
	t    *testing.T
	conn *pgx.Conn
}

func newHands(t *testing.T, dsn string) *hands {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close(context.Background()) })
	return &hands{t, conn}
}

// one is the first text of a query's answer, or "".
func (h *hands) one(query, arg string) string {
	h.t.Helper()
	var out string
	err := h.conn.QueryRow(h.t.Context(), query, arg).Scan(&out)
	if !errors.Is(err, pgx.ErrNoRows) {
		require.NoError(h.t, err)
	}
	return out
}

// in is the study that a worker has in hand, or "".
func (h *hands) in(worker string) string {
	h.t.Helper()
	return h.one(`SELECT uid FROM study WHERE state = 'running' AND worker = $1 ORDER BY id LIMIT 1`, worker)
}

// of is who has a study, or had it last.
func (h *hands) of(study string) string {
	h.t.Helper()
	return h.one(`SELECT coalesce(worker, '') FROM study WHERE uid = $1`, study)
}

// await waits until a worker has a study in hand.
func (h *hands) await(p *process) {
	h.t.Helper()
	require.Eventually(h.t, func() bool { return h.in(p.name()) != "" }, waitLong, waitStep)
}

// cutOff cuts a worker off while it has a study in hand, and returns which.
func (h *hands) cutOff(m *machine, p *process) string {
	h.t.Helper()
	for range 20 {
		h.await(p)
		m.cut()
		if study := h.in(p.name()); study != "" {
			return study
		}
		m.mend()
	}
	h.t.Fatal("it never had a study in hand when it was cut off")
	return ""
}

var workerName = regexp.MustCompile(`cores as ([^;]+);`)

// name is a worker's, once it has said it; "" before.
func (p *process) name() string {
	if found := workerName.FindStringSubmatch(p.said()); found != nil {
		return found[1]
	}
	return "?"
}

func (p *past) worker(t *testing.T, more ...string) *process {
	return p.start(append([]string{"worker", "--data", t.TempDir(), "--models", p.models, "--onnxruntime", p.library, "--silent", "4s"}, more...)...)
}

// away is a worker on another machine, which has the files over the network alone.
func (p *past) away(t *testing.T, m *machine, dsn, files string) *process {
	t.Helper()
	c, err := pgx.ParseConfig(dsn)
	require.NoError(t, err)
	q := *p
	q.prefix = append(m.prefix(), "unshare", "--uts", "sh", "-c", `hostname away && exec "$0" "$@"`)
	q.env = append(os.Environ(), fmt.Sprintf("NAFAS_DATABASE=postgres://%s:%s@%s:%d/%s?connect_timeout=3", c.User, c.Password, ourAddress,
		forward(t, postgrestest.Socket()), c.Database))
	return q.worker(t, "--cores", "1", "--files-from", files, "--files-insecure")
}

func totals(t *testing.T, l rescore.Ledger, id int64) rescore.Totals {
	t.Helper()
	r, err := l.Rescoring(t.Context(), id)
	require.NoError(t, err)
	return r.Totals
}

// readBy is how many workers read some study to its end.
func readBy(t *testing.T, l rescore.Ledger, id int64) int {
	t.Helper()
	names := map[string]bool{}
	require.NoError(t, l.Rows(t.Context(), id, func(r rescore.Row) error {
		if r.Result != nil {
			names[r.Worker] = true
		}
		return nil
	}))
	return len(names)
}
