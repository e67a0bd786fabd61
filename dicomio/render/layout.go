package render

import (
	"image"
	"image/color"
	"image/draw"
)

// layout is where things are on a page: lines of text, the picture with a
// margin for its edges' letters, lines of text. Text stands beside the picture
// and not on it, so that it hides nothing.
type layout struct {
	source image.Point
	// zoom is how many pixels of the page a side of a picture's pixel has.
	zoom int
	// scale is that of text.
	scale int
	// above and below are numbers of lines.
	above, below int
}

// legible is the least side of a picture on a page, in pixels: as wide as the
// longest line that is always there.
const legible = 512

func newLayout(source image.Point) layout {
	l := layout{source: source, zoom: 1}
	if longest := max(source.X, source.Y); longest < legible {
		l.zoom = (legible + longest - 1) / longest
	}
	l.scale = max(1, l.zoom*source.X/legible)
	return l
}

func (l layout) lineHeight() int { return l.scale * (glyphHeight + 2) }

// margin is the room for the letters beside the picture.
func (l layout) margin() int { return l.scale * (2*glyphWidth + 6) }

func (l layout) size() image.Point {
	return image.Point{
		X: max(l.zoom*l.source.X, legible) + 2*l.margin(),
		Y: l.zoom*l.source.Y + l.lineHeight()*(l.above+l.below+2),
	}
}

// picture is the part of the page that shows the picture.
func (l layout) picture() image.Rectangle {
	at := image.Point{X: (l.size().X - l.zoom*l.source.X) / 2, Y: l.lineHeight() * (l.above + 1)}
	return image.Rectangle{Min: at, Max: at.Add(l.source.Mul(l.zoom))}
}

// onPage is the place of a point of the picture, in coordinates that are 0 at
// the centre of the page's top left pixel.
func (l layout) onPage(column, row float64) (x, y float64) {
	at, zoom := l.picture().Min, float64(l.zoom)
	return float64(at.X) + zoom*(column+0.5) - 0.5, float64(at.Y) + zoom*(row+0.5) - 0.5
}

// enlarge draws the picture, each of its pixels as a square: nothing is
// smoothed.
func (l layout) enlarge(page *image.RGBA, picture *image.Gray) {
	to, from := l.picture(), picture.Bounds().Min
	for y := to.Min.Y; y < to.Max.Y; y++ {
		for x := to.Min.X; x < to.Max.X; x++ {
			v := picture.GrayAt(from.X+(x-to.Min.X)/l.zoom, from.Y+(y-to.Min.Y)/l.zoom).Y
			copy(page.Pix[page.PixOffset(x, y):], []byte{v, v, v})
		}
	}
}

// wrap breaks lines that are longer than the page is wide.
func (l layout) wrap(lines []string) []string {
	width := (l.size().X - 2*l.indent()) / (l.scale * glyphWidth)
	var out []string
	for _, line := range lines {
		rest := []rune(line)
		for len(rest) > width {
			out = append(out, string(rest[:width]))
			rest = rest[width:]
		}
		out = append(out, string(rest))
	}
	return out
}

func (l layout) indent() int { return 4 * l.scale }

// line draws the n-th line of a block of text whose top is at y.
func (l layout) line(page draw.Image, y, n int, text string, c color.Color) {
	write(page, image.Point{l.indent(), y + n*l.lineHeight() + l.scale}, l.scale, text, c)
}

// edges draws the letters beside the middle of each side.
func (l layout) edges(page draw.Image, e Edges) {
	r := l.picture()
	middle := r.Min.Add(r.Max).Div(2)
	for _, side := range []struct {
		text string
		at   image.Point // the middle of the text
	}{
		{e.Left, image.Point{r.Min.X - l.margin()/2, middle.Y}}, {e.Right, image.Point{r.Max.X + l.margin()/2, middle.Y}},
		{e.Top, image.Point{middle.X, r.Min.Y - l.lineHeight()/2}}, {e.Bottom, image.Point{middle.X, r.Max.Y + l.lineHeight()/2}},
	} {
		write(page, side.at.Sub(extent(side.text, l.scale).Div(2)), l.scale, side.text, ink)
	}
}
