package pixeltest

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// Peer skips the test where a tool is not installed, and fails it there in
// continuous integration, which installs them all.
func Peer(t testing.TB, tool, debianPackage string) {
	t.Helper()
	if _, err := exec.LookPath(tool); err != nil {
		missing(t, "the peer "+tool+" is not installed (Debian package "+debianPackage+")")
	}
}

// Run runs a peer and returns what it printed.
func Run(t testing.TB, tool string, args ...string) string {
	t.Helper()
	out, err := exec.Command(tool, args...).CombinedOutput()
	require.NoError(t, err, "%s %v: %s", tool, args, out)
	return string(out)
}

// Data returns the path of a file or folder below NAFAS_TEST_DATA, and skips
// the test where there is none.
func Data(t testing.TB, name string) string {
	t.Helper()
	root := os.Getenv("NAFAS_TEST_DATA")
	if root == "" {
		missing(t, "NAFAS_TEST_DATA names no folder with real data")
	}
	path := filepath.Join(root, filepath.FromSlash(name))
	if _, err := os.Stat(path); err != nil {
		missing(t, "NAFAS_TEST_DATA has no "+name)
	}
	return path
}

func missing(t testing.TB, why string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(why)
	}
	t.Skip(why)
}
