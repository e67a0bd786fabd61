// Package rendertest reads what render wrote, for tests: burned-in text counts
// only if it can be read.
package rendertest

import (
	"image"
	"image/color"
	"strings"

	"golang.org/x/image/font/basicfont"
)

// Line reads a line of text on black, its top left corner at the given place,
// to the right end of the picture. What is no character of the font reads as
// '?'.
func Line(picture image.Image, at image.Point, scale int) string {
	face := basicfont.Face7x13
	var b strings.Builder
	for x := at.X; x+face.Advance*scale <= picture.Bounds().Max.X; x += face.Advance * scale {
		b.WriteRune(character(picture, image.Point{x, at.Y}, scale))
	}
	return strings.TrimRight(b.String(), " ")
}

func character(picture image.Image, at image.Point, scale int) rune {
	face := basicfont.Face7x13
	for _, r := range face.Ranges {
		for c := r.Low; c < r.High; c++ {
			if shows(picture, at, scale, int(c-r.Low)+r.Offset) {
				return c
			}
		}
	}
	return '?'
}

// shows says whether the cell is the n-th glyph, pixel for pixel.
func shows(picture image.Image, at image.Point, scale, n int) bool {
	face := basicfont.Face7x13
	for y := range face.Height * scale {
		for x := range face.Width * scale {
			_, _, _, a := face.Mask.At(x/scale, n*face.Height+y/scale).RGBA()
			black := color.RGBAModel.Convert(picture.At(at.X+x, at.Y+y)) == color.RGBA{0, 0, 0, 255}
			if black == (a != 0) {
				return false
			}
		}
	}
	return true
}
