package pixel_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/part10"
	"nafas/dicomio/pixel"
	"nafas/dicomio/refusal"
)

// format is 16-bit signed CT in Explicit VR Little Endian, changed by edits.
func format(rows, columns int, edits ...func(*pixel.Format)) pixel.Format {
	f := pixel.Format{
		TransferSyntax: part10.ExplicitLE, Rows: rows, Columns: columns,
		BitsAllocated: 16, BitsStored: 16, HighBit: 15, PixelRepresentation: 1,
		SamplesPerPixel: 1, Photometric: "MONOCHROME2",
	}
	for _, edit := range edits {
		edit(&f)
	}
	return f
}

func bits(allocated, stored, high int) func(*pixel.Format) {
	return func(f *pixel.Format) { f.BitsAllocated, f.BitsStored, f.HighBit = allocated, stored, high }
}

func syntax(uid string) func(*pixel.Format) {
	return func(f *pixel.Format) { f.TransferSyntax = uid }
}

func TestNative(t *testing.T) {
	for _, c := range []struct {
		name  string
		f     pixel.Format
		frame []byte
		want  []uint16
	}{
		{"little endian", format(1, 3), []byte{1, 0, 0, 0x80, 0xFF, 0xFF}, []uint16{1, 0x8000, 0xFFFF}},
		{"implicit", format(1, 1, syntax(part10.ImplicitLE)), []byte{1, 2}, []uint16{0x0201}},
		{"deflated, inflated before", format(1, 1, syntax(part10.DeflatedLE)), []byte{1, 2}, []uint16{0x0201}},
		{"big endian by syntax", format(1, 2, syntax(part10.ExplicitBE)), []byte{1, 2, 3, 4}, []uint16{0x0102, 0x0304}},
		{"big endian by flag", format(1, 1, func(f *pixel.Format) { f.BigEndian = true }), []byte{1, 2}, []uint16{0x0102}},
		// Overlays or sign bits above the 12 stored ones.
		{"upper bits masked", format(1, 2, bits(16, 12, 11)), []byte{0x34, 0xF2, 0xFF, 0x8F}, []uint16{0x234, 0xFFF}},
		{"high bit 15", format(1, 1, bits(16, 12, 15)), []byte{0x3F, 0x12}, []uint16{0x123}},
		{"high bit 13", format(1, 1, bits(16, 12, 13)), []byte{0x3F, 0xD2}, []uint16{0x48F}},
		{"big endian, high bit 15", format(1, 1, bits(16, 12, 15), syntax(part10.ExplicitBE)), []byte{0x12, 0x3F}, []uint16{0x123}},
		{"8 bits", format(1, 2, bits(8, 8, 7)), []byte{7, 0xFF}, []uint16{7, 0xFF}},
		{"8 bits, odd with padding", format(1, 3, bits(8, 8, 7)), []byte{7, 8, 9, 0}, []uint16{7, 8, 9}},
		{"8 bits, odd without padding", format(1, 3, bits(8, 8, 7)), []byte{7, 8, 9}, []uint16{7, 8, 9}},
		{"6 of 8 bits", format(1, 1, bits(8, 6, 6)), []byte{0xFF}, []uint16{0x3F}},
		{"1 bit stored", format(1, 1, bits(8, 1, 0)), []byte{0xFF}, []uint16{1}},
		{"five at a time and one", format(2, 3), []byte{0, 0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0}, []uint16{0, 1, 2, 3, 4, 5}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := make([]uint16, len(c.want))
			require.NoError(t, pixel.Decode(got, c.frame, c.f))
			require.Equal(t, c.want, got)
		})
	}
}

