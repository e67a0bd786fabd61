package part10_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/part10"
)

// slice is a file of the size of a CT slice: 512 x 512 int16 and a header of
// 90 elements, as scanners write.
func slice(b *testing.B) []byte {
	ds := sample(b, 512, 512)
	for i := range 70 {
		ds.Elements = append(ds.Elements, elem(b, tag.Tag{Group: 0x0045, Element: 0x1000 + uint16(i)}, "DS", []string{"144.399994"}))
	}
	data, err := part10.Marshal(part10.ExplicitLE, ds, &part10.Pixels{Native: ramp(512 * 512)})
	require.NoError(b, err)
	return data
}

// BenchmarkParse against BenchmarkReadAlone is the cost of the header.
func BenchmarkParse(b *testing.B) {
	data := slice(b)
	b.ReportAllocs()
	for b.Loop() {
		_, err := part10.Parse(data, part10.DefaultLimits())
		require.NoError(b, err)
	}
}

func BenchmarkReadAndParse(b *testing.B) {
	path := filepath.Join(b.TempDir(), "slice.dcm")
	require.NoError(b, os.WriteFile(path, slice(b), 0o600))
	for b.Loop() {
		_, err := part10.ReadFile(path, part10.DefaultLimits())
		require.NoError(b, err)
	}
}

func BenchmarkReadAlone(b *testing.B) {
	path := filepath.Join(b.TempDir(), "slice.dcm")
	require.NoError(b, os.WriteFile(path, slice(b), 0o600))
	for b.Loop() {
		_, err := os.ReadFile(path)
		require.NoError(b, err)
	}
}

// BenchmarkLibrary is the library's own full parse, which this package stands
// in for.
func BenchmarkLibrary(b *testing.B) {
	path := filepath.Join(b.TempDir(), "slice.dcm")
	require.NoError(b, os.WriteFile(path, slice(b), 0o600))
	for b.Loop() {
		_, _ = dicom.ParseFile(path, nil)
	}
}
