package part10_test

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/part10"
	"nafas/dicomio/refusal"
)

func private(element uint16) tag.Tag { return tag.Tag{Group: 0x0043, Element: element} }

// TestRoundTrip: what is written in a transfer syntax is read from it, value
// for value, sorted, whatever order it was given in.
func TestRoundTrip(t *testing.T) {
	for _, ts := range allSyntaxes {
		t.Run(part10.SyntaxName(ts), func(t *testing.T) {
			f := mustParse(t, sampleFile(t, ts))
			require.Equal(t, ts, f.TransferSyntax)
			uid, _ := f.String(tag.MediaStorageSOPInstanceUID)
			require.Equal(t, "1.2.3.4.5", uid)
			require.Equal(t, []string{"ORIGINAL", "PRIMARY", "AXIAL"}, f.Strings(tag.ImageType))
			ipp, err := f.Floats(tag.ImagePositionPatient)
			require.NoError(t, err)
			require.Equal(t, []float64{-166.5, -171.7, -67.5}, ipp)
			pad, ok := f.Int(tag.PixelPaddingValue)
			require.True(t, ok)
			require.Equal(t, -2000, pad, "US or SS, by PixelRepresentation")
			items := f.Sequence(tag.AnatomicRegionSequence)
			require.Len(t, items, 2)
			code, _ := items[0].String(tag.CodeValue)
			require.Equal(t, "T-D3000", code)
			require.Empty(t, items[1])

			if ts != part10.ImplicitLE { // where private elements are all UN
				fd, err := f.Floats(private(0x1003))
				require.NoError(t, err)
				require.Equal(t, []float64{1.5, -2.25}, fd)
				sl, _ := f.Int(private(0x1004))
				require.Equal(t, -70000, sl)
				require.Equal(t, []int{0x28, 0x10}, f.Elements().Find(private(0x1005)).Value.GetValue())
				require.Equal(t, []byte{1, 2, 3, 4}, f.Elements().Find(private(0x1002)).Value.GetValue())
				require.Equal(t, "OV", f.Elements().Find(private(0x1006)).RawValueRepresentation)
			}
			require.Equal(t, []byte{1, 2, 3, 0}, f.Elements().Find(private(0x1001)).Value.GetValue())

			last := tag.Tag{}
			for _, e := range f.Elements() {
				require.Positive(t, e.Tag.Compare(last))
				last = e.Tag
			}
			frames, err := f.Frames(1)
			require.NoError(t, err)
			switch {
			case part10.Encapsulated(ts):
				require.Len(t, f.Pixel.Fragments, 3)
				require.Equal(t, []uint32{0}, f.Pixel.Offsets)
				require.Equal(t, "one compressed frame", string(frames[0]))
			case ts == part10.ExplicitBE:
				require.True(t, f.Pixel.BigEndian)
				require.Equal(t, int16(-1000+7), int16(binary.BigEndian.Uint16(frames[0][2:])))
			default:
				require.Equal(t, ramp(30), frames[0])
			}
		})
	}
}

// TestRewrite: what was read can be written again and gives the same bytes.
func TestRewrite(t *testing.T) {
	for _, ts := range []string{part10.ExplicitLE, part10.ExplicitBE, part10.DeflatedLE} {
		first := sampleFile(t, ts)
		f := mustParse(t, first)
		again, err := part10.Marshal(ts, f.Dataset, &part10.Pixels{Native: ramp(30)})
		require.NoError(t, err)
		require.Equal(t, first, again)
	}
}

func TestImplicitItemsInUN(t *testing.T) {
	f := mustParse(t, implicitInUN().explicit(0x0060, 0x0001, "CS", "LAST").b)
	items := f.Sequence(private(0x1001))
	require.Len(t, items, 1)
	code, _ := items[0].String(tag.CodeValue)
	require.Equal(t, "CODE", code)
	rows, _ := items[0].Int(tag.Rows)
	require.Equal(t, 512, rows)
	inner := items[0].Sequence(private(0x1002))
	require.Len(t, inner, 1)
	m, _ := inner[0].String(tag.Modality)
	require.Equal(t, "CT", m)
	require.NotNil(t, f.Elements().Find(tag.Tag{Group: 0x60, Element: 1}), "reading goes on behind it")
}