func TestNativeRefusals(t *testing.T) {
	for _, c := range []struct {
		name  string
		f     pixel.Format
		bytes int
		want  refusal.Reason
	}{
		{"too short", format(2, 2), 7, refusal.Malformed},
		{"empty", format(2, 2), 0, refusal.Malformed},
		{"too long", format(2, 2), 10, refusal.Malformed},
		{"8 bits, even and a byte more", format(2, 2, bits(8, 8, 7)), 5, refusal.Malformed},
		{"8 bits big endian", format(2, 2, bits(8, 8, 7), syntax(part10.ExplicitBE)), 4, refusal.Unsupported},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := pixel.Decode(make([]uint16, 4), make([]byte, c.bytes), c.f)
			require.Equal(t, c.want, refusal.Of(err), "%v", err)
		})
	}
}

func TestFormatRefusals(t *testing.T) {
	for _, c := range []struct {
		name string
		edit func(*pixel.Format)
	}{
		{"no rows", func(f *pixel.Format) { f.Rows = 0 }},
		{"negative columns", func(f *pixel.Format) { f.Columns = -2 }},
		{"more rows than DICOM can say", func(f *pixel.Format) { f.Rows = 65536 }},
		{"colour", func(f *pixel.Format) { f.SamplesPerPixel = 3 }},
		{"no samples", func(f *pixel.Format) { f.SamplesPerPixel = 0 }},
		{"palette", func(f *pixel.Format) { f.Photometric = "PALETTE COLOR" }},
		{"32 bits", bits(32, 32, 31)},
		{"1 bit allocated", bits(1, 1, 0)},
		{"no bits stored", bits(16, 0, 15)},
		{"more stored than allocated", bits(8, 12, 11)},
		{"high bit below the stored bits", bits(16, 12, 10)},
		{"high bit beyond the cell", bits(16, 12, 16)},
		{"pixel representation 2", func(f *pixel.Format) { f.PixelRepresentation = 2 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := pixel.Decode(make([]uint16, 4), make([]byte, 8), format(2, 2, c.edit))
			require.Equal(t, refusal.BadPixelFormat, refusal.Of(err), "%v", err)
		})
	}
	err := pixel.Decode(make([]uint16, 3), make([]byte, 8), format(2, 2))
	require.Error(t, err)
	require.Empty(t, refusal.Of(err), "a wrong buffer is the caller's bug, not the file's")
}

func TestSignExtend(t *testing.T) {
	for _, c := range []struct {
		v    uint16
		bits int
		want int16
	}{
		{0xFFF, 12, -1}, {0x800, 12, -2048}, {0x7FF, 12, 2047}, {0xF7FF, 12, 2047},
		{0xFFFF, 16, -1}, {0x8000, 16, -32768}, {0x80, 8, -128}, {1, 1, -1}, {0, 1, 0},
	} {
		require.Equal(t, c.want, pixel.SignExtend(c.v, c.bits), "%x of %d bits", c.v, c.bits)
	}
}

// TestSupported: what has no decoder is refused by its name, with a remedy.
func TestSupported(t *testing.T) {
	for _, uid := range []string{
		part10.ImplicitLE, part10.ExplicitLE, part10.DeflatedLE, part10.ExplicitBE, part10.RLELossless,
		part10.JPEGLossless, part10.JPEGLosslessSV1, part10.JPEGLSLossless, part10.JPEGLSNearLossless,
	} {
		require.NoError(t, pixel.Supported(uid), uid)
		require.Contains(t, pixel.Known(), uid)
	}
	for uid, name := range map[string]string{
		part10.JPEGBaseline:                 "JPEG Baseline (Process 1)",
		part10.JPEGExtended:                 "JPEG Extended (Process 2 and 4)",
		"1.2.840.10008.1.2.4.92":            "JPEG 2000 Part 2",
		"1.2.840.10008.1.2.4.102":           "H.264",
		"1.2.3.4":                           "1.2.3.4",
		"":                                  "no UID",
		"1.2.3\nPATIENT":                    "no UID",
		part10.ExplicitLE + ".1.1.1.1.1.1.": "1.2.840",
	} {
		err := pixel.Supported(uid)
		require.Equal(t, refusal.Unsupported, refusal.Of(err))
		require.ErrorContains(t, err, name)
		require.ErrorContains(t, err, "transcode to Explicit VR Little Endian")
		require.NotContains(t, err.Error(), "PATIENT")
		require.NotContains(t, pixel.Known(), uid)
		require.Equal(t, refusal.Unsupported,
			refusal.Of(pixel.Decode(make([]uint16, 1), []byte{1, 2}, format(1, 1, syntax(uid)))))
	}
	require.True(t, slices.IsSorted(pixel.Known()))
}

