package render

import (
	"errors"
	"fmt"
	"image"
	"image/color"
)

// Sheet is a picture with what is drawn on it and said around it. Text is
// ASCII; any other character becomes a box.
type Sheet struct {
	Picture *image.Gray
	// Above and Below are lines of text over and under the picture.
	Above, Below []string
	// Edges are drawn beside the picture.
	Edges Edges
	Marks []Mark
}

// Edges name the sides of a picture, such as "R" for the patient's right.
type Edges struct{ Left, Right, Top, Bottom string }

// Mark is a round thing in a picture. Column and Row are 0 at the centre of
// the top left pixel; the radii are in pixels too, since pixels need not be
// square.
type Mark struct {
	Column, Row               float64
	RadiusColumns, RadiusRows float64
	Label                     string
}

// Album are sheets of one size, so that they can be the frames of one image.
type Album struct {
	sheets []Sheet
	layout layout
}

// maxSide bounds a picture, in pixels; no CT is larger.
const maxSide = 4096

// NewAlbum lays sheets out. It is an error where their pictures differ in
// size or have more than 4096 pixels a side, and where a mark's centre is not
// in its picture or its radius is above that.
func NewAlbum(sheets ...Sheet) (*Album, error) {
	if len(sheets) == 0 {
		return nil, errors.New("an album without a sheet")
	}
	for i, s := range sheets {
		if s.Picture == nil {
			return nil, fmt.Errorf("sheet %d has no picture", i+1)
		}
	}
	size := sheets[0].Picture.Bounds().Size()
	if size.X < 1 || size.Y < 1 || size.X > maxSide || size.Y > maxSide {
		return nil, fmt.Errorf("a picture of %d columns and %d rows; 1 to %d can be drawn", size.X, size.Y, maxSide)
	}
	a := &Album{layout: newLayout(size)}
	for i, s := range sheets {
		if s.Picture.Bounds().Size() != size {
			return nil, fmt.Errorf("sheet %d is not of the size of the first", i+1)
		}
		for _, m := range s.Marks {
			if !m.drawable(size) {
				return nil, fmt.Errorf("a mark of sheet %d is not in its picture", i+1)
			}
		}
		s.Above, s.Below = a.layout.wrap(s.Above), a.layout.wrap(s.Below)
		a.layout.above, a.layout.below = max(a.layout.above, len(s.Above)), max(a.layout.below, len(s.Below))
		a.sheets = append(a.sheets, s)
	}
	return a, nil
}

// drawable is false for NaN too.
func (m Mark) drawable(size image.Point) bool {
	inside := m.Column >= -0.5 && m.Row >= -0.5 && m.Column <= float64(size.X)-0.5 && m.Row <= float64(size.Y)-0.5
	return inside && m.RadiusColumns >= 0 && m.RadiusRows >= 0 && max(m.RadiusColumns, m.RadiusRows) <= maxSide
}

// Size is that of every page, in pixels.
func (a *Album) Size() image.Point { return a.layout.size() }

// Pages is how many there are.
func (a *Album) Pages() int { return len(a.sheets) }

// The colours: of a mark one that no grey picture has.
var (
	ink     = color.RGBA{255, 255, 255, 255}
	warning = color.RGBA{255, 160, 0, 255}
	mark    = color.RGBA{255, 225, 0, 255}
	shadow  = color.RGBA{0, 0, 0, 255}
)

// Page draws sheet i, from 0. Its first line is drawn as a warning.
func (a *Album) Page(i int) *image.RGBA {
	s, l := a.sheets[i], a.layout
	page := image.NewRGBA(image.Rectangle{Max: l.size()})
	for p := 3; p < len(page.Pix); p += 4 {
		page.Pix[p] = 255
	}
	l.enlarge(page, s.Picture)
	for line, text := range s.Above {
		c := ink
		if line == 0 {
			c = warning
		}
		l.line(page, 0, line, text, c)
	}
	for line, text := range s.Below {
		l.line(page, l.picture().Max.Y+l.lineHeight(), line, text, ink)
	}
	l.edges(page, s.Edges)
	l.marks(page, s.Marks)
	return page
}
