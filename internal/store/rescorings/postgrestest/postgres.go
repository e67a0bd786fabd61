// Package postgrestest gives tests a PostgreSQL server of their own, as Debian
// packages it. It listens on a socket in a temporary folder alone.
package postgrestest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// Password is that of the user, for tests that look whether it is told.
const Password = "secret-of-the-test"

// errMissing says that the machine has no PostgreSQL.
var errMissing = errors.New("PostgreSQL is not installed (Debian's package postgresql)")

// server is one for all tests of a process.
type server struct {
	dir string
	cmd *exec.Cmd
	// ended gets the process' end.
	ended chan error
	made  int
}

var (
	mu      sync.Mutex
	one     *server
	failure error
)

// Database makes a database for a test and returns its connection string. The
// server is started by the first call; Stop ends it. A machine without PostgreSQL
// skips the test, and fails it where CI is true.
func Database(t testing.TB) string {
	t.Helper()
	mu.Lock()
	defer mu.Unlock()
	if one == nil && failure == nil {
		one, failure = start(context.WithoutCancel(t.Context()))
	}
	if errors.Is(failure, errMissing) && os.Getenv("CI") != "true" {
		t.Skip(failure)
	}
	require.NoError(t, failure)
	one.made++
	name := "test" + strconv.Itoa(one.made)
	conn, err := pgx.Connect(t.Context(), one.dsn("postgres"))
	require.NoError(t, err)
	_, err = conn.Exec(t.Context(), "CREATE DATABASE "+name)
	require.NoError(t, errors.Join(err, conn.Close(t.Context())))
	return one.dsn(name)
}

// Socket is the path of the server's socket, for who stands between it and a
// client. Database was called before.
func Socket() string {
	mu.Lock()
	defer mu.Unlock()
	return filepath.Join(one.dir, ".s.PGSQL.5432")
}

// Stop ends the server, if there is one, at the end of all tests.
func Stop() {
	mu.Lock()
	defer mu.Unlock()
	if one == nil {
		return
	}
	one.stop()
	one, failure = nil, errors.New("the server was stopped")
}

func (s *server) dsn(database string) string {
	return fmt.Sprintf("host=%s port=5432 user=nafas password=%s dbname=%s", s.dir, Password, database)
}

func (s *server) stop() {
	if s.cmd != nil {
		_ = s.cmd.Process.Signal(syscall.SIGINT) // fast shutdown
		select {
		case <-s.ended:
		case <-time.After(20 * time.Second):
			_ = s.cmd.Process.Kill()
			<-s.ended
		}
	}
	_ = os.RemoveAll(s.dir)
}

// binary finds the newest PostgreSQL's program.
func binary(name string) (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if err != nil || len(found) == 0 {
		return "", errors.Join(err, errMissing)
	}
	return found[len(found)-1], nil
}

// attributes are those of the server's processes: PostgreSQL does not run as root,
// and must not outlive the tests.
func attributes(dir string) (*syscall.SysProcAttr, error) {
	attr := &syscall.SysProcAttr{Pdeathsig: syscall.SIGQUIT}
	if os.Geteuid() != 0 {
		return attr, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, err
	}
	uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
	gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
	attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return attr, errors.Join(err1, err2, os.Chown(dir, int(uid), int(gid)))
}

func start(ctx context.Context) (*server, error) {
	initdb, err := binary("initdb")
	if err != nil {
		return nil, err
	}
	postgres, err := binary("postgres")
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "nafas-postgres-")
	if err != nil {
		return nil, err
	}
	s := &server{dir: dir, ended: make(chan error, 1)}
	if err := s.start(ctx, initdb, postgres); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

func (s *server) start(ctx context.Context, initdb, postgres string) error {
	attr, err := attributes(s.dir)
	if err != nil {
		return err
	}
	secret := filepath.Join(s.dir, "password")
	if err := os.WriteFile(secret, []byte(Password), 0o644); err != nil {
		return err
	}
	data := filepath.Join(s.dir, "data")
	// The order of words in English is not that of bytes: what must be compared byte
	// by byte has to say so.
	setup := exec.CommandContext(ctx, initdb, "--pgdata", data, "--username", "nafas", "--pwfile", secret, "--auth", "scram-sha-256",
		"--encoding", "UTF8", "--locale", "C.UTF-8", "--locale-provider", "icu", "--icu-locale", "en-US", "--no-sync")
	setup.Dir, setup.SysProcAttr = s.dir, attr
	if out, err := setup.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	log, err := os.Create(filepath.Join(s.dir, "log"))
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(postgres, "-D", data, "-k", s.dir, "-c", "listen_addresses=", "-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=60")
	cmd.Dir, cmd.SysProcAttr, cmd.Stdout, cmd.Stderr = s.dir, attr, log, log
	started := make(chan error)
	go func() {
		// The signal for the end of the parent is for the end of the thread that
		// started the child.
		runtime.LockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			s.ended <- cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		return err
	}
	s.cmd = cmd
	return s.ready(ctx)
}

// ready waits until the server answers.
func (s *server) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, s.dsn("postgres"))
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case end := <-s.ended:
			s.cmd = nil
			text, _ := os.ReadFile(filepath.Join(s.dir, "log"))
			return fmt.Errorf("the server ended: %w: %s", end, text)
		case <-ctx.Done():
			return err
		case <-time.After(50 * time.Millisecond):
		}
	}
}
