package metaimage_test

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/inference/volume"
	"nafas/inference/volume/metaimage"
)

// header is LUNA16's, with lines replaced or, where a value is "-", left out.
func header(changes ...string) string {
	lines := [][2]string{
		{"ObjectType", "Image"}, {"NDims", "3"}, {"BinaryData", "True"}, {"BinaryDataByteOrderMSB", "False"},
		{"CompressedData", "False"}, {"TransformMatrix", "1 0 0 0 1 0 0 0 1"}, {"Offset", "-10.5 20 -300"},
		{"CenterOfRotation", "5 5 5"}, {"AnatomicalOrientation", "RAI"}, {"ElementSpacing", "0.5 0.75 2.5"},
		{"DimSize", "3 2 2"}, {"ElementType", "MET_SHORT"}, {"ElementDataFile", "a.raw"},
	}
	for _, change := range changes {
		key, value, _ := strings.Cut(change, "=")
		found := false
		for i := range lines {
			if lines[i][0] == key {
				lines[i][1], found = value, true
			}
		}
		if !found {
			lines = append([][2]string{{key, value}}, lines...)
		}
	}
	var b strings.Builder
	for _, l := range lines {
		if l[1] != "-" {
			fmt.Fprintf(&b, "%s = %s\n", l[0], l[1])
		}
	}
	return b.String()
}

var values = []int16{-3024, -1025, -1024, -1000, 0, 1, 40, 300, 3071, 32767, -5, 7}

func raw(t testing.TB, order binary.ByteOrder, data any) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, binary.Write(&b, order, data))
	return b.Bytes()
}

func deflated(t testing.TB, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	_, err := w.Write(data)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.Bytes()
}

// folder opens files of memory.
func folder(files map[string][]byte) func(string) (io.ReadCloser, error) {
	return func(name string) (io.ReadCloser, error) {
		data, ok := files[name]
		if !ok {
			return nil, fs.ErrNotExist
		}
		return io.NopCloser(bytes.NewReader(data)), nil
	}
}

func TestDecode(t *testing.T) {
	little := raw(t, binary.LittleEndian, values)
	want := append([]int16{-1000, -1000}, values[2:]...) // below -1024 nothing was measured
	for _, c := range []struct {
		name   string
		header string
		files  map[string][]byte
		want   []int16
	}{
		{"raw", header(), map[string][]byte{"a.raw": little}, want},
		{"zraw", header("CompressedData=True", "CompressedDataSize=99", "ElementDataFile=a.zraw"), map[string][]byte{"a.zraw": deflated(t, little)}, want},
		{"big endian", header("BinaryDataByteOrderMSB=True"), map[string][]byte{"a.raw": raw(t, binary.BigEndian, values)}, want},
		{"big endian by its other name", header("ElementByteOrderMSB=True"), map[string][]byte{"a.raw": raw(t, binary.BigEndian, values)}, want},
		{"in the header's file", header("ElementDataFile=LOCAL") + string(little), nil, want},
		{"compressed in the header's file", header("ElementDataFile=LOCAL", "CompressedData=True") + string(deflated(t, little)), nil, want},
		{"lines that end as on Windows", strings.ReplaceAll(header(), "\n", "\r\n"), map[string][]byte{"a.raw": little}, want},
		{"no new line at the end", strings.TrimSpace(header()), map[string][]byte{"a.raw": little}, want},
		{"a header of its own before the data", header("HeaderSize=3"), map[string][]byte{"a.raw": append([]byte("abc"), little...)}, want},
		{"bytes", header("ElementType=MET_UCHAR", "DimSize=2 1 1"), map[string][]byte{"a.raw": {0, 255}}, []int16{0, 255}},
		{"unsigned", header("ElementType=MET_USHORT", "DimSize=2 1 1"), map[string][]byte{"a.raw": {1, 0, 255, 255}}, []int16{1, 32767}},
		{"ints", header("ElementType=MET_INT", "DimSize=3 1 1"), map[string][]byte{"a.raw": raw(t, binary.LittleEndian, []int32{-40000, 100000, 5})}, []int16{-1000, 32767, 5}},
		{"floats", header("ElementType=MET_FLOAT", "DimSize=4 1 1"),
			map[string][]byte{"a.raw": raw(t, binary.LittleEndian, []float32{-1024.4, 0.5, 1.4, float32(math.Inf(1))})}, []int16{-1024, 1, 1, 32767}},
		{"doubles", header("ElementType=MET_DOUBLE", "DimSize=1 1 1"), map[string][]byte{"a.raw": raw(t, binary.LittleEndian, []float64{-7.5})}, []int16{-8}},
	} {
		t.Run(c.name, func(t *testing.T) {
			v, err := metaimage.Decode(strings.NewReader(c.header), folder(c.files))
			require.NoError(t, err)
			require.Equal(t, c.want, v.HU)
		})
	}
}

