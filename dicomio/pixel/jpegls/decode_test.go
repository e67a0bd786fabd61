package jpegls_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/pixel/internal/pixeltest"
	"nafas/dicomio/pixel/jpegls"
	"nafas/dicomio/refusal"
)

// TestExample is the worked example of T.87 annex H.3.
func TestExample(t *testing.T) {
	stream := []byte{
		0xFF, 0xD8, 0xFF, 0xF7, 0x00, 0x0B, 0x08, 0x00, 0x04, 0x00, 0x04, 0x01, 0x01, 0x11, 0x00,
		0xFF, 0xDA, 0x00, 0x08, 0x01, 0x01, 0x00, 0x00, 0x00, 0x00,
		0xC0, 0x00, 0x00, 0x6C, 0x80, 0x20, 0x8E, 0x01, 0xC0, 0x00, 0x00, 0x57, 0x40, 0x00, 0x00,
		0x6E, 0xE6, 0x00, 0x00, 0x01, 0xBC, 0x18, 0x00, 0x00, 0x05, 0xD8, 0x00, 0x00, 0x91, 0x60,
		0xFF, 0xD9,
	}
	want := []uint16{0, 0, 90, 74, 68, 50, 43, 205, 64, 145, 145, 145, 100, 145, 145, 145}
	got := make([]uint16, 16)
	info, err := jpegls.Decode(got, stream, 4, 4)
	require.NoError(t, err)
	require.Equal(t, want, got)
	require.Equal(t, jpegls.Info{Rows: 4, Columns: 4, Precision: 8}, info)
	e := encoder{rows: 4, columns: 4, precision: 8}
	require.Equal(t, stream, e.encode(want))
}

// TestVariants decodes what the test's own encoder writes: parameters that
// peers do not use.
func TestVariants(t *testing.T) {
	for _, c := range []struct {
		name string
		encoder
	}{
		{"2 bits", encoder{precision: 2}},
		{"3 bits", encoder{precision: 3}},
		{"7 bits", encoder{precision: 7}},
		{"11 bits", encoder{precision: 11}},
		{"16 bits", encoder{precision: 16}},
		{"2 bits near 1", encoder{precision: 2, near: 1}},
		{"12 bits near 200", encoder{precision: 12, near: 200}},
		{"16 bits near 255", encoder{precision: 16, near: 255}},
		{"odd MAXVAL", encoder{precision: 12, maxVal: 3000}},
		{"odd MAXVAL, near", encoder{precision: 8, maxVal: 201, near: 4}},
		{"MAXVAL 1", encoder{precision: 2, maxVal: 1}},
		{"thresholds", encoder{precision: 12, t1: 1, t2: 1, t3: 1}},
		{"fast reset", encoder{precision: 16, reset: 3}},
		{"slow reset", encoder{precision: 16, reset: 65535}},
		{"restart each line", encoder{precision: 12, interval: 1}},
		{"restart every 7 lines", encoder{precision: 16, interval: 7}},
		{"restart, near", encoder{precision: 10, near: 3, interval: 4}},
		{"restart interval beyond the image", encoder{precision: 10, interval: 1000}},
	} {
		for _, s := range []pixeltest.Shape{{Rows: 41, Columns: 53}, {Rows: 9, Columns: 300}, {Rows: 17, Columns: 1}} {
			s.BitsAllocated, s.BitsStored = 16, c.precision
			for _, m := range pixeltest.Images(s) {
				t.Run(fmt.Sprint(c.name, "/", s, "/", m.Name), func(t *testing.T) {
					e := c.encoder
					e.rows, e.columns = s.Rows, s.Columns
					if e.maxVal > 0 {
						for i := range m.Values {
							m.Values[i] = uint16(int(m.Values[i]) * e.maxVal / (1<<e.precision - 1))
						}
					}
					stream := e.encode(m.Values)
					got := make([]uint16, len(m.Values))
					info, err := jpegls.Decode(got, stream, s.Rows, s.Columns)
					require.NoError(t, err)
					require.Equal(t, e.precision, info.Precision)
					require.Equal(t, e.near, info.Near)
					for i, v := range m.Values {
						require.InDelta(t, v, got[i], float64(e.near))
					}
				})
			}
		}
	}
}

// small is a stream with everything in it that a truncation can hit.
func small(t testing.TB) (stream []byte, values []uint16) {
	t.Helper()
	m := pixeltest.Images(pixeltest.Shape{Rows: 12, Columns: 20, BitsAllocated: 16, BitsStored: 12})
	values = m[slices.IndexFunc(m, func(m pixeltest.Image) bool { return m.Name == "rare" })].Values
	e := encoder{rows: 12, columns: 20, precision: 12, t1: 5, interval: 5}
	return e.encode(values), values
}

