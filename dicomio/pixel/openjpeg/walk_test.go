package openjpeg_test

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/pixel/openjpeg"
	"nafas/dicomio/refusal"
)

const rows, columns = 24, 31 // of the golden streams

func decode(stream []byte) ([]uint16, error) {
	got := make([]uint16, rows*columns)
	_, err := openjpeg.Decode(got, stream, rows, columns)
	return got, err
}

// TestTruncation: a stream cut anywhere is refused, or has lost nothing but
// the end marker.
func TestTruncation(t *testing.T) {
	needLibrary(t)
	for _, g := range golden {
		stream := goldenStream(t, g.name)
		want := smooth(g.shape).Values
		for n := range stream {
			got, err := decode(stream[:n])
			if err == nil {
				require.GreaterOrEqual(t, n, len(stream)-2, g.name)
				require.Equal(t, want, got)
				continue
			}
			require.Equal(t, refusal.Malformed, refusal.Of(err), "%s cut to %d: %v", g.name, n, err)
		}
	}
}

// TestDamage: flipped bits are refused or give some image; the process lives.
func TestDamage(t *testing.T) {
	needLibrary(t)
	for _, g := range golden {
		stream := goldenStream(t, g.name)
		refused := 0
		for i := range 8 * len(stream) {
			bad := slices.Clone(stream)
			bad[i/8] ^= 1 << (i % 8)
			if _, err := decode(bad); err != nil {
				require.NotEmpty(t, refusal.Of(err))
				refused++
			}
		}
		t.Logf("%s: %d of %d flipped bits were refused", g.name, refused, 8*len(stream))
		require.NotZero(t, refused)
	}
}

func be16(v int) []byte { return binary.BigEndian.AppendUint16(nil, uint16(v)) }
func be32(v int) []byte { return binary.BigEndian.AppendUint32(nil, uint32(v)) }