func TestGeometryIsLPS(t *testing.T) {
	files := folder(map[string][]byte{"a.raw": raw(t, binary.LittleEndian, values)})
	v, err := metaimage.Decode(strings.NewReader(header()), files)
	require.NoError(t, err)
	require.Equal(t, [3]int{3, 2, 2}, v.Size)
	require.Equal(t, volume.Vec3{-10.5 + 2*0.5, 20 + 0.75, -300 + 2.5}, v.ToLPS(volume.Vec3{2, 1, 1}))
	require.Equal(t, int16(7), v.At(2, 1, 1))

	// LUNA16 has scans whose columns grow to the right and rows to the front;
	// row n of the matrix is the direction of axis n.
	v, err = metaimage.Decode(strings.NewReader(header("TransformMatrix=-1 0 0 0 -1 0 0 0 1")), files)
	require.NoError(t, err)
	require.Equal(t, volume.Vec3{-10.5 - 2*0.5, 20 - 0.75, -300 + 2.5}, v.ToLPS(volume.Vec3{2, 1, 1}))
	v, err = metaimage.Decode(strings.NewReader(header("TransformMatrix=0 1 0 0 0 1 1 0 0")), files)
	require.NoError(t, err)
	require.Equal(t, volume.Vec3{-10.5 + 2.5, 20 + 2*0.5, -300 + 0.75}, v.ToLPS(volume.Vec3{2, 1, 1}))

	v, err = metaimage.Decode(strings.NewReader(header("Offset=-", "Origin=1 2 3", "ElementSpacing=-", "ElementSize=1 1 1")), files)
	require.NoError(t, err)
	require.Equal(t, volume.Vec3{1, 2, 3}, v.OriginLPSMM)
}

func TestDecodeRefuses(t *testing.T) {
	little := raw(t, binary.LittleEndian, values)
	for _, c := range []struct {
		name string
		text string
		data []byte
		kind error
		want string
	}{
		{"nothing", "", nil, metaimage.ErrMalformed, "without ElementDataFile"},
		{"something else", "P5 640 480\n", nil, metaimage.ErrMalformed, "KEY = VALUE"},
		{"a key twice", "NDims = 3\n" + header(), little, metaimage.ErrMalformed, `"NDims" is there twice`},
		{"two dimensions", header("NDims=2"), little, metaimage.ErrUnsupported, "NDims"},
		{"no dimensions", header("NDims=-"), little, metaimage.ErrMalformed, "NDims"},
		{"a mesh", header("ObjectType=Mesh"), little, metaimage.ErrUnsupported, "ObjectType"},
		{"colour", header("ElementNumberOfChannels=3"), little, metaimage.ErrUnsupported, "ElementNumberOfChannels"},
		{"text data", header("BinaryData=False"), little, metaimage.ErrUnsupported, "BinaryData"},
		{"an unknown type", header("ElementType=MET_STRING"), little, metaimage.ErrUnsupported, "ElementType"},
		{"no size", header("DimSize=-"), little, metaimage.ErrMalformed, "DimSize is missing"},
		{"half a voxel", header("DimSize=3 2 2.5"), little, metaimage.ErrMalformed, "DimSize"},
		{"no voxels", header("DimSize=3 2 0"), little, metaimage.ErrMalformed, "DimSize"},
		{"too many", header("DimSize=4096 4096 4096"), little, metaimage.ErrTooLarge, "voxels"},
		{"too long", header("DimSize=1 1 70000"), little, metaimage.ErrTooLarge, "axis"},
		{"two sizes", header("DimSize=3 2"), little, metaimage.ErrMalformed, "2 numbers and not 3"},
		{"no spacing", header("ElementSpacing=-"), little, metaimage.ErrMalformed, "ElementSpacing is missing"},
		{"a spacing of nothing", header("ElementSpacing=1 1 0"), little, metaimage.ErrMalformed, "ElementSpacing"},
		{"no place", header("Offset=-"), little, metaimage.ErrMalformed, "Offset is missing"},
		{"a place that is no number", header("Offset=1 2 nan"), little, metaimage.ErrMalformed, "Offset"},
		{"a long direction", header("TransformMatrix=2 0 0 0 1 0 0 0 1"), little, metaimage.ErrMalformed, "length 2"},
		{"a sheared grid", header("TransformMatrix=1 0 0 0.6 0.8 0 0 0 1"), little, metaimage.ErrUnsupported, "right angles"},
		{"a flag of another kind", header("CompressedData=maybe"), little, metaimage.ErrMalformed, "CompressedData"},
		{"data of another folder", header("ElementDataFile=../a.raw"), little, metaimage.ErrUnsupported, "plain file name"},
		{"data of an absolute path", header("ElementDataFile=/a.raw"), little, metaimage.ErrUnsupported, "plain file name"},
		{"data of a Windows path", header(`ElementDataFile=..\a.raw`), little, metaimage.ErrUnsupported, "plain file name"},
		{"a list of files", header("ElementDataFile=LIST"), little, metaimage.ErrUnsupported, "one file a slice"},
		{"data cut short", header(), little[:23], metaimage.ErrMalformed, "23 bytes of data, and DimSize needs 24"},
		{"data too long", header(), append(little[:24:24], 0), metaimage.ErrMalformed, "data follow"},
		{"data that are not zlib's", header("CompressedData=True"), little, metaimage.ErrMalformed, "zlib"},
		{"zlib cut short", header("CompressedData=True"), deflated(t, little)[:12], metaimage.ErrMalformed, "cut short"},
		{"zlib with another checksum", header("CompressedData=True"), damaged(deflated(t, little)), metaimage.ErrMalformed, "damaged"},
		{"a header beyond the data", header("HeaderSize=99"), little, metaimage.ErrMalformed, "HeaderSize"},
		{"values that are no numbers", header("ElementType=MET_FLOAT", "DimSize=1 1 1"), raw(t, binary.LittleEndian, float32(math.NaN())), metaimage.ErrMalformed, "no number"},
		{"a line that never ends", "Comment = " + strings.Repeat("x", 1<<17), little, metaimage.ErrTooLarge, "header"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := metaimage.Decode(strings.NewReader(c.text), folder(map[string][]byte{"a.raw": c.data}))
			require.ErrorIs(t, err, c.kind)
			require.ErrorContains(t, err, c.want)
		})
	}
}

