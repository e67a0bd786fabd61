package part10_test

import (
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/part10"
)

// ctImageStorage is the SOP class of the samples (PS3.4 annex B.5).
const ctImageStorage = "1.2.840.10008.5.1.4.1.1.2"

func elem(t testing.TB, tg tag.Tag, vr string, data any) *dicom.Element {
	t.Helper()
	e, err := part10.NewElement(tg, vr, data)
	require.NoError(t, err)
	return e
}

// sample is a small CT header with every kind of VR in it, unsorted.
func sample(t testing.TB, rows, columns int) dicom.Dataset {
	t.Helper()
	code := []*dicom.Element{
		elem(t, tag.CodeMeaning, "", []string{"Chest"}),
		elem(t, tag.CodeValue, "", []string{"T-D3000"}),
	}
	return dicom.Dataset{Elements: []*dicom.Element{
		elem(t, tag.PixelRepresentation, "", []int{1}),
		elem(t, tag.SOPClassUID, "", []string{ctImageStorage}),
		elem(t, tag.SOPInstanceUID, "", []string{"1.2.3.4.5"}),
		elem(t, tag.Modality, "", []string{"CT"}),
		elem(t, tag.ImageType, "", []string{"ORIGINAL", "PRIMARY", "AXIAL"}),
		elem(t, tag.ImagePositionPatient, "", []string{"-166.5", "-171.7", "-67.5"}),
		elem(t, tag.Rows, "", []int{rows}),
		elem(t, tag.Columns, "", []int{columns}),
		elem(t, tag.BitsAllocated, "", []int{16}),
		elem(t, tag.SamplesPerPixel, "", []int{1}),
		elem(t, tag.PixelPaddingValue, "SS", []int{-2000}),
		elem(t, tag.AnatomicRegionSequence, "", [][]*dicom.Element{code, {}}),
		elem(t, tag.Tag{Group: 0x0043, Element: 0x0010}, "LO", []string{"MAKER"}),
		elem(t, tag.Tag{Group: 0x0043, Element: 0x1001}, "UN", []byte{1, 2, 3}),
		elem(t, tag.Tag{Group: 0x0043, Element: 0x1002}, "OW", []byte{1, 2, 3, 4}),
		elem(t, tag.Tag{Group: 0x0043, Element: 0x1003}, "FD", []float64{1.5, -2.25}),
		elem(t, tag.Tag{Group: 0x0043, Element: 0x1004}, "SL", []int{-70000}),
		elem(t, tag.Tag{Group: 0x0043, Element: 0x1005}, "AT", []int{0x28, 0x10}),
		elem(t, tag.Tag{Group: 0x0043, Element: 0x1006}, "OV", []byte{1, 2, 3, 4, 5, 6, 7, 8}),
	}}
}

// ramp is little endian 16 bit pixel data that no byte swap leaves alone.
func ramp(n int) []byte {
	b := make([]byte, 0, 2*n)
	for i := range n {
		b = binary.LittleEndian.AppendUint16(b, uint16(int16(i*7-1000)))
	}
	return b
}

// sampleFile is the sample with pixel data, written in a transfer syntax;
// frames of encapsulated ones are arbitrary bytes.
func sampleFile(t testing.TB, transferSyntax string) []byte {
	t.Helper()
	px := &part10.Pixels{Native: ramp(6 * 5)}
	if part10.Encapsulated(transferSyntax) {
		px = &part10.Pixels{Frames: [][]byte{[]byte("one compressed frame")}, MaxFragment: 8}
	}
	b, err := part10.Marshal(transferSyntax, sample(t, 6, 5), px)
	require.NoError(t, err)
	return b
}

// raw writes elements byte by byte, as a broken or unusual writer would.
type raw struct {
	b  []byte
	bo binary.AppendByteOrder
}

// newRaw starts a file with the shortest meta group for a transfer syntax.
func newRaw(transferSyntax string) *raw {
	r := &raw{bo: binary.LittleEndian}
	r.b = append(make([]byte, 128), "DICM"...)
	r.explicit(0x0002, 0x0010, "UI", even(transferSyntax, 0))
	if transferSyntax == part10.ExplicitBE {
		r.bo = binary.BigEndian
	}
	return r
}

func even(s string, pad byte) string {
	if len(s)%2 != 0 {
		s += string(pad)
	}
	return s
}

func (r *raw) tag(group, element uint16) *raw {
	r.b = r.bo.AppendUint16(r.bo.AppendUint16(r.b, group), element)
	return r
}

func (r *raw) u32(v uint32) *raw { r.b = r.bo.AppendUint32(r.b, v); return r }
func (r *raw) str(s string) *raw { r.b = append(r.b, s...); return r }

// explicit appends an element with a 16 bit length.
func (r *raw) explicit(group, element uint16, vr, value string) *raw {
	r.tag(group, element).str(vr)
	r.b = r.bo.AppendUint16(r.b, uint16(len(value)))
	return r.str(value)
}

// long appends the header of an element with a 32 bit length.
func (r *raw) long(group, element uint16, vr string, length uint32) *raw {
	return r.tag(group, element).str(vr).str("\x00\x00").u32(length)
}

// implicit appends an element without VR.
func (r *raw) implicit(group, element uint16, value string) *raw {
	return r.tag(group, element).u32(uint32(len(value))).str(value)
}

func (r *raw) item(length uint32) *raw { return r.tag(0xfffe, 0xe000).u32(length) }
func (r *raw) itemEnd() *raw           { return r.tag(0xfffe, 0xe00d).u32(0) }
func (r *raw) sequenceEnd() *raw       { return r.tag(0xfffe, 0xe0dd).u32(0) }

const undefined = 0xFFFFFFFF

// uids appends the two elements that every file here has.
func (r *raw) uids() *raw {
	return r.explicit(8, 0x16, "UI", even(ctImageStorage, 0)).explicit(8, 0x18, "UI", even("1.2.3", 0))
}

func parse(data []byte) (*part10.File, error) { return part10.Parse(data, part10.DefaultLimits()) }

func mustParse(t testing.TB, data []byte) *part10.File {
	t.Helper()
	f, err := parse(data)
	require.NoError(t, err)
	return f
}

func us(v uint16) string { return string(binary.LittleEndian.AppendUint16(nil, v)) }

// allSyntaxes are the transfer syntaxes that the guard reads.
var allSyntaxes = []string{
	part10.ImplicitLE, part10.ExplicitLE, part10.DeflatedLE, part10.ExplicitBE, part10.RLELossless,
	part10.JPEGBaseline, part10.JPEGExtended, part10.JPEGLossless, part10.JPEGLosslessSV1,
	part10.JPEGLSLossless, part10.JPEGLSNearLossless, part10.JPEG2000Lossless, part10.JPEG2000,
	part10.HTJ2KLossless, part10.HTJ2KLosslessRPCL, part10.HTJ2K,
}

func ExampleParse() {
	_, err := part10.Parse([]byte("not DICOM"), part10.DefaultLimits())
	fmt.Println(err)
	// Output: DICOM_MALFORMED: no 'DICM' mark at byte 128, and not an unambiguous data set without one (send DICOM Part 10 files)
}
