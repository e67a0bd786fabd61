package dicomio_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/part10"
	"nafas/inference/volume"
)

// firstCells reads back the first voxels of a slice whose first cells are
// replaced.
func firstCells(t *testing.T, cells []uint16, syntax string, f rule) []int16 {
	t.Helper()
	images := stack("a")
	all := unsigned(chestHU(0))
	// The rest of the slice must stay a chest whatever the format says, so
	// only one slice of the stack gets the format.
	copy(all, cells)
	im := images[10].cells(all)
	im.syntax = syntax
	f(10, im)
	a, err := assemble(t, images)
	require.NoError(t, err)
	at := a.Volume.Index(0, 0, 10)
	return a.Volume.HU[at : at+len(cells)]
}

// The values are stored bits; the formats are those of the pixel format row.
func TestHounsfield(t *testing.T) {
	const air = volume.AirHU
	format := func(allocated, stored, high, representation int, more ...func(*image)) rule {
		return func(_ int, im *image) {
			im.ints(tag.BitsAllocated, allocated).ints(tag.BitsStored, stored).ints(tag.HighBit, high)
			im.ints(tag.PixelRepresentation, representation)
			for _, m := range more {
				m(im)
			}
		}
	}
	rescale := func(slope, intercept float64) func(*image) {
		return func(im *image) {
			im.decimals(tag.RescaleSlope, slope).decimals(tag.RescaleIntercept, intercept)
		}
	}
	padding := func(vr string, v int) func(*image) {
		return func(im *image) { im.set(tag.PixelPaddingValue, vr, []int{v}) }
	}
	limit := func(vr string, v int) func(*image) {
		return func(im *image) { im.set(tag.PixelPaddingRangeLimit, vr, []int{v}) }
	}
	for _, tc := range []struct {
		name  string
		rule  rule
		cells []uint16
		want  []int16
	}{
		{"unsigned 12 bits", format(16, 12, 11, 0), []uint16{0, 1, 24, 1024, 4095}, []int16{-1024, -1023, -1000, 0, 3071}},
		{"bits above the stored ones are not pixels", format(16, 12, 11, 0), []uint16{0xF018, 0x8400}, []int16{-1000, 0}},
		{"unsigned 16 bits, clipped", format(16, 16, 15, 0), []uint16{65535, 33791, 33792}, []int16{32767, 32767, 32767}},
		{"signed 16 bits", format(16, 16, 15, 1, rescale(1, 0)), []uint16{0xFC18, 40, 0xFFFF}, []int16{-1000, 40, -1}},
		{"signed 12 bits", format(16, 12, 11, 1, rescale(1, 0)), []uint16{0x0C18, 0x0FFF, 0x07FF, 0xF028}, []int16{-1000, -1, 2047, 40}},
		{"stored bits high in the cell", format(16, 12, 15, 0), []uint16{24 << 4, 1024<<4 | 7}, []int16{-1000, 0}},
		{"below -1024 is outside the field of view", format(16, 16, 15, 1, rescale(1, 0)),
			[]uint16{0xF448 /* -3000 */, 0xFBFF /* -1025 */, 0xFC00 /* -1024 */}, []int16{air, air, -1024}},
		{"slope 2", format(16, 12, 11, 0, rescale(2, -1024)), []uint16{0, 12, 600}, []int16{-1024, -1000, 176}},
		{"fractions are rounded", format(16, 12, 11, 0, rescale(.5, -.25)), []uint16{0, 1, 2, 3}, []int16{0, 0, 1, 1}},
		{"negative slope", format(16, 12, 11, 0, rescale(-1, 0)), []uint16{0, 500}, []int16{0, -500}},

		{"padding, US for a signed image (63536 is -2000)", format(16, 16, 15, 1, rescale(1, 1500), padding("US", 63536)),
			[]uint16{0xF830, 0xF831, 0}, []int16{air, -499, 1500}},
		{"padding, SS for a signed image", format(16, 16, 15, 1, rescale(1, 1500), padding("SS", -2000)),
			[]uint16{0xF830, 0xF831}, []int16{air, -499}},
		{"padding, SS for an unsigned image", format(16, 16, 15, 0, padding("SS", -2000)), []uint16{0xF830, 1024}, []int16{air, 0}},
		{"padding comes before rescaling", format(16, 12, 11, 0, rescale(1, -100), padding("US", 0)), []uint16{0, 100}, []int16{air, 0}},
		{"padding that does not fit the stored bits", format(16, 12, 11, 0, padding("SS", -2000)),
			[]uint16{0xF830, 0x0830}, []int16{air, 1072}},
		{"padding range", format(16, 12, 11, 0, rescale(1, -100), padding("US", 10), limit("US", 12)),
			[]uint16{9, 10, 11, 12, 13}, []int16{-91, air, air, air, -87}},
		{"padding range, limit below the value", format(16, 16, 15, 1, rescale(1, 1500), padding("SS", -2000), limit("SS", -2002)),
			[]uint16{0xF82D, 0xF82E, 0xF82F, 0xF830, 0xF831}, []int16{-503, air, air, air, -499}},
	} {
		for name, syntax := range map[string]string{
			"explicit": part10.ExplicitLE, "implicit": part10.ImplicitLE, "deflated": part10.DeflatedLE, "big endian": part10.ExplicitBE,
		} {
			if syntax == part10.DeflatedLE || syntax == part10.ExplicitBE {
				// A codec cuts the stored bits out before we see the cell.
				if tc.name == "padding that does not fit the stored bits" {
					continue
				}
			}
			t.Run(tc.name+", "+name, func(t *testing.T) {
				require.Equal(t, tc.want, firstCells(t, tc.cells, syntax, tc.rule))
			})
		}
	}
}

// Rescaling is per slice: each of these has a slope of its own and the same
// Hounsfield units.
func TestRescalePerSlice(t *testing.T) {
	plain, err := assemble(t, stack("a"))
	require.NoError(t, err)
	scaled, err := assemble(t, each(stack("a"), func(n int, im *image) {
		slope := []float64{1, .5, .25}[n%3]
		cells := unsigned(chestHU(n))
		for i := range cells {
			cells[i] = uint16(float64(cells[i]) / slope)
		}
		im.ints(tag.BitsStored, 16).ints(tag.HighBit, 15)
		im.decimals(tag.RescaleSlope, slope).cells(cells)
	}))
	require.NoError(t, err)
	require.Equal(t, plain.Volume, scaled.Volume)
}

// Image bytes that cannot be decoded refuse the series: a slice that is
// skipped would be a hole.
func TestDamagedSlice(t *testing.T) {
	images := stack("a")
	images[20].syntax = part10.RLELossless
	images[20].pixels = &part10.Pixels{Frames: [][]byte{bytes.Repeat([]byte{1, 0}, 100)}}
	_, err := assemble(t, images)
	require.Error(t, err)
	require.NotEmpty(t, dicomioRemedy(err))
}
