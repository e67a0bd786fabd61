package browser

import (
	"bufio"
	"bytes"
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

	"github.com/stretchr/testify/require"

	"nafas/internal/ortlib/ortlibtest"
)

// program builds nafas once for all tests.
var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "nafas-browser-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "nafas")
	out, err := exec.Command("go", "build", "-o", path, "nafas/cmd/nafas").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w: %s", err, out)
	}
	return path, nil
})

// nafas runs a verb of the program to its end and returns what it printed.
func nafas(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	path, err := program()
	require.NoError(t, err)
	cmd := exec.Command(path, args...)
	var out, errors bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &errors
	require.NoError(t, cmd.Run(), "nafas %s: %s%s", strings.Join(args, " "), out.String(), errors.String())
	return out.String()
}

// brightSpots is a hand-made network that marks bright places in a moment.
const brightSpots = "../../../inference/testdata/brightspots"

// server is a running `nafas serve`.
type server struct {
	t    *testing.T
	cmd  *exec.Cmd
	data string
	// grpc and http are HOST:PORT.
	grpc, http string
}

var listening = regexp.MustCompile(`grpc=(127\.0\.0\.1:\d+) dicom=\S* http=(127\.0\.0\.1:\d+)`)

// serve starts a service over a data folder.
func serve(t *testing.T, data string, more ...string) *server {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a real server and a real browser")
	}
	path, err := program()
	require.NoError(t, err)
	s := &server{t: t, data: data, cmd: exec.Command(path, append([]string{
		"serve", "--listen", "127.0.0.1:0", "--http-listen", "127.0.0.1:0", "--data", data,
		"--onnxruntime", ortlibtest.Path(t), "--min-free-mib", "1",
	}, more...)...)}
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	log, err := s.cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, s.cmd.Start())
	t.Cleanup(s.stop)
	addresses := make(chan []string, 1)
	go func() {
		defer close(addresses)
		for lines := bufio.NewScanner(log); lines.Scan(); {
			if m := listening.FindStringSubmatch(lines.Text()); m != nil {
				addresses <- m[1:]
			}
			if strings.Contains(lines.Text(), "level=ERROR") || os.Getenv("NAFAS_TEST_LOG") != "" {
				fmt.Fprintln(os.Stderr, lines.Text())
			}
		}
	}()
	select {
	case found := <-addresses:
		require.NotNil(t, found, "serve ended before it listened")
		s.grpc, s.http = found[0], found[1]
	case <-time.After(2 * time.Minute):
		require.Fail(t, "serve did not start")
	}
	return s
}

func (s *server) stop() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM) // it may be gone
	done := make(chan struct{})
	go func() { _ = s.cmd.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(30 * time.Second):
		_ = s.cmd.Process.Kill()
		<-done
	}
}

// send sends folders and waits until they are read.
func (s *server) send(paths ...string) {
	s.t.Helper()
	nafas(s.t, "", append([]string{"send", "--address", s.grpc, "--wait", "--format", "json"}, paths...)...)
}

// sendUnread sends a folder that will not be read, and waits until that is known.
func (s *server) sendUnread(path string) {
	s.t.Helper()
	program, err := program()
	require.NoError(s.t, err)
	out, err := exec.Command(program, "send", "--address", s.grpc, "--wait", path).CombinedOutput()
	require.Error(s.t, err, "it was read: %s", out)
}

// password is every test user's.
const password = "a long enough password"

// users are added to a data folder, with their roles.
func addUser(t *testing.T, data, name, display, roles string) {
	t.Helper()
	nafas(t, password+"\n", "user", "add", name, "--display", display, "--roles", roles, "--data", data, "--password-stdin")
}

// testData is a folder of real data; the test skips without it.
func testData(t *testing.T, name string) string {
	t.Helper()
	root := os.Getenv("NAFAS_TEST_DATA")
	if root == "" {
		require.Empty(t, os.Getenv("CI"), "NAFAS_TEST_DATA must name the real data in CI")
		t.Skip("real CT: NAFAS_TEST_DATA names no folder")
	}
	return filepath.Join(root, name)
}
