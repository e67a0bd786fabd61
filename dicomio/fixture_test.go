package dicomio_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio"
	"nafas/dicomio/part10"
	"nafas/dicomio/source"
	"nafas/inference/volume"
)

const fixtureSize = 32 // rows and columns

// image is a DICOM instance in the making.
type image struct {
	elems  map[tag.Tag]*dicom.Element
	pixels *part10.Pixels
	syntax string
}

func (im *image) set(t tag.Tag, vr string, data any) *image {
	e, err := part10.NewElement(t, vr, data)
	if err != nil {
		panic(err)
	}
	im.elems[t] = e
	return im
}

func (im *image) del(tags ...tag.Tag) *image {
	for _, t := range tags {
		delete(im.elems, t)
	}
	return im
}

func (im *image) text(t tag.Tag, values ...string) *image { return im.set(t, "", values) }
func (im *image) ints(t tag.Tag, values ...int) *image    { return im.set(t, "", values) }

// decimals writes DS values with all their digits.
func (im *image) decimals(t tag.Tag, values ...float64) *image {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = strconv.FormatFloat(v, 'f', -1, 64)
	}
	return im.set(t, "DS", out)
}

func (im *image) at(p volume.Vec3) *image { return im.decimals(tag.ImagePositionPatient, p[:]...) }

func (im *image) cells(cells []uint16) *image {
	b := make([]byte, 0, 2*len(cells))
	for _, c := range cells {
		b = binary.LittleEndian.AppendUint16(b, c)
	}
	im.pixels = &part10.Pixels{Native: b}
	return im
}

func (im *image) bytes(t testing.TB) []byte {
	t.Helper()
	var ds dicom.Dataset
	for _, e := range im.elems {
		ds.Elements = append(ds.Elements, e)
	}
	b, err := part10.Marshal(im.syntax, ds, im.pixels)
	require.NoError(t, err)
	return b
}

// uid makes UIDs whose order says nothing about the slices'.
func uid(parts ...any) string { return part10.NameUID(fmt.Sprint(parts...)) }

// chestHU is a slice of something like a chest: air around an ellipse of soft
// tissue with a lung in it, and the slice's own number in one corner of the
// body, so that slices can be told apart.
func chestHU(n int) []int {
	hu := make([]int, fixtureSize*fixtureSize)
	for j := range fixtureSize {
		for i := range fixtureSize {
			x, y := float64(i)-15.5, float64(j)-15.5
			v := -1000
			if x*x/196+y*y/144 < 1 {
				v = 40
			}
			if x*x/64+y*y/64 < 1 {
				v = -850
			}
			hu[j*fixtureSize+i] = v
		}
	}
	hu[16*fixtureSize+5] = 100 + n
	return hu
}

func unsigned(hu []int) []uint16 {
	out := make([]uint16, len(hu))
	for i, v := range hu {
		out[i] = uint16(v + 1024)
	}
	return out
}

// slice is an axial CT slice at z: 32x32 pixels of 10 mm, unsigned 12 bits.
func slice(series string, n int, z float64) *image {
	im := &image{elems: map[tag.Tag]*dicom.Element{}, syntax: part10.ExplicitLE}
	im.text(tag.SOPClassUID, dicomio.ClassCT).text(tag.SOPInstanceUID, uid(series, n))
	im.text(tag.StudyInstanceUID, uid("study")).text(tag.SeriesInstanceUID, uid(series))
	im.text(tag.FrameOfReferenceUID, uid("frame"))
	im.text(tag.Modality, "CT").text(tag.ImageType, "ORIGINAL", "PRIMARY", "AXIAL")
	im.text(tag.PatientID, "P1").text(tag.PatientName, "Test^Patient").text(tag.PatientBirthDate, "19500101")
	im.text(tag.ConvolutionKernel, "STANDARD").text(tag.Manufacturer, "ACME")
	im.ints(tag.Rows, fixtureSize).ints(tag.Columns, fixtureSize)
	im.ints(tag.SamplesPerPixel, 1).text(tag.PhotometricInterpretation, "MONOCHROME2")
	im.ints(tag.BitsAllocated, 16).ints(tag.BitsStored, 12).ints(tag.HighBit, 11).ints(tag.PixelRepresentation, 0)
	im.decimals(tag.RescaleSlope, 1).decimals(tag.RescaleIntercept, -1024)
	im.decimals(tag.PixelSpacing, 10, 10).decimals(tag.SliceThickness, 2)
	im.decimals(tag.ImageOrientationPatient, 1, 0, 0, 0, 1, 0)
	im.at(volume.Vec3{-155, -155, z})
	// Numbers and locations run against the positions, as some scanners have
	// it: nothing may rely on them.
	im.text(tag.InstanceNumber, strconv.Itoa(1000-n)).decimals(tag.SliceLocation, -z)
	return im.cells(unsigned(chestHU(n)))
}

const fixtureSlices = 100

// stack is 100 slices, 2 mm apart: all rules are met.
func stack(series string) []*image {
	out := make([]*image, fixtureSlices)
	for n := range out {
		out[n] = slice(series, n, -300+2*float64(n))
	}
	return out
}

// each applies f to every image.
func each(images []*image, f func(n int, im *image)) []*image {
	for n, im := range images {
		f(n, im)
	}
	return images
}

// items are the images as files in an order of their own.
func items(t testing.TB, images []*image) []source.Item {
	t.Helper()
	out := make([]source.Item, len(images))
	for i := range images {
		at := (i*37 + 11) % len(images)
		if len(images)%37 == 0 {
			at = i
		}
		out[i] = source.FromBytes(fmt.Sprintf("%03d.dcm", i), images[at].bytes(t))
	}
	return out
}

func inventory(t testing.TB, images []*image) *dicomio.Inventory {
	t.Helper()
	inv, err := dicomio.Load(context.Background(), items(t, images), dicomio.LoadOptions{})
	require.NoError(t, err)
	return inv
}

// oneSeries groups images that are one series.
func oneSeries(t testing.TB, images []*image) *dicomio.Series {
	t.Helper()
	inv := inventory(t, images)
	require.Empty(t, inv.Refused)
	groups := dicomio.Group(inv.Instances)
	require.Len(t, groups, 1)
	return groups[0]
}

func assemble(t testing.TB, images []*image) (*dicomio.Assembled, error) {
	t.Helper()
	return dicomio.Assemble(context.Background(), oneSeries(t, images), dicomio.AssembleOptions{})
}
