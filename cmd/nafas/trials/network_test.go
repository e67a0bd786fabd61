package trials_test

import (
	"fmt"
	"io"
	"net"
	"os/exec"
	"strconv"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// The two ends of the cable between this network and that of a machine of its own.
const (
	ourAddress   = "10.99.0.1"
	theirAddress = "10.99.0.2"
	ourEnd       = "nafas-us"
	theirEnd     = "nafas-them"
)

// machine is a network of its own, at the other end of a cable.
type machine struct {
	t   *testing.T
	pid int
}

// newMachine makes one; the test must be in a network of its own itself.
func newMachine(t *testing.T) *machine {
	t.Helper()
	holder := exec.Command("unshare", "--net", "sleep", "1000")
	holder.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	require.NoError(t, holder.Start())
	t.Cleanup(func() {
		_ = holder.Process.Kill()
		_ = holder.Wait()
	})
	m := &machine{t, holder.Process.Pid}
	require.Eventually(t, func() bool { return exec.Command(m.prefix()[0], append(m.prefix()[1:], "true")...).Run() == nil }, waitLong, waitStep)
	m.do("ip", "link", "add", ourEnd, "type", "veth", "peer", "name", theirEnd, "netns", strconv.Itoa(m.pid))
	m.do("ip", "addr", "add", ourAddress+"/24", "dev", ourEnd)
	m.do("ip", "link", "set", ourEnd, "up")
	for _, args := range [][]string{
		{"ip", "addr", "add", theirAddress + "/24", "dev", theirEnd}, {"ip", "link", "set", theirEnd, "up"}, {"ip", "link", "set", "lo", "up"},
	} {
		m.do(append(m.prefix(), args...)...)
	}
	return m
}

// prefix begins a command that runs there.
func (m *machine) prefix() []string {
	return []string{"nsenter", "--target", strconv.Itoa(m.pid), "--net"}
}

func (m *machine) do(args ...string) {
	m.t.Helper()
	out, err := exec.Command(args[0], args[1:]...).CombinedOutput()
	require.NoError(m.t, err, "%v: %s", args, out)
}

// cut pulls the cable, and mend puts it back.
func (m *machine) cut()  { m.do("ip", "link", "set", ourEnd, "down") }
func (m *machine) mend() { m.do("ip", "link", "set", ourEnd, "up") }

// forward listens on our end of the cable for a Unix socket, and returns the port.
func forward(t *testing.T, socket string) int {
	t.Helper()
	l, err := net.Listen("tcp", ourAddress+":0")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go through(conn, socket)
		}
	}()
	return l.Addr().(*net.TCPAddr).Port
}

// through copies both ways until one of them ends.
func through(conn net.Conn, socket string) {
	defer conn.Close()
	to, err := net.Dial("unix", socket)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer to.Close()
	go func() {
		_, _ = io.Copy(to, conn)
		to.Close()
	}()
	_, _ = io.Copy(conn, to)
}
