package rescorings_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/internal/rescore"
	"nafas/internal/store/rescorings"
	"nafas/internal/store/rescorings/postgrestest"
	"nafas/internal/triage"
)

func newDatabase(t *testing.T) string { return postgrestest.Database(t) }

func TestAPasswordIsNotTold(t *testing.T) {
	dsn := postgrestest.Database(t)
	var log bytes.Buffer
	o := rescorings.Options{Log: slog.New(slog.NewTextHandler(&log, nil))}
	for name, bad := range map[string]string{
		"no connection string":  "postgres://nafas:" + postgrestest.Password + "@127.0.0.1:notaport/nafas",
		"nobody there":          "postgres://nafas:" + postgrestest.Password + "@127.0.0.1:1/nafas",
		"no such host":          "postgres://nafas:" + postgrestest.Password + "@host.invalid/nafas",
		"no such database":      strings.Replace(dsn, "dbname=", "dbname=no", 1),
		"a password that is no": strings.Replace(dsn, postgrestest.Password, postgrestest.Password+"x", 1),
	} {
		_, err := rescorings.OpenPostgres(t.Context(), bad, o)
		require.Error(t, err, name)
		for _, secret := range []string{postgrestest.Password, "database=", "password=", "postgres://nafas:"} {
			require.NotContains(t, err.Error()+log.String(), secret, name)
		}
	}
}

// wire stands between a client and the server, and may be cut: what is sent then
// goes nowhere, and nobody says so.
type wire struct {
	port string
	mu   sync.Mutex
	cut  bool
}

func newWire(t *testing.T) *wire {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	_, port, err := net.SplitHostPort(listener.Addr().String())
	require.NoError(t, err)
	w := &wire{port: port}
	var wg sync.WaitGroup
	var conns []net.Conn
	t.Cleanup(func() {
		require.NoError(t, listener.Close())
		w.mu.Lock()
		for _, c := range conns {
			c.Close()
		}
		w.mu.Unlock()
		wg.Wait()
	})
	wg.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("unix", postgrestest.Socket())
			if err != nil {
				client.Close()
				continue
			}
			w.mu.Lock()
			conns = append(conns, client, server)
			w.mu.Unlock()
			wg.Go(func() { w.pass(client, server) })
			wg.Go(func() { w.pass(server, client) })
		}
	})
	return w
}

func (w *wire) pass(from, to net.Conn) {
	defer from.Close()
	defer to.Close()
	buf := make([]byte, 1<<16)
	for {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		if w.isCut() {
			_, _ = io.Copy(io.Discard, from)
			return
		}
		if _, err := to.Write(buf[:n]); err != nil {
			return
		}
	}
}

func (w *wire) isCut() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.cut
}

