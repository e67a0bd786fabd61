package rle_test

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/pixel/rle"
	"nafas/dicomio/refusal"
)

// frame is an RLE frame of these segments (PS3.5 G.5).
func frame(segments ...[]byte) []byte {
	b := make([]byte, 64)
	binary.LittleEndian.PutUint32(b, uint32(len(segments)))
	for i, s := range segments {
		binary.LittleEndian.PutUint32(b[4+4*i:], uint32(len(b)))
		b = append(b, s...)
	}
	return b
}

// pack is a PackBits encoder (PS3.5 G.3.1): runs of three and more, literals
// else; a byte pads to an even length.
func pack(data []byte) []byte {
	var out []byte
	run := func(b []byte) int {
		n := 1
		for n < len(b) && n < 128 && b[n] == b[0] {
			n++
		}
		return n
	}
	for len(data) > 0 {
		if n := run(data); n > 2 {
			out = append(out, byte(257-n), data[0])
			data = data[n:]
			continue
		}
		n := 1
		for n < len(data) && n < 128 && run(data[n:]) < 3 {
			n++
		}
		out = append(append(out, byte(n-1)), data[:n]...)
		data = data[n:]
	}
	if len(out)%2 == 1 {
		out = append(out, 0)
	}
	return out
}

func TestDecode(t *testing.T) {
	for _, c := range []struct {
		name  string
		frame []byte
		bits  int
		want  []uint16
	}{
		// PS3.5 G.3.2: what the codes mean.
		{"literal", frame([]byte{2, 7, 8, 9}), 8, []uint16{7, 8, 9}},
		{"run of two", frame([]byte{255, 5}), 8, []uint16{5, 5}},
		{"run of 128", frame([]byte{129, 3}), 8, slices.Repeat([]uint16{3}, 128)},
		{"literal of 128", frame(append([]byte{127}, bytes.Repeat([]byte{4}, 128)...)), 8, slices.Repeat([]uint16{4}, 128)},
		{"128 says nothing", frame([]byte{128, 0, 1, 128, 128, 0, 2}), 8, []uint16{1, 2}},
		{"most significant byte first", frame([]byte{1, 0x12, 0x34}, []byte{1, 0xAB, 0xCD}), 16, []uint16{0x12AB, 0x34CD}},
		{"padding byte", frame([]byte{1, 0x12, 0x34, 0}, []byte{255, 1, 0}), 16, []uint16{0x1201, 0x3401}},
		{"padding zeros", frame([]byte{0, 9, 0, 0, 0, 0}), 8, []uint16{9}},
		{"empty codes after the last pixel", frame([]byte{0, 9, 128, 128}), 8, []uint16{9}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := slices.Repeat([]uint16{0xFFFF}, len(c.want)) // what was there before must not show
			require.NoError(t, rle.Decode(got, c.frame, c.bits))
			require.Equal(t, c.want, got)
		})
	}
}

func TestRefusals(t *testing.T) {
	offsets := func(at ...uint32) []byte {
		b := frame([]byte{1, 1, 2}, []byte{1, 3, 4})
		for i, v := range at {
			binary.LittleEndian.PutUint32(b[4+4*i:], v)
		}
		return b
	}
	for _, c := range []struct {
		name  string
		frame []byte
	}{
		{"empty", nil},
		{"header cut short", make([]byte, 63)},
		{"no segment", frame()},
		{"one segment of two", frame([]byte{1, 1, 2})},
		{"three segments", frame([]byte{1, 1, 2}, []byte{1, 1, 2}, []byte{1, 1, 2})},
		{"huge number of segments", append([]byte{0xFF, 0xFF, 0xFF, 0xFF}, make([]byte, 70)...)},
		{"offset in the header", offsets(60)},
		{"offset beyond the frame", offsets(64, 1<<31)},
		{"offsets out of order", offsets(67, 64)},
		{"segment too short", frame([]byte{0, 1}, []byte{1, 3, 4})},
		{"literal cut short", frame([]byte{1, 1, 2}, []byte{1, 3})},
		{"run cut short", frame([]byte{1, 1, 2}, []byte{255})},
		{"run over the end", frame([]byte{254, 1}, []byte{1, 3, 4})},
		{"literal over the end", frame([]byte{2, 1, 2, 3}, []byte{1, 3, 4})},
		{"more after the end", frame([]byte{1, 1, 2, 1, 1, 2}, []byte{1, 3, 4})},
		{"empty segment", frame(nil, []byte{1, 3, 4})},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := rle.Decode(make([]uint16, 2), c.frame, 16)
			require.Equal(t, refusal.Malformed, refusal.Of(err), "%v", err)
		})
	}
}

// TestTruncation: a frame cut anywhere is refused.
func TestTruncation(t *testing.T) {
	high, low := bytes.Repeat([]byte{1, 1, 1, 2, 3, 3}, 40), bytes.Repeat([]byte{9, 8, 7, 7, 7, 7, 7}, 40)[:240]
	whole := frame(pack(high), pack(low))
	want := make([]uint16, 240)
	require.NoError(t, rle.Decode(want, whole, 16))
	for n := range whole {
		got := make([]uint16, 240)
		if err := rle.Decode(got, whole[:n], 16); err == nil {
			require.Equal(t, want, got)
			require.GreaterOrEqual(t, n, len(whole)-1, "only the padding byte may be cut")
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(frame([]byte{1, 1, 2}, []byte{255, 3}), false)
	f.Add(frame(pack(make([]byte, 240))), true)
	f.Fuzz(func(t *testing.T, b []byte, bytes bool) {
		bits := 16
		if bytes {
			bits = 8
		}
		first, second := make([]uint16, 240), slices.Repeat([]uint16{7}, 240)
		if err := rle.Decode(first, b, bits); err != nil {
			require.NotEmpty(t, refusal.Of(err))
			return
		}
		require.NoError(t, rle.Decode(second, b, bits))
		require.Equal(t, first, second)
	})
}

func FuzzRoundTrip(f *testing.F) {
	f.Add([]byte{1, 1, 1, 1, 2, 3, 4, 4})
	f.Fuzz(func(t *testing.T, data []byte) {
		n := len(data) / 2
		got := make([]uint16, n)
		require.NoError(t, rle.Decode(got, frame(pack(data[:n]), pack(data[n:2*n])), 16))
		for i := range n {
			require.Equal(t, uint16(data[i])<<8|uint16(data[n+i]), got[i])
		}
	})
}
