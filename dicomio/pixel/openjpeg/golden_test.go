package openjpeg_test

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/pixel/internal/pixeltest"
	"nafas/dicomio/pixel/openjpeg"
)

var update = flag.Bool("update", false, "write testdata anew with ojph_compress and opj_compress")

// golden are two small streams that need no encoder to be tested with.
var golden = []struct {
	name, tool string
	args       []string
	shape      pixeltest.Shape
}{
	{"htj2k.j2c", "ojph_compress", []string{"-reversible", "true", "-num_decomps", "3"},
		pixeltest.Shape{Rows: 24, Columns: 31, BitsAllocated: 16, BitsStored: 12}},
	{"j2k.j2k", "opj_compress", []string{"-n", "3", "-t", "16,16", "-PLT"},
		pixeltest.Shape{Rows: 24, Columns: 31, BitsAllocated: 16, BitsStored: 12}},
}

// smooth is the image that a golden stream holds, losslessly.
func smooth(s pixeltest.Shape) pixeltest.Image {
	all := pixeltest.Images(s)
	return all[slices.IndexFunc(all, func(m pixeltest.Image) bool { return m.Name == "smooth" })]
}

func goldenStream(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	return b
}

func TestGolden(t *testing.T) {
	needLibrary(t)
	for _, g := range golden {
		t.Run(g.name, func(t *testing.T) {
			m := smooth(g.shape)
			if *update {
				in := filepath.Join(t.TempDir(), "in.pgm")
				require.NoError(t, os.WriteFile(in, pgm(m), 0o600))
				pixeltest.Run(t, g.tool, append([]string{"-i", in, "-o", filepath.Join("testdata", g.name)}, g.args...)...)
			}
			requireDecoded(t, m.Values, goldenStream(t, g.name), m)
		})
	}
}

// TestMissingLibrary: what is not there, or is another library, is an error
// that says which package to install.
func TestMissingLibrary(t *testing.T) {
	err := openjpeg.Open("libnafas-has-no-such-library.so.7")
	require.Error(t, err)
	require.ErrorContains(t, openjpeg.Refused(err), "libopenjp2-7")
	require.ErrorContains(t, openjpeg.Open("libm.so.6"), "opj_version", "a library that is another one")
}

func TestVersion(t *testing.T) {
	needLibrary(t)
	require.Regexp(t, `^2\.\d+`, openjpeg.Version())
}