func TestLossy(t *testing.T) {
	for _, uid := range []string{part10.JPEGLSNearLossless, part10.JPEG2000, part10.HTJ2K} {
		require.True(t, pixel.Lossy(uid), uid)
	}
	for _, uid := range []string{
		part10.ExplicitLE, part10.RLELossless, part10.JPEGLosslessSV1, part10.JPEGLSLossless,
		part10.JPEG2000Lossless, part10.HTJ2KLossless, part10.HTJ2KLosslessRPCL, "",
	} {
		require.False(t, pixel.Lossy(uid), uid)
	}
}

// TestPrecision: a code stream's precision may differ from Bits Stored (PS3.5
// 8.2.1). RLE codes whole cells, so it stands for streams of 16 bits; the
// example of T.87 annex H.3, of 8 bits, for narrower ones.
func TestPrecision(t *testing.T) {
	rle := func(cell uint16) []byte {
		b := make([]byte, 64)
		b[0], b[4], b[8] = 2, 64, 66
		return append(b, 0, byte(cell>>8), 0, byte(cell))
	}
	for _, c := range []struct {
		name string
		cell uint16
		f    pixel.Format
		want uint16
	}{
		{"all bits", 0xABCD, format(1, 1), 0xABCD},
		{"sign bits above the stored ones", 0xF800, format(1, 1, bits(16, 12, 11)), 0x800},
		{"stored in the upper bits", 0x123F, format(1, 1, bits(16, 12, 15)), 0x123},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := make([]uint16, 1)
			c.f.TransferSyntax = part10.RLELossless
			require.NoError(t, pixel.Decode(got, rle(c.cell), c.f))
			require.Equal(t, c.want, got[0])
		})
	}

	example := []byte{
		0xFF, 0xD8, 0xFF, 0xF7, 0x00, 0x0B, 0x08, 0x00, 0x04, 0x00, 0x04, 0x01, 0x01, 0x11, 0x00,
		0xFF, 0xDA, 0x00, 0x08, 0x01, 0x01, 0x00, 0x00, 0x00, 0x00,
		0xC0, 0x00, 0x00, 0x6C, 0x80, 0x20, 0x8E, 0x01, 0xC0, 0x00, 0x00, 0x57, 0x40, 0x00, 0x00,
		0x6E, 0xE6, 0x00, 0x00, 0x01, 0xBC, 0x18, 0x00, 0x00, 0x05, 0xD8, 0x00, 0x00, 0x91, 0x60,
		0xFF, 0xD9,
	}
	unsigned := func(f *pixel.Format) { f.PixelRepresentation = 0 }
	for _, c := range []struct {
		name string
		f    pixel.Format
		want uint16 // of sample 7, which is 205
	}{
		{"8 of 8 bits", format(4, 4, bits(8, 8, 7), unsigned), 205},
		{"8 of 12 bits, unsigned", format(4, 4, bits(16, 12, 11), unsigned), 205},
		{"8 of 12 bits, signed", format(4, 4, bits(16, 12, 11)), 0xFCD},
		{"8 bits where 6 are stored", format(4, 4, bits(8, 6, 5), unsigned), 205 & 0x3F},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := make([]uint16, 16)
			c.f.TransferSyntax = part10.JPEGLSLossless
			require.NoError(t, pixel.Decode(got, example, c.f))
			require.Equal(t, c.want, got[7])
		})
	}
}
