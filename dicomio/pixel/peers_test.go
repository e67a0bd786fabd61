package pixel_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/part10"
	"nafas/dicomio/pixel"
	"nafas/dicomio/pixel/internal/pixeltest"
)

// encoding is one way in which a peer compresses a native file.
type encoding struct {
	name, tool, debian string
	args               []string // before the two paths
	syntax             string   // transfer syntax of what it writes
	near               int      // greatest difference from the original, -1 for no bound
	undo               []string // for lossy ones: the peer's own decoder, to agree with exactly
}

func dcmtk(name, tool, syntax string, near int, args ...string) encoding {
	return encoding{name: "dcmtk/" + name, tool: tool, debian: "dcmtk", args: args, syntax: syntax, near: near}
}

func gdcm(name, syntax string, near int, args ...string) encoding {
	return encoding{name: "gdcm/" + name, tool: "gdcmconv", debian: "libgdcm-tools", args: args, syntax: syntax, near: near}
}

func encodings() []encoding {
	all := []encoding{
		dcmtk("rle", "dcmcrle", part10.RLELossless, 0),
		dcmtk("jpeg-sv1", "dcmcjpeg", part10.JPEGLosslessSV1, 0, "+e1"),
		dcmtk("jpegls", "dcmcjpls", part10.JPEGLSLossless, 0, "+el"),
		dcmtk("jpegls-cooked", "dcmcjpls", part10.JPEGLSLossless, 0, "+el", "+pc"),
		dcmtk("jpegls-thresholds", "dcmcjpls", part10.JPEGLSLossless, 0, "+el", "+t1", "5", "+t2", "11", "+t3", "40", "+rs", "31"),
		dcmtk("jpegls-zero-padding", "dcmcjpls", part10.JPEGLSLossless, 0, "+el", "+pz"),
		dcmtk("jpegls-fragments", "dcmcjpls", part10.JPEGLSLossless, 0, "+el", "+fs", "2"),
		dcmtk("jpegls-near1", "dcmcjpls", part10.JPEGLSNearLossless, 1, "+en", "+md", "1"),
		dcmtk("jpegls-near2", "dcmcjpls", part10.JPEGLSNearLossless, 2, "+en"),
		dcmtk("jpegls-near9", "dcmcjpls", part10.JPEGLSNearLossless, 9, "+en", "+md", "9"),
		gdcm("rle", part10.RLELossless, 0, "--rle"),
		gdcm("jpeg", part10.JPEGLosslessSV1, 0, "--jpeg"),
		gdcm("jpegls", part10.JPEGLSLossless, 0, "--jpegls"),
		gdcm("jpegls-near3", part10.JPEGLSNearLossless, 3, "--jpegls", "--lossy", "--allowed-error", "3"),
		gdcm("j2k", part10.JPEG2000Lossless, 0, "--j2k"),
		gdcm("j2k-tiles", part10.JPEG2000Lossless, 0, "--j2k", "-t", "16,24", "-n", "3"),
	}
	for sv := 1; sv <= 7; sv++ {
		all = append(all, dcmtk(fmt.Sprintf("jpeg-predictor%d", sv), "dcmcjpeg",
			part10.JPEGLossless, 0, "+el", "+sv", fmt.Sprint(sv)))
	}
	all = append(all,
		dcmtk("jpeg-transform3", "dcmcjpeg", part10.JPEGLosslessSV1, 7, "+e1", "+pt", "3"),
		gdcm("j2k-lossy", part10.JPEG2000, -1, "--j2k", "--lossy", "-r", "6", "--irreversible"))
	for i, e := range all {
		if e.near != 0 {
			all[i].undo = map[string][]string{
				"dcmcjpls": {"dcmdjpls"}, "dcmcjpeg": {"dcmdjpeg"}, "gdcmconv": {"gdcmconv", "--raw"},
			}[e.tool]
		}
	}
	return all
}