// TestKnownTagsInUN: an archive that did not know a tag stores it as UN; the
// dictionary knows better (PS3.5 section 6.2.2).
func TestKnownTagsInUN(t *testing.T) {
	sequence := newRaw(part10.ExplicitLE)
	n := len(sequence.b)
	sequence.item(10).implicit(8, 0x60, "CT")
	f := mustParse(t, newRaw(part10.ExplicitLE).uids().
		long(0x0008, 0x1115, "UN", 18).str(string(sequence.b[n:])).
		long(0x0008, 0x1140, "UN", 4).str("junk").
		long(0x0028, 0x0010, "UN", 2).str(us(300)).
		long(0x0028, 0x1052, "UN", 6).str("-1024 ").b)
	m, _ := f.Sequence(tag.ReferencedSeriesSequence)[0].String(tag.Modality)
	require.Equal(t, "CT", m)
	require.Equal(t, []byte("junk"), f.Elements().Find(tag.ReferencedImageSequence).Value.GetValue())
	rows, _ := f.Int(tag.Rows)
	require.Equal(t, 300, rows)
	slope, err := f.Floats(tag.RescaleIntercept)
	require.NoError(t, err)
	require.Equal(t, []float64{-1024}, slope)
}

func TestSequencesWithAndWithoutLength(t *testing.T) {
	for name, r := range map[string]*raw{
		"both undefined": newRaw(part10.ExplicitLE).uids().long(8, 0x1115, "SQ", undefined).item(undefined).explicit(8, 0x60, "CS", "CT").itemEnd().sequenceEnd(),
		"item defined":   newRaw(part10.ExplicitLE).uids().long(8, 0x1115, "SQ", undefined).item(10).explicit(8, 0x60, "CS", "CT").sequenceEnd(),
		"both defined":   newRaw(part10.ExplicitLE).uids().long(8, 0x1115, "SQ", 18).item(10).explicit(8, 0x60, "CS", "CT"),
		"delimited all the same": newRaw(part10.ExplicitLE).uids().long(8, 0x1115, "SQ", 34).item(18).
			explicit(8, 0x60, "CS", "CT").itemEnd().sequenceEnd(),
		"big endian": newRaw(part10.ExplicitBE).uids().long(8, 0x1115, "SQ", undefined).item(undefined).explicit(8, 0x60, "CS", "CT").itemEnd().sequenceEnd(),
	} {
		t.Run(name, func(t *testing.T) {
			f := mustParse(t, r.explicit(0x20, 0x10, "SH", "ID").b)
			m, _ := f.Sequence(tag.ReferencedSeriesSequence)[0].String(tag.Modality)
			require.Equal(t, "CT", m)
			id, _ := f.String(tag.StudyID)
			require.Equal(t, "ID", id)
		})
	}
}

// TestTolerated: deviations seen in the field that leave no doubt.
func TestTolerated(t *testing.T) {
	withSyntax := newRaw(part10.ExplicitLE).uids().explicit(8, 0x60, "CS", "CT")
	body := newRaw(part10.ExplicitLE)
	n := len(body.b)
	body.uids().explicit(8, 0x60, "CS", "CT")
	implicit := (&raw{bo: binary.LittleEndian}).implicit(8, 0x16, even(ctImageStorage, 0)).implicit(8, 0x18, "1.2.3\x00").implicit(8, 0x60, "CT")
	wrongLength := append(append([]byte{}, withSyntax.b[:132]...), "\x02\x00\x00\x00UL\x04\x00\x07\x00\x00\x00"...)
	wrongLength = append(wrongLength, withSyntax.b[132:]...)
	tests := map[string][]byte{
		"wrong group length":           wrongLength,
		"no group length":              withSyntax.b,
		"no preamble, mark first":      withSyntax.b[128:],
		"no preamble and no mark":      withSyntax.b[132:],
		"data set alone, explicit":     body.b[n:],
		"data set alone, implicit":     implicit.b,
		"no transfer syntax":           append(append([]byte{}, withSyntax.b[:132]...), body.b[n:]...),
		"zeros at the end":             append(append([]byte{}, withSyntax.b...), 0, 0, 0, 0, 0, 0),
		"elements out of order":        newRaw(part10.ExplicitLE).explicit(8, 0x60, "CS", "CT").uids().b,
		"VR of a later edition":        newRaw(part10.ExplicitLE).uids().explicit(8, 0x60, "CS", "CT").long(0x43, 0x1001, "ZZ", 4).str("abcd").b,
		"odd length in private number": newRaw(part10.ExplicitLE).uids().explicit(8, 0x60, "CS", "CT").explicit(0x43, 0x1001, "US", "abc").b,
		"OB without length outside pixel data": newRaw(part10.ExplicitLE).uids().explicit(8, 0x60, "CS", "CT").
			long(0x43, 0x1001, "OB", undefined).item(2).str("ab").item(2).str("cd").sequenceEnd().b,
	}
	for name, data := range tests {
		t.Run(name, func(t *testing.T) {
			m, _ := mustParse(t, data).String(tag.Modality)
			require.Equal(t, "CT", m)
		})
	}
	t.Run("but not a data set that does not name itself", func(t *testing.T) {
		_, err := parse(body.b[n+32:])
		require.Equal(t, refusal.Malformed, refusal.Of(err))
	})
}

