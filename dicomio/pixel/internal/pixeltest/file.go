package pixeltest

import (
	"os"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/part10"
)

// The multi-frame secondary capture classes: peers take several frames of one
// of them, where a CT image has only one.
const (
	byteFrames = "1.2.840.10008.5.1.4.1.1.7.2"
	wordFrames = "1.2.840.10008.5.1.4.1.1.7.3"
)

// Write writes images of one shape as the frames of a native file.
func Write(t testing.TB, path string, images []Image) {
	t.Helper()
	var cells []byte
	for _, m := range images {
		cells = append(cells, m.Cells()...)
	}
	write(t, path, part10.ExplicitLE, images[0], len(images), &part10.Pixels{Native: cells})
}

// WriteCoded writes one compressed frame, which is said to hold m.
func WriteCoded(t testing.TB, path, transferSyntax string, m Image, frame []byte) {
	t.Helper()
	write(t, path, transferSyntax, m, 1, &part10.Pixels{Frames: [][]byte{frame}})
}

func write(t testing.TB, path, transferSyntax string, m Image, frames int, px *part10.Pixels) {
	t.Helper()
	f := m.Format(transferSyntax)
	class := wordFrames
	if m.BitsAllocated == 8 {
		class = byteFrames
	}
	var ds dicom.Dataset
	add := func(tg tag.Tag, data any) {
		e, err := part10.NewElement(tg, "", data)
		require.NoError(t, err)
		ds.Elements = append(ds.Elements, e)
	}
	add(tag.SOPClassUID, []string{class})
	add(tag.SOPInstanceUID, []string{part10.NameUID(path)})
	add(tag.StudyInstanceUID, []string{part10.NameUID(path, "study")})
	add(tag.SeriesInstanceUID, []string{part10.NameUID(path, "series")})
	add(tag.Modality, []string{"OT"})
	add(tag.PatientID, []string{"CODEC"})
	add(tag.SamplesPerPixel, []int{1})
	add(tag.PhotometricInterpretation, []string{f.Photometric})
	add(tag.NumberOfFrames, []string{strconv.Itoa(frames)})
	add(tag.Rows, []int{f.Rows})
	add(tag.Columns, []int{f.Columns})
	add(tag.BitsAllocated, []int{f.BitsAllocated})
	add(tag.BitsStored, []int{f.BitsStored})
	add(tag.HighBit, []int{f.HighBit})
	add(tag.PixelRepresentation, []int{f.PixelRepresentation})
	b, err := part10.Marshal(transferSyntax, ds, px)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, b, 0o600))
}

// Read returns the frames of a file and its transfer syntax.
func Read(t testing.TB, path string) (frames [][]byte, transferSyntax string) {
	t.Helper()
	f, err := part10.ReadFile(path, part10.DefaultLimits())
	require.NoError(t, err)
	n, ok := f.Int(tag.NumberOfFrames)
	if !ok {
		n = 1
	}
	frames, err = f.Frames(n)
	require.NoError(t, err)
	return frames, f.TransferSyntax
}