func TestACutOffDatabaseHoldsNobodyForEver(t *testing.T) {
	dsn := postgrestest.Database(t)
	w := newWire(t)
	_, rest, _ := strings.Cut(dsn, "port=5432")
	l, err := rescorings.OpenPostgres(t.Context(), "host=127.0.0.1 port="+w.port+rest, rescorings.Options{})
	require.NoError(t, err)
	defer l.Close()
	b := &book{Ledger: l, t: t}
	b.create(recipe)
	w.mu.Lock()
	w.cut = true
	w.mu.Unlock()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, err = l.Rescorings(ctx)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	_, err = l.Create(ctx, rescore.Rescoring{Recipe: recipe})
	require.Error(t, err)
	w.mu.Lock()
	w.cut = false
	w.mu.Unlock()
	require.Len(t, must(l.Rescorings(t.Context())), 1, "it goes on when the wire is mended")
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// Two workers that are told of the same attempt, as after a network that lost an
// answer, and many attempts at once: one at a time has the study.
func TestOneOfSeveralClaimersHasTheStudy(t *testing.T) {
	b := onPostgres(t)
	second := openPostgres(t, b.dsn)
	id := b.planned(recipe, part("1", "1.1", "CT"))
	b.feed(id, 1)
	job := b.jobOf(id, "1")
	const attempts = 8
	errs := make([][2]error, attempts+1)
	var wg sync.WaitGroup
	for attempt := 1; attempt <= attempts; attempt++ {
		for i, l := range []*rescorings.Ledger{b.Ledger, second} {
			wg.Go(func() {
				_, errs[attempt][i] = l.Claim(t.Context(), triage.Token{JobID: job, Attempt: attempt}, id, "1", "w1")
			})
		}
	}
	wg.Wait()
	for attempt := 1; attempt <= attempts; attempt++ {
		won := 0
		for _, err := range errs[attempt] {
			if err == nil {
				won++
				continue
			}
			require.ErrorIs(t, err, triage.ErrFenced)
		}
		require.LessOrEqual(t, won, 1)
		if attempt == attempts {
			require.Equal(t, 1, won, "nothing is newer than the last one")
		}
		err := b.Finish(t.Context(), triage.Token{JobID: job, Attempt: attempt}, id, recipe, outcome("1", scored("1", "1.1", recipe)))
		if attempt < attempts {
			require.ErrorIs(t, err, triage.ErrFenced)
			continue
		}
		require.NoError(t, err)
	}
	r := b.get(id)
	require.Equal(t, rescore.StateDone, r.State)
	require.EqualValues(t, attempts-1, r.Totals.Late)
}

// Several workers feed, end and steer the same rescorings at once.
func TestManyAtOnce(t *testing.T) {
	b := onPostgres(t)
	var parts []rescore.Part
	const studies = 120
	for i := range studies {
		uid := string(rune('a'+i%26)) + strings.Repeat("1", i/26)
		parts = append(parts, part(uid, uid+".1", "CT"))
	}
	id := b.planned(recipe, parts...)
	ledgers := []*rescorings.Ledger{b.Ledger, openPostgres(t, b.dsn), openPostgres(t, b.dsn)}
	var wg sync.WaitGroup
	errs := make(chan error, 1000)
	for i, l := range ledgers {
		wg.Go(func() {
			for round := range 400 {
				ctx := t.Context()
				_, err := l.Feed(ctx, id, 10, false)
				errs <- err
				err = b.workOne(l, id, "w"+string(rune('0'+i)))
				errs <- err
				if i == 0 && round%10 == 5 {
					_, err = l.Control(ctx, id, rescore.StatePaused, "", at)
					if err == nil {
						_, err = l.Control(ctx, id, rescore.StateRunning, "", at)
					}
					if err != nil && strings.Contains(err.Error(), rescore.ErrState.Error()) {
						err = nil // done meanwhile
					}
					errs <- err
				}
				_, err = l.TakeOver(ctx, time.Now().Add(-time.Minute))
				errs <- err
				r, err := l.Rescoring(ctx, id)
				errs <- err
				if r.State.Final() {
					return
				}
			}
		})
	}
	go func() {
		wg.Wait()
		close(errs)
	}()
	for err := range errs {
		require.NoError(t, err)
	}
	r := b.get(id)
	require.Equal(t, rescore.StateDone, r.State)
	require.Equal(t, rescore.Totals{Studies: studies, StudiesDone: studies, Inputs: studies, Scored: studies, Files: 2 * studies, Reasons: map[string]int64{}}, r.Totals)
	b.recount(id)
}

// workOne fetches one job as River does, and works it.
func (b *book) workOne(l *rescorings.Ledger, id int64, worker string) error {
	rows, err := b.raw.QueryContext(b.t.Context(), `
		UPDATE river_job SET state = 'running', attempt = attempt + 1, attempted_at = now(), attempted_by = ARRAY[$1]
		WHERE id IN (SELECT id FROM river_job WHERE state = 'available' ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
		RETURNING id, attempt, args->>'study_uid'`, worker)
	if err != nil {
		return err
	}
	defer rows.Close()
	if !rows.Next() {
		return rows.Err()
	}
	var token triage.Token
	var uid string
	if err := rows.Scan(&token.JobID, &token.Attempt, &uid); err != nil {
		return err
	}
	c, err := l.Claim(b.t.Context(), token, id, uid, worker)
	switch err {
	case nil:
		return l.Finish(b.t.Context(), token, id, recipe, outcome(uid, scored(uid, c.Parts[0].SeriesUID, recipe)))
	case rescore.ErrNotNow, triage.ErrFenced:
		return nil
	}
	return err
}
