package browser

import (
	"bytes"
	"image"
	"image/png"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"nafas/inference/volume"
)

// TestLaterality: a marker on the patient's right is on the left of the screen,
// beside the letter R, in every language and however the images are stored.
func TestLaterality(t *testing.T) {
	x, y, z := volume.Vec3{1, 0, 0}, volume.Vec3{0, 1, 0}, volume.Vec3{0, 0, 1}
	minus := func(v volume.Vec3) volume.Vec3 { return v.Scale(-1) }
	for name, axes := range map[string][3]volume.Vec3{
		"upright":                  {x, y, z},
		"turned by 180 degrees":    {minus(x), minus(y), z},
		"mirrored":                 {minus(x), y, minus(z)},
		"stored from head to foot": {x, y, minus(z)},
	} {
		t.Run(name, func(t *testing.T) {
			v := chest(t, axes).Volume
			withMarker(v)
			s := serve(t, t.TempDir(), "--model", brightSpots)
			s.send(write(t, v, "M1", writeOptions{}))
			for _, language := range []string{"en", "fr", "ar"} {
				b := open(t, s.http, setting{language: language})
				b.visit("/")
				b.openTop()
				b.until(`document.querySelector(".view .letter.left").textContent === "R" && document.querySelector(".view .letter.right").textContent === "L"`)
				b.press("3") // bone: only the marker is white
				b.press("o") // no marks over it
				b.markerOnLeft(language)
				if name == "upright" && language == "ar" {
					b.picture("laterality-ar")
				}
			}
		})
	}
}

// markerOnLeft looks at what is on the screen for the marker of withMarker, at its
// place and at the mirrored one.
func (b *browser) markerOnLeft(language string) {
	b.t.Helper()
	type box struct{ X, Y, Width, Height float64 }
	var white, mirrored float64
	for range 50 { // the page draws, and moves, when it is time to
		// Where the patient's right edge of the image is, the canvas begins.
		canvas := value[box](b, `(() => { const r = document.querySelector(".view canvas.pixels").getBoundingClientRect(); return {X: r.x, Y: r.y, Width: r.width, Height: r.height}; })()`)
		raw := act(b, "screenshot", chromedp.CaptureScreenshot())
		shot, err := png.Decode(bytes.NewReader(raw))
		require.NoError(b.t, err)
		at := func(share float64) float64 {
			return brightness(shot, int(canvas.X+share*canvas.Width), int(canvas.Y+markerRow*canvas.Height))
		}
		white, mirrored = at(markerColumn), at(1-markerColumn)
		if white > .95 {
			break
		}
	}
	if white <= .95 || mirrored >= .5 {
		b.keepPicture()
	}
	require.Greater(b.t, white, .95, "%s: the marker is on the left of the screen", language)
	require.Less(b.t, mirrored, .5, "%s: and not on the right", language)
}

// brightness of the middle of a few pixels, 0 to 1.
func brightness(m image.Image, x, y int) float64 {
	sum := 0.0
	for dy := -1; dy <= 1; dy++ {
		for dx := -1; dx <= 1; dx++ {
			r, g, b, _ := m.At(x+dx, y+dy).RGBA()
			sum += float64(r+g+b) / 3 / 0xffff
		}
	}
	return sum / 9
}
