package part10_test

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/part10"
	"nafas/dicomio/refusal"
)

// fragmented is a JPEG-LS file of the given offset table and fragments.
func fragmented(offsets []uint32, fragments ...string) []byte {
	r := newRaw(part10.JPEGLSLossless).uids().long(0x7fe0, 0x10, "OB", undefined).item(uint32(4 * len(offsets)))
	for _, o := range offsets {
		r.u32(o)
	}
	for _, f := range fragments {
		r.item(uint32(len(f))).str(f)
	}
	return r.sequenceEnd().b
}

func TestFramesOfFragments(t *testing.T) {
	const soi, soc = "\xff\xd8", "\xff\x4f\xff\x51"
	tests := []struct {
		name      string
		offsets   []uint32
		fragments []string
		n         int
		want      []string // nil: refused
	}{
		{"one frame, one fragment", nil, []string{"ab"}, 1, []string{"ab"}},
		{"one frame, all fragments", nil, []string{"ab", "cd", "ef"}, 1, []string{"abcdef"}},
		{"as many fragments as frames", nil, []string{"ab", "cd"}, 2, []string{"ab", "cd"}},
		{"basic offset table", []uint32{0, 20}, []string{"ab", "cd", "ef"}, 2, []string{"abcd", "ef"}},
		{"table wins over the number", []uint32{0, 10}, []string{"ab", "cd", "ef"}, 2, []string{"ab", "cdef"}},
		{"no table: start of image", nil, []string{soi + "ab", "cd", soi + "ef"}, 2, []string{soi + "abcd", soi + "ef"}},
		{"no table: start of code stream", nil, []string{soc, "cd", soc}, 2, []string{soc + "cd", soc}},
		{"no table and no marks", nil, []string{"ab", "cd", "ef"}, 2, nil},
		{"table of the wrong size", []uint32{0}, []string{"ab", "cd", "ef"}, 2, nil},
		{"table that points between fragments", []uint32{0, 11}, []string{"ab", "cd", "ef"}, 2, nil},
		{"table that goes backwards", []uint32{10, 0}, []string{"ab", "cd", "ef"}, 2, nil},
		{"more frames than fragments", nil, []string{"ab"}, 2, nil},
		{"no frames", nil, []string{"ab"}, 0, nil},
		{"no fragments", nil, nil, 1, nil},
		{"2 billion frames", nil, []string{"ab"}, 1 << 31, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			frames, err := mustParse(t, fragmented(tt.offsets, tt.fragments...)).Frames(tt.n)
			if tt.want == nil {
				require.Equal(t, refusal.Malformed, refusal.Of(err))
				return
			}
			require.NoError(t, err)
			for i, w := range tt.want {
				require.Equal(t, w, string(frames[i]))
			}
		})
	}
}

// TestWrittenFrames: frames of any length come back under every table and
// fragment size.
func TestWrittenFrames(t *testing.T) {
	frames := [][]byte{[]byte("\xff\xd8first"), []byte("\xff\xd8the second"), []byte("\xff\xd83.")}
	for _, table := range []part10.OffsetTable{part10.BasicOffsets, part10.NoOffsets, part10.ExtendedOffsets} {
		for _, size := range []int{0, 2, 6, 100} {
			px := &part10.Pixels{Frames: frames, MaxFragment: size, Offsets: table}
			data, err := part10.Marshal(part10.JPEGLosslessSV1, sample(t, 6, 5), px)
			require.NoError(t, err)
			f := mustParse(t, data)
			got, err := f.Frames(3)
			require.NoError(t, err)
			for i, want := range frames {
				padded := want
				if len(want)%2 != 0 && table != part10.ExtendedOffsets {
					padded = append(append([]byte{}, want...), 0)
				}
				require.Equal(t, padded, got[i], "table %d, fragments of %d", table, size)
			}
		}
	}
}

func TestNativeFrames(t *testing.T) {
	file := func(rows, columns, bits uint16, pixels string) *part10.File {
		return mustParse(t, newRaw(part10.ExplicitLE).uids().explicit(0x28, 0x10, "US", us(rows)).explicit(0x28, 0x11, "US", us(columns)).
			explicit(0x28, 0x100, "US", us(bits)).long(0x7fe0, 0x10, "OW", uint32(len(pixels))).str(pixels).b)
	}
	tests := []struct {
		name string
		f    *part10.File
		n    int
		want []string
	}{
		{"two frames of two words", file(1, 2, 16, "abcdefgh"), 2, []string{"abcd", "efgh"}},
		{"a byte of padding", file(1, 3, 8, "abc\x00"), 1, []string{"abc"}},
		{"more bytes than frames", file(1, 2, 16, "abcdefgh"), 1, nil},
		{"fewer bytes than frames", file(1, 2, 16, "abcd"), 2, nil},
		{"no rows", file(0, 2, 16, "abcd"), 1, nil},
		{"12 bits packed", file(1, 1, 12, "ab"), 1, nil},
		{"product beyond 2^32", file(65535, 65535, 64, "ab"), 1 << 40, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			frames, err := tt.f.Frames(tt.n)
			if tt.want == nil {
				require.Equal(t, refusal.Malformed, refusal.Of(err))
				return
			}
			require.NoError(t, err)
			for i, w := range tt.want {
				require.Equal(t, w, string(frames[i]))
			}
		})
	}
	_, err := mustParse(t, newRaw(part10.ExplicitLE).uids().b).Frames(1)
	require.Equal(t, refusal.Malformed, refusal.Of(err))
}

// TestNativePixelsAreNotCopied: 16 bit pixels stay bytes of the file, so that
// their sign is the reader's to apply; the library makes uint16 of them.
func TestNativePixelsAreNotCopied(t *testing.T) {
	data := sampleFile(t, part10.ExplicitLE)
	f := mustParse(t, data)
	frames, err := f.Frames(1)
	require.NoError(t, err)
	require.Equal(t, int16(-1000), int16(binary.LittleEndian.Uint16(frames[0])))
	require.Same(t, &data[f.Pixel.Offset], &frames[0][0])
	require.Nil(t, f.Elements().Find(tag.PixelData))
}
