package dicomio_test

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio"
	"nafas/dicomio/part10"
	"nafas/dicomio/refusal"
)

// Frames of one pixel each would take more memory than the file many times over.
func TestAFileOfTooManyFramesIsNotTakenApart(t *testing.T) {
	open := func(frames int) error {
		var b part10.Builder
		b.Text(tag.SOPClassUID, "1.2.840.10008.5.1.4.1.1.7.2")
		b.Text(tag.SOPInstanceUID, "1.2.3")
		b.Text(tag.PhotometricInterpretation, "MONOCHROME2")
		b.Text(tag.NumberOfFrames, strconv.Itoa(frames))
		for at, n := range map[tag.Tag]int{tag.SamplesPerPixel: 1, tag.Rows: 1, tag.Columns: 1,
			tag.BitsAllocated: 8, tag.BitsStored: 8, tag.HighBit: 7, tag.PixelRepresentation: 0} {
			b.Ints(at, n)
		}
		elems, err := b.Elements()
		require.NoError(t, err)
		data, err := part10.Marshal(part10.ExplicitLE, dicom.Dataset{Elements: elems}, &part10.Pixels{Native: make([]byte, frames)})
		require.NoError(t, err)
		f, err := part10.Parse(data, part10.DefaultLimits())
		require.NoError(t, err)
		_, err = dicomio.OpenPicture(f)
		return err
	}
	require.NoError(t, open(1000))
	var refused *refusal.Error
	require.ErrorAs(t, open(1<<17+1), &refused)
	require.Equal(t, refusal.TooLarge, refused.Reason)
}