// TestIconImage: pixel data of an icon are not the image's.
func TestIconImage(t *testing.T) {
	f := mustParse(t, newRaw(part10.JPEGLSLossless).uids().
		long(0x0088, 0x0200, "SQ", undefined).item(undefined).long(0x7fe0, 0x10, "OW", 4).str("icon").itemEnd().
		item(undefined).long(0x7fe0, 0x10, "OB", undefined).item(0).item(4).str("icon").sequenceEnd().itemEnd().sequenceEnd().
		long(0x7fe0, 0x10, "OB", undefined).item(0).item(4).str("main").sequenceEnd().b)
	require.Len(t, f.Sequence(tag.IconImageSequence), 2)
	frames, err := f.Frames(1)
	require.NoError(t, err)
	require.Equal(t, "main", string(frames[0]))
}

// TestLongValues: values over 16 kB are not copied, and read the same.
func TestLongValues(t *testing.T) {
	numbers := strings.Repeat(us(7), 10000)
	text := strings.Repeat("text", 5000) + `\ second`
	for _, r := range []*raw{
		newRaw(part10.ExplicitLE).uids().explicit(0x0043, 0x1001, "US", numbers).explicit(0x0043, 0x1002, "LO", text),
		newRaw(part10.ImplicitLE).implicit(8, 0x60, "CT").implicit(0x0028, 0x1101, numbers).implicit(0x0043, 0x0010, text),
	} {
		f := mustParse(t, r.b)
		n := len(f.Elements())
		v, err := f.Floats(f.Elements()[n-2].Tag)
		require.NoError(t, err)
		require.Len(t, v, 10000)
		require.Equal(t, 7.0, v[9999])
		require.Equal(t, "second", f.Strings(f.Elements()[n-1].Tag)[1])
	}
}

func TestCharacterSetsDoNotTouchValues(t *testing.T) {
	for _, set := range []string{"ISO_IR 166", "ISO 2022 IR 6\\ISO 2022 IR 87", "no such set ", "ISO_IR 192"} {
		f := mustParse(t, newRaw(part10.ExplicitLE).explicit(8, 5, "CS", set).uids().explicit(0x20, 0x4000, "LT", "\xe9\xff\x1b$B").b)
		got, _ := f.String(tag.ImageComments)
		require.Equal(t, "\xe9\xff\x1b$B", got)
		sets := f.Strings(tag.SpecificCharacterSet)
		require.Equal(t, strings.TrimSpace(strings.Split(set, `\`)[0]), sets[0])
	}
}

func TestReadFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.dcm")
	data := sampleFile(t, part10.ExplicitLE)
	require.NoError(t, os.WriteFile(path, data, 0o600))
	f, err := part10.ReadFile(path, part10.DefaultLimits())
	require.NoError(t, err)
	require.Equal(t, data, f.Bytes)
	lim := part10.DefaultLimits()
	lim.MaxBytes = 10
	_, err = part10.ReadFile(path, lim)
	require.Equal(t, refusal.TooLarge, refusal.Of(err))
	_, err = part10.ReadFile(path+"x", lim)
	require.ErrorIs(t, err, os.ErrNotExist)
}
