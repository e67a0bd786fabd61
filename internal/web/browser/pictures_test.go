package browser

import (
	"bytes"
	"flag"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// pictures has the tests write the pictures of the documentation.
var pictures = flag.Bool("pictures", false, "write the screenshots into docs/images")

// picture takes a screenshot, and looks whether anything is on it. With
// -pictures it is docs/images/NAME.png.
func (b *browser) picture(name string) {
	b.t.Helper()
	raw := act(b, "picture", chromedp.CaptureScreenshot())
	drawn, err := png.Decode(bytes.NewReader(raw))
	require.NoError(b.t, err)
	require.Greater(b.t, shades(drawn), 50, "there is hardly anything on the picture")
	if *pictures {
		require.NoError(b.t, os.WriteFile(filepath.Join("../../../docs/images", name+".png"), raw, 0o644))
	}
}

// shades counts colours that differ.
func shades(m image.Image) int {
	seen := map[color.Color]bool{}
	for y := m.Bounds().Min.Y; y < m.Bounds().Max.Y; y += 3 {
		for x := m.Bounds().Min.X; x < m.Bounds().Max.X; x += 3 {
			seen[m.At(x, y)] = true
		}
	}
	return len(seen)
}
