package ctwriter_test

import (
	"encoding/binary"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/ctwriter"
	"nafas/dicomio/part10"
	"nafas/inference/volume"
)

// tilted is a small anisotropic volume of an orientation that shares no axis
// with the patient, with a different value in every voxel.
func tilted() *volume.Volume {
	i := volume.Vec3{math.Cos(0.3), math.Sin(0.3), 0}
	k := volume.Vec3{-math.Sin(0.3) * math.Sin(0.2), math.Cos(0.3) * math.Sin(0.2), math.Cos(0.2)}
	v := &volume.Volume{Grid: volume.Grid{
		Size: [3]int{6, 5, 4}, OriginLPSMM: volume.Vec3{-166.123456789, 171.7, -1067.5},
		Axes: [3]volume.Vec3{i, k.Cross(i), k}, SpacingMM: [3]float64{0.7, 0.8, 1.25},
	}}
	v.HU = make([]int16, v.Len())
	for n := range v.HU {
		v.HU[n] = int16(n*17 - 1024)
	}
	return v
}

func read(t *testing.T, path string) *part10.File {
	t.Helper()
	f, err := part10.ReadFile(path, part10.DefaultLimits())
	require.NoError(t, err)
	return f
}

func floats(t *testing.T, e part10.Elements, tg tag.Tag) []float64 {
	t.Helper()
	v, err := e.Floats(tg)
	require.NoError(t, err)
	return v
}

// TestGeometryAndValuesComeBack: every voxel is where it was, by PS3.3
// C.7.6.2.1.1, and has its value.
func TestGeometryAndValuesComeBack(t *testing.T) {
	v := tilted()
	for _, o := range []ctwriter.Options{{}, {Unsigned: true}, {BitsStored: 12, Unsigned: true}, {BitsStored: 13},
		{TransferSyntax: part10.ImplicitLE}, {TransferSyntax: part10.ExplicitBE}, {TransferSyntax: part10.DeflatedLE}} {
		paths, err := ctwriter.Write(filepath.Join(t.TempDir(), "new"), v, o)
		require.NoError(t, err)
		require.Len(t, paths, 4)
		for k, path := range paths {
			f := read(t, path)
			ipp, iop := floats(t, f.Elements(), tag.ImagePositionPatient), floats(t, f.Elements(), tag.ImageOrientationPatient)
			spacing := floats(t, f.Elements(), tag.PixelSpacing)
			frames, err := f.Frames(1)
			require.NoError(t, err)
			bits, _ := f.Int(tag.BitsStored)
			for j := range 5 {
				for i := range 6 {
					want := v.ToLPS(volume.Vec3{float64(i), float64(j), float64(k)})
					for a := range 3 {
						p := ipp[a] + iop[a]*spacing[1]*float64(i) + iop[3+a]*spacing[0]*float64(j)
						require.InDelta(t, want[a], p, 1e-9)
					}
					require.Equal(t, int(v.At(i, j, k)), stored(f, frames[0], j*6+i, bits, o.Unsigned)-1024)
				}
			}
		}
	}
}

// stored reads one 16 bit value as PS3.5 section 8.1.1 says.
func stored(f *part10.File, frame []byte, n, bits int, unsigned bool) int {
	word := binary.LittleEndian.Uint16(frame[2*n:])
	if f.Pixel.BigEndian {
		word = binary.BigEndian.Uint16(frame[2*n:])
	}
	if unsigned {
		return int(word)
	}
	return int(int16(word<<(16-bits))) >> (16 - bits)
}

func TestClipping(t *testing.T) {
	v := tilted()
	v.HU[0], v.HU[1] = -3024, 32767
	for _, tt := range []struct {
		o         ctwriter.Options
		low, high int
	}{
		{ctwriter.Options{}, -3024, 31743},
		{ctwriter.Options{Unsigned: true}, -1024, 32767},
		{ctwriter.Options{Unsigned: true, BitsStored: 12}, -1024, 3071},
	} {
		files, err := ctwriter.Instances(v, tt.o)
		require.NoError(t, err)
		f, err := part10.Parse(files[0], part10.DefaultLimits())
		require.NoError(t, err)
		frames, err := f.Frames(1)
		require.NoError(t, err)
		bits, _ := f.Int(tag.BitsStored)
		require.Equal(t, tt.low, stored(f, frames[0], 0, bits, tt.o.Unsigned)-1024)
		require.Equal(t, tt.high, stored(f, frames[0], 1, bits, tt.o.Unsigned)-1024)
	}
}

