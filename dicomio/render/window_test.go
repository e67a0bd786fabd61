package render_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/render"
)

func TestWindow(t *testing.T) {
	w := render.Window{Centre: 2048, Width: 4096}
	for _, c := range []struct {
		w    render.Window
		x    float64
		want uint8
		why  string
	}{
		// The worked example of PS3.3 C.11.2.1.2.1.
		{w, 0, 0, "the lower end"}, {w, -1, 0, "below it"},
		{w, 4095, 255, "the upper end"}, {w, 5000, 255, "above it"},
		{w, 2047, 127, "((2047-2047.5)/4095+0.5)*255 = 127.47"}, {w, 2048, 128, "127.53"},
		{render.Window{Centre: 0, Width: 100}, -50, 0, "x <= c-0.5-(w-1)/2 = -50"},
		{render.Window{Centre: 0, Width: 100}, 49, 255, "((49+0.5)/99+0.5)*255 = 255"},
		{render.Window{Centre: 0, Width: 1}, -0.5, 0, "a width of 1 is a step"},
		{render.Window{Centre: 0, Width: 1}, -0.4, 255, "a width of 1 is a step"},
		{render.Lung, -600.5, 128, "the middle, 127.5, is rounded up"},
	} {
		require.NoError(t, c.w.Check())
		require.Equal(t, c.want, c.w.Value(c.x), "%v of %v: %s", c.w, c.x, c.why)
	}
	for _, bad := range []render.Window{{0, 0}, {0, 0.5}, {0, -1}, {0, math.NaN()}, {math.NaN(), 5}, {0, math.Inf(1)}} {
		require.Error(t, bad.Check(), "%v", bad)
	}
	require.NoError(t, render.CheckFunction(""))
	require.NoError(t, render.CheckFunction("linear"))
	require.ErrorContains(t, render.CheckFunction("SIGMOID"), "LINEAR")
}

func TestGray(t *testing.T) {
	img, err := render.Gray([]int16{-2000, 2000, -600, -600, 2000, -2000}, 3, 2, render.Lung)
	require.NoError(t, err)
	require.Equal(t, 3, img.Rect.Dx())
	require.EqualValues(t, []uint8{0, 255, 128, 128, 255, 0}, img.Pix)
	_, err = render.Gray([]int16{1}, 2, 2, render.Lung)
	require.Error(t, err)
	_, err = render.Gray([]int16{1}, 1, 1, render.Window{})
	require.Error(t, err)
}