// TestRefusals: what the Go side sees, before the library does.
func TestRefusals(t *testing.T) {
	needLibrary(t)
	stream := goldenStream(t, "j2k.j2k") // four tiles
	cod := bytes.Index(stream, []byte{0xFF, 0x52})
	sot := bytes.Index(stream, []byte{0xFF, 0x90})
	second := sot + int(binary.BigEndian.Uint32(stream[sot+6:]))
	edit := func(at int, b ...byte) []byte {
		s := slices.Clone(stream)
		copy(s[at:], b)
		return s
	}
	insert := func(at int, b ...byte) []byte { return slices.Insert(slices.Clone(stream), at, b...) }
	for _, c := range []struct {
		name   string
		stream []byte
		want   refusal.Reason
	}{
		{"empty", nil, refusal.Malformed},
		{"JPEG", []byte{0xFF, 0xD8, 0xFF, 0xF7}, refusal.Malformed},
		{"JP2 without a code stream", []byte("\x00\x00\x00\x0CjP  \r\n\x87\n"), refusal.Malformed},
		{"JP2 box longer than the file", []byte("\x00\x00\x00\x0CjP  \r\n\x87\n\x00\x00\xFF\xFFjp2c\xFF\x4F"), refusal.Malformed},
		{"JP2 box of length 2", []byte("\x00\x00\x00\x0CjP  \r\n\x87\n\x00\x00\x00\x02jp2c\xFF\x4F"), refusal.Malformed},
		{"SIZ is not first", insert(2, 0xFF, 0x64, 0, 3, 0), refusal.Malformed},
		{"two SIZ", insert(2, stream[2:cod]...), refusal.Malformed},
		{"no SIZ", slices.Delete(slices.Clone(stream), 2, cod), refusal.Malformed},
		{"other columns", edit(8, be32(32)...), refusal.Malformed},
		{"other rows", edit(12, be32(23)...), refusal.Malformed},
		{"no columns", edit(16, be32(31)...), refusal.Malformed},
		{"2^32 columns", edit(8, be32(0xFFFFFFFF)...), refusal.Malformed},
		{"65535 x 65535", edit(8, append(be32(65535), be32(65535)...)...), refusal.TooLarge},
		{"tiles of one pixel at 8000x8000", edit(8, slices.Concat(be32(8000), be32(8000), be32(0), be32(0), be32(1), be32(1))...), refusal.TooLarge},
		{"no tile size", edit(24, be32(0)...), refusal.Malformed},
		{"tiles beyond the image", edit(32, be32(5)...), refusal.Malformed},
		{"three components", edit(40, be16(3)...), refusal.Malformed}, // SIZ is then too short
		{"precision 38", edit(42, 37), refusal.Unsupported},
		{"subsampled", edit(43, 2), refusal.Unsupported},
		{"65535 layers", edit(cod+6, 0xFF, 0xFF), refusal.TooLarge},
		{"precincts that are not there", edit(cod+4, 1), refusal.Malformed},
		{"33 levels", edit(cod+9, 33), refusal.Malformed},
		{"COD too short", slices.Replace(slices.Clone(stream), cod, cod+14, 0xFF, 0x52, 0, 4, 0, 0), refusal.Malformed},
		{"tile 4 of 4", edit(sot+4, be16(4)...), refusal.Malformed},
		{"tile part 1 before 0", edit(sot+10, 1), refusal.Malformed},
		{"tile part that does not come", edit(sot+11, 2), refusal.Malformed},
		{"a tile is missing", slices.Delete(slices.Clone(stream), sot, second), refusal.Malformed},
		{"a tile comes twice", insert(sot, stream[sot:second]...), refusal.Malformed},
		{"tile part shorter than its header", edit(sot+6, be32(13)...), refusal.Malformed},
		{"tile part longer than the stream", edit(sot+6, be32(1<<30)...), refusal.Malformed},
		{"tile part that ends in the middle", edit(sot+6, be32(second-sot-1)...), refusal.Malformed},
		{"tile header without an end", edit(sot+12, 0xFF, 0x64, 0xFF, 0xFF), refusal.Malformed},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := decode(c.stream)
			require.Equal(t, c.want, refusal.Of(err), "%v", err)
		})
	}
}

// TestTolerated are deviations that lose nothing.
func TestTolerated(t *testing.T) {
	needLibrary(t)
	stream := goldenStream(t, "htj2k.j2c") // one tile
	sot := bytes.Index(stream, []byte{0xFF, 0x90})
	open := slices.Clone(stream) // Psot 0: up to the end
	copy(open[sot+6:], be32(0))
	want := smooth(golden[0].shape).Values
	for name, s := range map[string][]byte{
		"zero padding":              append(slices.Clone(stream), 0),
		"no end marker":             stream[:len(stream)-2],
		"open tile part":            open,
		"open tile part, padded":    append(slices.Clone(open), 0),
		"comment":                   slices.Insert(slices.Clone(stream), sot, 0xFF, 0x64, 0, 6, 0, 1, 'h', 'i'),
		"bytes after the image":     append(slices.Clone(stream), 1, 2, 3),
		"JP2 box to the file's end": append([]byte("\x00\x00\x00\x0CjP  \r\n\x87\n\x00\x00\x00\x00jp2c"), stream...),
	} {
		got, err := decode(s)
		require.NoError(t, err, name)
		require.Equal(t, want, got, name)
	}
}

// FuzzDecode: whatever the bytes, decoding ends with a refusal or with the
// same samples every time.
func FuzzDecode(f *testing.F) {
	needLibrary(f)
	for _, g := range golden {
		f.Add(goldenStream(f, g.name))
	}
	f.Fuzz(func(t *testing.T, stream []byte) {
		a, err := decode(stream)
		if err != nil {
			require.NotEmpty(t, refusal.Of(err))
			return
		}
		b, err := decode(stream)
		require.NoError(t, err)
		require.Equal(t, a, b)
	})
}