func TestSameInSameOut(t *testing.T) {
	a, err := ctwriter.Instances(tilted(), ctwriter.Options{Parallel: 4})
	require.NoError(t, err)
	b, err := ctwriter.Instances(tilted(), ctwriter.Options{Parallel: 1})
	require.NoError(t, err)
	require.Equal(t, a, b)

	uid := func(files [][]byte, k int, tg tag.Tag) string {
		f, err := part10.Parse(files[k], part10.DefaultLimits())
		require.NoError(t, err)
		s, _ := f.String(tg)
		require.LessOrEqual(t, len(s), 64)
		return s
	}
	other := tilted()
	other.HU[7]++
	c, err := ctwriter.Instances(other, ctwriter.Options{})
	require.NoError(t, err)
	require.NotEqual(t, uid(a, 0, tag.SOPInstanceUID), uid(a, 1, tag.SOPInstanceUID))
	require.Equal(t, uid(a, 0, tag.SeriesInstanceUID), uid(a, 1, tag.SeriesInstanceUID))
	require.NotEqual(t, uid(a, 0, tag.SeriesInstanceUID), uid(c, 0, tag.SeriesInstanceUID), "other pixels, other series")

	d, err := ctwriter.Instances(other, ctwriter.Options{Seed: "s", StudyUID: "1.2.3"})
	require.NoError(t, err)
	require.Equal(t, "1.2.3", uid(d, 0, tag.StudyInstanceUID))
}

func TestEnhanced(t *testing.T) {
	v := tilted()
	path := filepath.Join(t.TempDir(), "enhanced.dcm")
	require.NoError(t, ctwriter.WriteEnhanced(path, v, ctwriter.Options{}))
	f := read(t, path)
	n, _ := f.Int(tag.NumberOfFrames)
	frames, err := f.Frames(n)
	require.NoError(t, err)
	require.Len(t, frames, 4)
	groups := f.Sequence(tag.PerFrameFunctionalGroupsSequence)
	require.Len(t, groups, 4)
	measures := f.Sequence(tag.SharedFunctionalGroupsSequence)[0].Sequence(tag.PixelMeasuresSequence)[0]
	require.Equal(t, []float64{0.8, 0.7}, floats(t, measures, tag.PixelSpacing))
	for k, g := range groups {
		want := v.ToLPS(volume.Vec3{0, 0, float64(k)})
		ipp := floats(t, g.Sequence(tag.PlanePositionSequence)[0], tag.ImagePositionPatient)
		require.InDeltaSlice(t, want[:], ipp, 1e-9)
		require.Equal(t, int(v.At(3, 2, k)), stored(f, frames[k], 15, 16, false)-1024)
	}
}

// TestEncoder: what the caller's encoder returns is what a reader gets.
func TestEncoder(t *testing.T) {
	o := ctwriter.Options{TransferSyntax: part10.JPEGLSNearLossless, Lossy: true, MaxFragment: 10, Encode: func(frame []byte, rows, columns int) ([]byte, error) {
		require.Equal(t, []int{60, 5, 6}, []int{len(frame), rows, columns})
		return frame[:30], nil
	}}
	files, err := ctwriter.Instances(tilted(), o)
	require.NoError(t, err)
	f, err := part10.Parse(files[1], part10.DefaultLimits())
	require.NoError(t, err)
	require.Len(t, f.Pixel.Fragments, 3)
	frames, err := f.Frames(1)
	require.NoError(t, err)
	require.Len(t, frames[0], 30)
	require.Equal(t, []float64{2}, floats(t, f.Elements(), tag.LossyImageCompressionRatio))

	data, err := ctwriter.Enhanced(tilted(), o)
	require.NoError(t, err)
	f, err = part10.Parse(data, part10.DefaultLimits())
	require.NoError(t, err)
	frames, err = f.Frames(4)
	require.NoError(t, err)
	require.Len(t, frames[3], 30)
}

