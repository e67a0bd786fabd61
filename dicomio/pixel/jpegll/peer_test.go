package jpegll_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/part10"
	"nafas/dicomio/pixel"
	"nafas/dicomio/pixel/internal/pixeltest"
)

// TestEncoder shows DCMTK what the test's own encoder writes: else encoder and
// decoder could share a misreading.
func TestEncoder(t *testing.T) {
	pixeltest.Peer(t, "dcmdjpeg", "dcmtk")
	for name, e := range map[string]encoder{
		"restart":     {precision: 12, predictor: 4, interval: 7},
		"long codes":  {precision: 16, predictor: 7, shape: "long", table: 3},
		"transform":   {precision: 16, predictor: 1, transform: 5},
		"predictor 5": {precision: 8, predictor: 5},
		"predictor 6": {precision: 12, predictor: 6, interval: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := pixeltest.Shape{Rows: 37, Columns: 41, BitsAllocated: 16, BitsStored: e.precision}
			if e.precision == 8 {
				s.BitsAllocated = 8
			}
			for _, m := range pixeltest.Images(s)[3:] {
				e := e
				e.rows, e.columns = m.Rows, m.Columns
				coded, native := filepath.Join(t.TempDir(), "coded.dcm"), filepath.Join(t.TempDir(), "native.dcm")
				pixeltest.WriteCoded(t, coded, part10.JPEGLossless, m, e.encode(m.Values))
				pixeltest.Run(t, "dcmdjpeg", coded, native)
				frames, syntax := pixeltest.Read(t, native)
				got := make([]uint16, len(m.Values))
				require.NoError(t, pixel.Decode(got, frames[0], m.Format(syntax)))
				for i, v := range m.Values {
					require.Equal(t, v>>e.transform<<e.transform, got[i], m.Name)
				}
			}
		})
	}
}
