// Package netnstest runs a test in a network namespace of its own: servers
// such as DCMTK's and Orthanc's listen on every interface, and in there
// loopback is the only one.
package netnstest

import (
	"flag"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// variable marks the child process.
const variable = "NAFAS_TEST_NAMESPACE"

// Run runs body, a top-level test's, in a child process with a network
// namespace of its own. It skips where the system allows none, but not where
// CI=true.
func Run(t *testing.T, body func(t *testing.T)) {
	t.Helper()
	if os.Getenv(variable) == "1" {
		require.NoError(t, loopbackUp())
		body(t)
		return
	}
	// The child dies with the thread that made it (Pdeathsig), so that none
	// outlives a test that was killed; the thread must stay until then.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd := exec.Command(os.Args[0], append(flags(), "-test.run", "^"+t.Name()+"$", "-test.v")...)
	cmd.Env = append(os.Environ(), variable+"=1")
	cmd.SysProcAttr = namespace()
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil { // it did not even start
		if os.Getenv("CI") == "true" {
			require.NoError(t, err, "CI must allow network namespaces")
		}
		t.Skipf("no network namespaces here: %v", err)
	}
	if strings.Contains(string(out), "--- SKIP: "+t.Name()) {
		t.Skip(string(out))
	}
	require.NoErrorf(t, err, "%s", out)
	require.Contains(t, string(out), "--- PASS: "+t.Name())
}

// flags are those of this process that were set: how long and how much is tested,
// and all that packages define; not which tests run or how they are printed.
func flags() []string {
	var out []string
	flag.Visit(func(f *flag.Flag) {
		if !strings.HasPrefix(f.Name, "test.") || f.Name == "test.timeout" || f.Name == "test.short" {
			out = append(out, "-"+f.Name+"="+f.Value.String())
		}
	})
	return out
}

// namespace asks for a new network, and where we are not root for a new user
// namespace around it.
func namespace() *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	if uid := os.Getuid(); uid != 0 {
		a.Cloneflags |= syscall.CLONE_NEWUSER
		a.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: uid, Size: 1}}
		a.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	return a
}

// loopbackUp brings up lo, which a new namespace has down.
func loopbackUp() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	rq, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	if err := unix.IoctlIfreq(fd, unix.SIOCGIFFLAGS, rq); err != nil {
		return err
	}
	rq.SetUint16(rq.Uint16() | unix.IFF_UP)
	return unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, rq)
}