func TestModify(t *testing.T) {
	files, err := ctwriter.Instances(tilted(), ctwriter.Options{Modify: func(k int, elems []*dicom.Element) []*dicom.Element {
		if k != 2 {
			return elems
		}
		var out []*dicom.Element
		for _, e := range elems {
			if e.Tag != tag.RescaleSlope {
				out = append(out, e)
			}
		}
		return out
	}})
	require.NoError(t, err)
	for k, want := range []bool{true, true, false, true} {
		f, err := part10.Parse(files[k], part10.DefaultLimits())
		require.NoError(t, err)
		_, ok := f.Int(tag.RescaleSlope)
		require.Equal(t, want, ok)
	}
}

func TestRefusesBadInput(t *testing.T) {
	for name, change := range map[string]func(*volume.Volume, *ctwriter.Options){
		"no slices":                  func(v *volume.Volume, _ *ctwriter.Options) { v.Size[2] = 0 },
		"no spacing":                 func(v *volume.Volume, _ *ctwriter.Options) { v.SpacingMM[2] = 0 },
		"no axis":                    func(v *volume.Volume, _ *ctwriter.Options) { v.Axes[1] = volume.Vec3{} },
		"values missing":             func(v *volume.Volume, _ *ctwriter.Options) { v.HU = v.HU[1:] },
		"8 bits":                     func(_ *volume.Volume, o *ctwriter.Options) { o.BitsStored = 8 },
		"unknown syntax":             func(_ *volume.Volume, o *ctwriter.Options) { o.TransferSyntax = "1.2" },
		"compressed without encoder": func(_ *volume.Volume, o *ctwriter.Options) { o.TransferSyntax = part10.RLELossless },
	} {
		t.Run(name, func(t *testing.T) {
			v, o := tilted(), ctwriter.Options{}
			change(v, &o)
			_, err := ctwriter.Instances(v, o)
			require.Error(t, err)
			_, err = ctwriter.Enhanced(v, o)
			require.Error(t, err)
		})
	}
}

// TestValid: dciodvfy, which checks a file against the attributes of its IOD,
// finds no error.
func TestValid(t *testing.T) {
	dciodvfy, err := exec.LookPath("dciodvfy")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("CI runs with dciodvfy (Debian package dicom3tools)")
		}
		t.Skip("dciodvfy is not installed (Debian package dicom3tools)")
	}
	dir := t.TempDir()
	verify := func(t *testing.T, path string) {
		out, _ := exec.Command(dciodvfy, path).CombinedOutput()
		for line := range strings.Lines(string(out)) {
			require.False(t, strings.HasPrefix(line, "Error"), "%s", out)
		}
		require.Contains(t, string(out), "CT", "it names the IOD that it checked against: %s", out)
		t.Logf("%s", out)
	}
	for name, o := range map[string]ctwriter.Options{
		"signed":     {},
		"unsigned":   {Unsigned: true, BitsStored: 12},
		"implicit":   {TransferSyntax: part10.ImplicitLE},
		"big endian": {TransferSyntax: part10.ExplicitBE},
		"patient":    {Patient: ctwriter.Patient{ID: "1", Issuer: "TEST", Name: "A^B", BirthDate: "19600102", Sex: "F"}},
	} {
		t.Run(name, func(t *testing.T) {
			paths, err := ctwriter.Write(filepath.Join(dir, name), tilted(), o)
			require.NoError(t, err)
			verify(t, paths[1])
		})
	}
	t.Run("enhanced", func(t *testing.T) {
		path := filepath.Join(dir, "enhanced.dcm")
		require.NoError(t, ctwriter.WriteEnhanced(path, tilted(), ctwriter.Options{}))
		verify(t, path)
	})
}
