package jpegls_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/part10"
	"nafas/dicomio/pixel"
	"nafas/dicomio/pixel/internal/pixeltest"
)

// TestEncoder shows GDCM, which decodes with CharLS, what the test's own
// encoder writes: else encoder and decoder could share a misreading. An odd
// MAXVAL is not among it: CharLS 2.4 takes MAXVAL+1 for a power of two.
func TestEncoder(t *testing.T) {
	pixeltest.Peer(t, "gdcmconv", "libgdcm-tools")
	for name, e := range map[string]encoder{
		"restart":    {precision: 12, interval: 7},
		"thresholds": {precision: 12, t1: 1, t2: 30, t3: 50, reset: 9},
		"near":       {precision: 16, near: 100},
		"10 bits":    {precision: 10},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := pixeltest.Shape{Rows: 37, Columns: 41, BitsAllocated: 16, BitsStored: e.precision}
			for _, m := range pixeltest.Images(s)[3:] {
				for i := range m.Values {
					if e.maxVal > 0 {
						m.Values[i] = min(m.Values[i], uint16(e.maxVal))
					}
				}
				e := e
				e.rows, e.columns = m.Rows, m.Columns
				syntax := part10.JPEGLSLossless
				if e.near > 0 {
					syntax = part10.JPEGLSNearLossless
				}
				coded, native := filepath.Join(t.TempDir(), "coded.dcm"), filepath.Join(t.TempDir(), "native.dcm")
				pixeltest.WriteCoded(t, coded, syntax, m, e.encode(m.Values))
				pixeltest.Run(t, "gdcmconv", "--raw", coded, native)
				frames, got := pixeltest.Read(t, native)
				values := make([]uint16, len(m.Values))
				require.NoError(t, pixel.Decode(values, frames[0], m.Format(got)))
				for i, v := range m.Values {
					require.InDelta(t, v, values[i], float64(e.near), m.Name)
				}
			}
		})
	}
}
