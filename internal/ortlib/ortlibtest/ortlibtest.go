// Package ortlibtest gives tests the ONNX Runtime library.
package ortlibtest

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/internal/ortlib"
)

// Path is a library that can be loaded; it is fetched once where it is
// missing. A machine that cannot have it fails the test with the ways out.
func Path(t testing.TB) string {
	t.Helper()
	lib, err := ortlib.Find(t.Context(), ortlib.Options{
		Explicit:   os.Getenv("NAFAS_ONNXRUNTIME"),
		AllowFetch: true,
	})
	require.NoError(t, err)
	return lib.Path
}
