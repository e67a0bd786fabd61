package main

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var soak = flag.Bool("soak", false, "run TestSoak: 50 studies through one server, about ten minutes")

var residentLine = regexp.MustCompile(`VmRSS:\s+(\d+) kB`)

func residentMiB(t *testing.T, pid int) float64 {
	t.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	require.NoError(t, err)
	m := residentLine.FindSubmatch(raw)
	require.NotNil(t, m)
	kib, err := strconv.Atoi(string(m[1]))
	require.NoError(t, err)
	return float64(kib) / 1024
}

// TestSoak reports the server's memory over 50 studies and after five minutes
// without work; docs/performance.md has the figures. It fails only where a
// study does.
func TestSoak(t *testing.T) {
	if !*soak {
		t.Skip("a long run that reports figures; start it with -soak")
	}
	s := startServer(t, t.TempDir())
	for i := range 50 {
		uid, files := smallStudy(t, fmt.Sprintf("soak %d", i))
		_, err := s.send(t.Context(), files)
		require.NoError(t, err)
		s.wait(uid, 2*time.Minute)
		if i%10 == 9 {
			t.Logf("after %2d studies: server %.1f MiB", i+1, residentMiB(t, s.cmd.Process.Pid))
		}
	}
	time.Sleep(5 * time.Minute)
	t.Logf("five minutes later: server %.1f MiB", residentMiB(t, s.cmd.Process.Pid))
}