// unfit says why a peer cannot write a shape, "" where it can.
func unfit(e encoding, s pixeltest.Shape) string {
	line := min(s.Rows, s.Columns) == 1
	switch {
	case e.tool == "dcmcjpls" && e.near > 0 && s.Signed:
		return "dcmcjpls refuses signed pixels"
	case e.name == "dcmtk/jpegls-cooked" && s.Signed:
		return "dcmcjpls fails an assertion of its own"
	case e.tool == "gdcmconv" && line && strings.Contains(e.name, "j2k"):
		return "gdcmconv crashes on single lines"
	case e.tool == "gdcmconv" && line && s.Rows == s.Columns:
		return "gdcmconv writes no single pixel"
	}
	return ""
}

// TestPeers decodes what DCMTK and GDCM encode, all patterns of a shape in the
// frames of one file.
func TestPeers(t *testing.T) {
	for _, e := range encodings() {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			pixeltest.Peer(t, e.tool, e.debian)
			if err := pixel.Supported(e.syntax); err != nil {
				t.Skip(err)
			}
			shapes := pixeltest.Shapes
			if len(e.args) > 1 {
				// A variant of an encoding that sees them all.
				shapes = []pixeltest.Shape{shapes[0], shapes[3], shapes[5], shapes[6]}
			}
			for _, s := range shapes {
				t.Run(s.String(), func(t *testing.T) {
					if why := unfit(e, s); why != "" {
						t.Skip(why)
					}
					checkPeer(t, e, s)
				})
			}
		})
	}
}

func checkPeer(t *testing.T, e encoding, s pixeltest.Shape) {
	images := pixeltest.Images(s)
	native := filepath.Join(t.TempDir(), "native.dcm")
	coded := filepath.Join(t.TempDir(), "coded.dcm")
	pixeltest.Write(t, native, images)
	pixeltest.Run(t, e.tool, append(e.args, native, coded)...)
	frames, syntax := pixeltest.Read(t, coded)
	require.Equal(t, e.syntax, syntax)
	require.Len(t, frames, len(images))
	var undoneFrames [][]uint16
	if e.undo != nil {
		undoneFrames = undone(t, e, coded, images)
	}
	got := make([]uint16, s.Rows*s.Columns)
	for i, m := range images {
		require.NoError(t, pixel.Decode(got, frames[i], m.Format(syntax)), m.Name)
		if undoneFrames != nil {
			requireNear(t, undoneFrames[i], got, m, 0)
		}
		// NEAR bounds the error of the bits as an unsigned number, which
		// around zero says nothing of signed values.
		if e.near == 0 || e.near > 0 && !s.Signed {
			requireNear(t, m.Values, got, m, e.near)
		}
	}
}

// undone returns what the peer itself makes of the file that it wrote.
func undone(t *testing.T, e encoding, coded string, images []pixeltest.Image) [][]uint16 {
	pixeltest.Peer(t, e.undo[0], e.debian)
	path := filepath.Join(t.TempDir(), "undone.dcm")
	pixeltest.Run(t, e.undo[0], append(e.undo[1:], coded, path)...)
	frames, syntax := pixeltest.Read(t, path)
	values := make([][]uint16, len(frames))
	for i, m := range images {
		values[i] = make([]uint16, len(m.Values))
		f := m.Format(syntax)
		f.BitsAllocated = 8 * (len(frames[i]) / len(m.Values)) // dcmdjpls makes bytes of 8 bits stored in 16
		require.NoError(t, pixel.Decode(values[i], frames[i], f))
	}
	return values
}

func requireNear(t *testing.T, want, got []uint16, m pixeltest.Image, near int) {
	t.Helper()
	for i := range want {
		d := m.Value(want[i]) - m.Value(got[i])
		if d > near || d < -near {
			require.Failf(t, "wrong value", "%s: pixel %d,%d is %d, want %d within %d",
				m.Name, i/m.Columns, i%m.Columns, m.Value(got[i]), m.Value(want[i]), near)
		}
	}
}
