package part10_test

import (
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/part10"
)

// tool finds a program of DCMTK, or skips.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("CI runs with %s (Debian package dcmtk)", name)
		}
		t.Skipf("%s is not installed (Debian package dcmtk)", name)
	}
	return path
}

// TestDCMTKReadsWhatIsWritten: dcmdump takes every transfer syntax without a
// warning and shows the values; it warns of unsorted tags and odd lengths.
func TestDCMTKReadsWhatIsWritten(t *testing.T) {
	dcmdump := tool(t, "dcmdump")
	for _, ts := range allSyntaxes {
		if ts == part10.HTJ2K || ts == part10.HTJ2KLossless || ts == part10.HTJ2KLosslessRPCL {
			continue // unknown to DCMTK 3.6.7
		}
		t.Run(part10.SyntaxName(ts), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "a.dcm")
			require.NoError(t, os.WriteFile(path, sampleFile(t, ts), 0o600))
			out, err := exec.Command(dcmdump, path).CombinedOutput()
			require.NoError(t, err, "%s", out)
			require.NotContains(t, string(out), "W:")
			require.NotContains(t, string(out), "E:")
			for _, line := range []string{`[-166.5\-171.7\-67.5]`, "[NAFAS]", "[T-D3000]", "SS -2000"} {
				require.Contains(t, string(out), line)
			}
		})
	}
}

// TestReadsWhatDCMTKWrites: the same data set in the native encodings of
// another implementation, with and without sequence lengths.
func TestReadsWhatDCMTKWrites(t *testing.T) {
	dcmconv := tool(t, "dcmconv")
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.dcm"), filepath.Join(dir, "out.dcm")
	require.NoError(t, os.WriteFile(in, sampleFile(t, part10.ExplicitLE), 0o600))
	for _, option := range []string{"+te", "+tb", "+ti", "+td"} {
		for _, length := range []string{"+e", "-e"} {
			msg, err := exec.Command(dcmconv, option, length, in, out).CombinedOutput()
			require.NoError(t, err, "%s", msg)
			f, err := part10.ReadFile(out, part10.DefaultLimits())
			require.NoError(t, err)
			ipp, err := f.Floats(tag.ImagePositionPatient)
			require.NoError(t, err)
			require.Equal(t, []float64{-166.5, -171.7, -67.5}, ipp)
			code, _ := f.Sequence(tag.AnatomicRegionSequence)[0].String(tag.CodeValue)
			require.Equal(t, "T-D3000", code)
			pad, _ := f.Int(tag.PixelPaddingValue)
			require.Equal(t, -2000, pad)
			if option != "+ti" {
				fd, err := f.Floats(private(0x1003))
				require.NoError(t, err)
				require.Equal(t, []float64{1.5, -2.25}, fd)
			}
			frames, err := f.Frames(1)
			require.NoError(t, err)
			word := binary.LittleEndian.Uint16(frames[0][2:])
			if f.Pixel.BigEndian {
				word = binary.BigEndian.Uint16(frames[0][2:])
			}
			require.Equal(t, int16(-993), int16(word))
		}
	}
}

func TestWriteRefuses(t *testing.T) {
	base := sample(t, 6, 5)
	with := func(elems ...*dicom.Element) dicom.Dataset {
		return dicom.Dataset{Elements: append(append([]*dicom.Element{}, base.Elements...), elems...)}
	}
	native := &part10.Pixels{Native: ramp(30)}
	tests := []struct {
		name string
		ts   string
		ds   dicom.Dataset
		px   *part10.Pixels
		says string
	}{
		{"unknown transfer syntax", "1.2.3", base, native, "1.2.3"},
		{"no SOP Instance UID", part10.ExplicitLE, dicom.Dataset{}, nil, "SOP"},
		{"a tag twice", part10.ExplicitLE, with(elem(t, tag.Modality, "", []string{"MR"})), native, "(0008,0060) is there twice"},
		{"a tag twice inside an item", part10.ExplicitLE, with(elem(t, tag.ReferencedSeriesSequence, "", [][]*dicom.Element{
			{elem(t, tag.Modality, "", []string{"MR"}), elem(t, tag.Modality, "", []string{"MR"})}})), native, "twice"},
		{"a number out of range", part10.ExplicitLE, with(elem(t, tag.BitsStored, "", []int{1 << 16})), native, "out of the range"},
		{"text in a number", part10.ExplicitLE, with(elem(t, tag.BitsStored, "US", []string{"16"})), native, "does not hold"},
		{"a number in text", part10.ExplicitLE, with(elem(t, tag.KVP, "DS", []int{120})), native, "does not hold"},
		{"frames in a native syntax", part10.ExplicitLE, base, &part10.Pixels{Frames: [][]byte{{1, 2}}}, "does not fit"},
		{"native pixels in an encapsulated syntax", part10.RLELossless, base, native, "does not fit"},
		{"odd fragments", part10.RLELossless, base, &part10.Pixels{Frames: [][]byte{{1, 2}}, MaxFragment: 3}, "even"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := part10.Marshal(tt.ts, tt.ds, tt.px)
			require.ErrorContains(t, err, tt.says)
		})
	}
	_, err := part10.NewElement(tag.Modality, "CSX", []string{"CT"})
	require.Error(t, err)
	_, err = part10.NewElement(tag.Modality, "ZZ", []string{"CT"})
	require.Error(t, err)
}

// TestLongValueInShortVR: over 65534 bytes a value is written as UN (PS3.5
// section 6.2.2), and comes back by the dictionary.
func TestLongValueInShortVR(t *testing.T) {
	long := strings.Repeat("x", 70001)
	ds := sample(t, 6, 5)
	ds.Elements = append(ds.Elements, elem(t, tag.ImageComments, "LT", []string{long}))
	data, err := part10.Marshal(part10.ExplicitLE, ds, nil)
	require.NoError(t, err)
	f := mustParse(t, data)
	got, _ := f.String(tag.ImageComments)
	require.Equal(t, long, got)
	require.Nil(t, f.Pixel)
}

// TestWriteLeavesTheDatasetAlone: callers share data sets between files.
func TestWriteLeavesTheDatasetAlone(t *testing.T) {
	ds := sample(t, 6, 5)
	before := append([]*dicom.Element{}, ds.Elements...)
	_, err := part10.Marshal(part10.ExplicitBE, ds, &part10.Pixels{Native: ramp(30)})
	require.NoError(t, err)
	require.Equal(t, before, ds.Elements)
	require.Equal(t, []byte{1, 2, 3, 4}, ds.Elements[14].Value.GetValue())
}

func TestNameUID(t *testing.T) {
	require.Equal(t, part10.NameUID("a", "b"), part10.NameUID("a", "b"))
	require.NotEqual(t, part10.NameUID("a", "b"), part10.NameUID("ab"))
	require.Regexp(t, `^2\.25\.[1-9][0-9]{1,38}$`, part10.NameUID("series"))
}
