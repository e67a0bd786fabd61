package browser

import (
	"bufio"
	"os/exec"
	"regexp"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/internal/ortlib/ortlibtest"
)

// TestDemo: a newcomer's one command leads to a page with the study on it.
func TestDemo(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a real server and a real browser")
	}
	path, err := program()
	require.NoError(t, err)
	cmd := exec.Command(path, "demo", write(t, chest(t, upright).Volume, "D1", writeOptions{}), "--model", brightSpots, "--onnxruntime", ortlibtest.Path(t))
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	said, err := cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // it may be gone
		_ = cmd.Wait()
	})
	addresses := make(chan string, 1)
	go func() {
		defer close(addresses)
		for lines := bufio.NewScanner(said); lines.Scan(); {
			if m := regexp.MustCompile(`open http://(127\.0\.0\.1:\d+) in a browser`).FindStringSubmatch(lines.Text()); m != nil {
				addresses <- m[1]
			}
		}
	}()
	select {
	case at := <-addresses:
		require.NotEmpty(t, at, "the demo ended, and named no page")
		b := open(t, at, setting{})
		b.visit("/")
		b.openTop()
		b.quiet()
	case <-time.After(patience):
		require.Fail(t, "the demo names no page")
	}
}