// TestTruncation: a stream cut anywhere is refused, or has lost nothing but
// what comes after its last sample.
func TestTruncation(t *testing.T) {
	stream, want := small(t)
	whole := 0
	for n := range stream {
		got := make([]uint16, len(want))
		_, err := jpegls.Decode(got, stream[:n], 12, 20)
		if err == nil {
			require.Equal(t, want, got, "cut to %d of %d bytes", n, len(stream))
			whole++
			continue
		}
		require.Equal(t, refusal.Malformed, refusal.Of(err), "cut to %d bytes: %v", n, err)
	}
	require.LessOrEqual(t, whole, 3, "only the end of image marker and padding may be cut")
}

// TestDamage: flipped bits never panic, and are refused or give some image.
func TestDamage(t *testing.T) {
	stream, want := small(t)
	refused := 0
	for i := range 8 * len(stream) {
		bad := slices.Clone(stream)
		bad[i/8] ^= 1 << (i % 8)
		got := make([]uint16, len(want))
		if _, err := jpegls.Decode(got, bad, 12, 20); err != nil {
			require.NotEmpty(t, refusal.Of(err))
			refused++
		}
	}
	t.Logf("%d of %d flipped bits were refused", refused, 8*len(stream))
	require.Greater(t, refused, len(stream), "the end of the stream shows most damage")
}

func TestRefusals(t *testing.T) {
	stream, _ := small(t)
	edit := func(at int, b ...byte) []byte {
		s := slices.Clone(stream)
		copy(s[at:], b)
		return s
	}
	insert := func(at int, b ...byte) []byte { return slices.Insert(slices.Clone(stream), at, b...) }
	r := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 4096)
	for i := range noise {
		noise[i] = byte(r.Uint32())
	}
	for _, c := range []struct {
		name   string
		stream []byte
		want   refusal.Reason
	}{
		{"empty", nil, refusal.Malformed},
		{"noise", noise, refusal.Malformed},
		{"no start of image", edit(0, 0xFE), refusal.Malformed},
		{"baseline JPEG", insert(2, 0xFF, 0xC0, 0, 2), refusal.Unsupported},
		{"two frame headers", insert(2, stream[2:15]...), refusal.Malformed},
		{"other rows", edit(7, 0, 13), refusal.Malformed},
		{"other columns", edit(9, 0, 19), refusal.Malformed},
		{"precision 1", edit(6, 1), refusal.Malformed},
		{"precision 17", edit(6, 17), refusal.Malformed},
		{"three components", insert(2, 0xFF, 0xF7, 0, 17, 8, 0, 12, 0, 20, 3, 1, 17, 0, 2, 17, 0, 3, 17, 0), refusal.Unsupported},
		{"frame header too short", insert(2, 0xFF, 0xF7, 0, 5, 8, 0, 12), refusal.Malformed},
		{"segment longer than the stream", insert(2, 0xFF, 0xE0, 0xFF, 0xFF), refusal.Malformed},
		{"segment of length 1", insert(2, 0xFF, 0xE0, 0, 1), refusal.Malformed},
		{"scan before frame", insert(2, 0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 0, 0), refusal.Malformed},
		{"mapping table", insert(2, 0xFF, 0xF8, 0, 5, 2, 1, 1), refusal.Unsupported},
		{"oversize image", insert(2, 0xFF, 0xF8, 0, 5, 4, 1, 1), refusal.Unsupported},
		{"empty LSE", insert(2, 0xFF, 0xF8, 0, 2), refusal.Malformed},
		{"thresholds out of order", edit(22, 0, 9, 0, 5, 0, 1), refusal.Malformed},
		{"MAXVAL over the precision", edit(20, 0x7F, 0xFF), refusal.Malformed},
		{"RESET 1", edit(28, 0, 1), refusal.Malformed},
		{"end of image before the scan", insert(2, 0xFF, 0xD9), refusal.Malformed},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := jpegls.Decode(make([]uint16, 12*20), c.stream, 12, 20)
			require.Equal(t, c.want, refusal.Of(err), "%v", err)
		})
	}
	_, err := jpegls.Decode(nil, stream, 0, 0)
	require.Equal(t, refusal.Malformed, refusal.Of(err))
}

// TestTolerated are deviations that lose nothing.
func TestTolerated(t *testing.T) {
	stream, want := small(t)
	for name, s := range map[string][]byte{
		"fill bytes before a marker": slices.Insert(slices.Clone(stream), 2, 0xFF, 0xFF),
		"comment":                    slices.Insert(slices.Clone(stream), 2, 0xFF, 0xFE, 0, 4, 'h', 'i'),
		"zero padding":               append(slices.Clone(stream), 0, 0),
		"padded end of image":        append(slices.Clone(stream[:len(stream)-2]), 0xFF, 0xFF, 0xD9),
		"bytes after the image":      append(slices.Clone(stream), 1, 2, 3),
	} {
		got := make([]uint16, len(want))
		_, err := jpegls.Decode(got, s, 12, 20)
		require.NoError(t, err, name)
		require.Equal(t, want, got, name)
	}
	_, err := jpegls.Decode(make([]uint16, len(want)), append(stream[:len(stream)-2], 1, 2, 3), 12, 20)
	require.Error(t, err, "data after the last sample")
}
