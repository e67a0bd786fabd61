package netnstest_test

import (
	"flag"
	"net"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/dimse/netnstest"
)

var size = flag.Int("size", 1, "something that a package asks its tests")

// What the tests are asked holds in the namespace too: a trial with ten times as much
// is none if its child does with the default.
func TestTheFlagsOfAPackageHoldInside(t *testing.T) {
	if os.Getenv("NAFAS_TEST_NAMESPACE") == "" {
		require.NoError(t, flag.Set("size", "7"))
	}
	netnstest.Run(t, func(t *testing.T) {
		require.Equal(t, 7, *size)
		interfaces, err := net.Interfaces()
		require.NoError(t, err)
		require.Len(t, interfaces, 1, "loopback alone")
	})
}
