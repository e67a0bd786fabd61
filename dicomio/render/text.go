package render

import (
	"image"
	"image/color"
	"image/draw"
	"unicode/utf8"

	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"
)

// The cell of a character of basicfont.Face7x13, in pixels.
const (
	glyphWidth, glyphHeight = 7, 13
)

// extent is the size of a text, in pixels.
func extent(text string, scale int) image.Point {
	return image.Point{glyphWidth * utf8.RuneCountInString(text), glyphHeight}.Mul(scale)
}

// write draws a text, its top left corner at the given place.
func write(dst draw.Image, at image.Point, scale int, text string, c color.Color) {
	cells := image.NewAlpha(image.Rectangle{Max: extent(text, 1)})
	face := basicfont.Face7x13
	(&font.Drawer{Dst: cells, Src: image.Opaque, Face: face, Dot: fixed.P(0, face.Ascent)}).DrawString(text)
	for y := range cells.Rect.Max.Y {
		for x := range cells.Rect.Max.X {
			if cells.AlphaAt(x, y).A == 0 {
				continue
			}
			corner := at.Add(image.Point{x, y}.Mul(scale))
			draw.Draw(dst, image.Rectangle{corner, corner.Add(image.Point{scale, scale})}, image.NewUniform(c), image.Point{}, draw.Src)
		}
	}
}

// writeOver draws a text with an outline, to be read on any grey.
func writeOver(dst draw.Image, at image.Point, scale int, text string, c color.Color) {
	for dy := -1; dy <= 1; dy++ {
		for dx := -1; dx <= 1; dx++ {
			write(dst, at.Add(image.Point{dx, dy}.Mul(scale)), scale, text, shadow)
		}
	}
	write(dst, at, scale, text, c)
}
