package jpegll_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/pixel/internal/pixeltest"
	"nafas/dicomio/pixel/jpegll"
	"nafas/dicomio/refusal"
)

// TestVariants decodes what the test's own encoder writes, with parameters
// that peers do not use.
func TestVariants(t *testing.T) {
	var cases []encoder
	for predictor := 1; predictor <= 7; predictor++ {
		cases = append(cases,
			encoder{precision: 16, predictor: predictor},
			encoder{precision: 12, predictor: predictor, interval: 5, shape: "long", table: 3})
	}
	for _, precision := range []int{2, 3, 7, 8, 10, 11, 15} {
		cases = append(cases, encoder{precision: precision, predictor: 1 + precision%7, table: byte(precision % 4)})
	}
	cases = append(cases,
		encoder{precision: 16, predictor: 1, shape: "long"},
		encoder{precision: 16, predictor: 4, transform: 15},
		encoder{precision: 12, predictor: 7, transform: 4, interval: 1},
		encoder{precision: 12, predictor: 1, interval: 100},
	)
	for _, c := range cases {
		for _, s := range []pixeltest.Shape{{Rows: 41, Columns: 53}, {Rows: 13, Columns: 1}} {
			s.BitsAllocated, s.BitsStored = 16, c.precision
			for _, m := range pixeltest.Images(s) {
				t.Run(fmt.Sprintf("%s/predictor %d, transform %d, interval %d, %s/%s",
					s, c.predictor, c.transform, c.interval, c.shape, m.Name), func(t *testing.T) {
					e := c
					e.rows, e.columns = s.Rows, s.Columns
					got := make([]uint16, len(m.Values))
					info, err := jpegll.Decode(got, e.encode(m.Values), s.Rows, s.Columns)
					require.NoError(t, err)
					require.Equal(t, jpegll.Info{Rows: s.Rows, Columns: s.Columns, Precision: e.precision, Predictor: e.predictor}, info)
					for i, v := range m.Values {
						require.Equal(t, v>>e.transform<<e.transform, got[i])
					}
				})
			}
		}
	}
}

func small(t testing.TB) (stream []byte, values []uint16) {
	t.Helper()
	m := pixeltest.Images(pixeltest.Shape{Rows: 12, Columns: 20, BitsAllocated: 16, BitsStored: 12})
	values = m[slices.IndexFunc(m, func(m pixeltest.Image) bool { return m.Name == "rare" })].Values
	e := encoder{rows: 12, columns: 20, precision: 12, predictor: 4, interval: 5, shape: "long"}
	return e.encode(values), values
}

// TestTruncation: a stream cut anywhere is refused, or has lost nothing but
// what comes after its last sample.
func TestTruncation(t *testing.T) {
	stream, want := small(t)
	whole := 0
	for n := range stream {
		got := make([]uint16, len(want))
		_, err := jpegll.Decode(got, stream[:n], 12, 20)
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
		if _, err := jpegll.Decode(make([]uint16, len(want)), bad, 12, 20); err != nil {
			require.NotEmpty(t, refusal.Of(err))
			refused++
		}
	}
	t.Logf("%d of %d flipped bits were refused", refused, 8*len(stream))
	require.Greater(t, refused, 2*len(stream), "values out of range and the end of the stream show damage")
}

func TestRefusals(t *testing.T) {
	stream, _ := small(t)
	frame := slices.Index(stream, 0xC3) - 1 // no earlier byte has this value
	scan := frame + 13 + 6
	edit := func(at int, b ...byte) []byte {
		s := slices.Clone(stream)
		copy(s[at:], b)
		return s
	}
	insert := func(at int, b ...byte) []byte { return slices.Insert(slices.Clone(stream), at, b...) }
	table := func(counts []byte, values ...byte) []byte {
		b := append(append([]byte{0}, counts...), make([]byte, 16-len(counts))...)
		b = append(b, values...)
		return insert(2, append([]byte{0xFF, 0xC4, 0, byte(len(b) + 2)}, b...)...)
	}
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
		{"baseline process", edit(frame+1, 0xC0), refusal.Unsupported},
		{"extended process", edit(frame+1, 0xC1), refusal.Unsupported},
		{"arithmetic coding", edit(frame+1, 0xCB), refusal.Unsupported},
		{"JPEG-LS", edit(frame+1, 0xF7), refusal.Unsupported},
		{"no frame header", edit(frame+1, 0xE3), refusal.Malformed},
		{"two frame headers", insert(frame, stream[frame:frame+13]...), refusal.Malformed},
		{"precision 1", edit(frame+4, 1), refusal.Malformed},
		{"precision 17", edit(frame+4, 17), refusal.Malformed},
		{"other rows", edit(frame+5, 0, 11), refusal.Malformed},
		{"other columns", edit(frame+7, 0, 21), refusal.Malformed},
		{"no rows yet (DNL)", edit(frame+5, 0, 0), refusal.Malformed},
		{"three components", insert(frame, 0xFF, 0xC3, 0, 17, 8, 0, 12, 0, 20, 3, 1, 17, 0, 2, 17, 0, 3, 17, 0), refusal.Unsupported},
		{"interval within a line", edit(scan-2, 0, 30), refusal.Malformed},
		{"predictor 0", edit(scan+7, 0), refusal.Malformed},
		{"predictor 8", edit(scan+7, 8), refusal.Malformed},
		{"transform of all bits", edit(scan+9, 12), refusal.Malformed},
		{"table that is not there", edit(scan+6, 0x30), refusal.Malformed},
		{"table 4", edit(scan+6, 0x40), refusal.Malformed},
		{"other component", edit(scan+5, 8), refusal.Malformed},
		{"too many codes of a length", table([]byte{3}, 1, 2, 3), refusal.Malformed},
		{"category 17", table([]byte{1}, 17), refusal.Malformed},
		{"table without codes", table(nil), refusal.Malformed},
		{"table cut short", insert(2, 0xFF, 0xC4, 0, 5, 0, 1, 1), refusal.Malformed},
		{"values cut short", insert(2, append([]byte{0xFF, 0xC4, 0, 19, 0}, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)...), refusal.Malformed},
		{"segment longer than the stream", insert(2, 0xFF, 0xE0, 0xFF, 0xFF), refusal.Malformed},
		{"end of image before the scan", insert(2, 0xFF, 0xD9), refusal.Malformed},
		{"data after the last sample", insert(len(stream)-2, 1, 2, 3), refusal.Malformed},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := jpegll.Decode(make([]uint16, 12*20), c.stream, 12, 20)
			require.Equal(t, c.want, refusal.Of(err), "%v", err)
		})
	}
	_, err := jpegll.Decode(nil, stream, 0, 0)
	require.Equal(t, refusal.Malformed, refusal.Of(err))
}

// TestOutOfRange: samples beyond the precision show a stream gone wrong.
func TestOutOfRange(t *testing.T) {
	e := encoder{rows: 1, columns: 2, precision: 8, predictor: 1}
	_, err := jpegll.Decode(make([]uint16, 2), e.encode([]uint16{255, 256}), 1, 2)
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
		_, err := jpegll.Decode(got, s, 12, 20)
		require.NoError(t, err, name)
		require.Equal(t, want, got, name)
	}
}