func damaged(data []byte) []byte {
	data[len(data)-1] ^= 1
	return data
}

func TestOpen(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, data, 0o644))
		return path
	}
	path := write("a.mhd", []byte(header()))
	_, err := metaimage.Open(path)
	require.ErrorIs(t, err, fs.ErrNotExist, "the data are missing")
	write("a.raw", raw(t, binary.LittleEndian, values))
	v, err := metaimage.Open(path)
	require.NoError(t, err)
	require.Len(t, v.HU, 12)
	_, err = metaimage.Open(filepath.Join(dir, "none.mhd"))
	require.ErrorIs(t, err, fs.ErrNotExist)

	write("b.raw", append([]byte("a header of any size"), raw(t, binary.LittleEndian, values)...))
	again, err := metaimage.Open(write("b.mhd", []byte(header("HeaderSize=-1", "ElementDataFile=b.raw"))))
	require.NoError(t, err)
	require.Equal(t, v.HU, again.HU)
}

func TestDataFile(t *testing.T) {
	name, err := metaimage.DataFile(strings.NewReader(header()))
	require.NoError(t, err)
	require.Equal(t, "a.raw", name)
	name, err = metaimage.DataFile(strings.NewReader(header("ElementDataFile=LOCAL")))
	require.NoError(t, err)
	require.Empty(t, name)
}

// FuzzDecode: no input panics or takes memory that it did not pay for in bytes;
// what is read fits its grid.
func FuzzDecode(f *testing.F) {
	little := raw(f, binary.LittleEndian, values)
	f.Add([]byte(header("ElementDataFile=LOCAL")+string(little)), []byte{})
	f.Add([]byte(header("ElementDataFile=LOCAL", "CompressedData=True")+string(deflated(f, little))), []byte{})
	f.Add([]byte(header()), little)
	f.Add([]byte(header("DimSize=65535 128 128")), little)
	f.Add([]byte(header("ElementType=MET_FLOAT", "HeaderSize=-1")), little)
	f.Fuzz(func(t *testing.T, mhd, data []byte) {
		v, err := metaimage.Decode(bytes.NewReader(mhd), func(string) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil })
		if err != nil {
			for _, kind := range []error{metaimage.ErrMalformed, metaimage.ErrUnsupported, metaimage.ErrTooLarge} {
				if errors.Is(err, kind) {
					return
				}
			}
			t.Fatalf("an error of no kind: %v", err)
		}
		require.Len(t, v.HU, v.Len())
	})
}
