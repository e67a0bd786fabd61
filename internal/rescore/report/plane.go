package report

import (
	"math"
	"strconv"
	"strings"
)

// A figure is drawn here, and not by a plotting library, so that its colours follow
// the page's themes and its words stay outside: they are the page's own, shaped and
// laid out by the browser in every script. Inside stand numbers alone.

// plane is where a figure draws, in its own pixels.
type plane struct {
	// Width and Height are of the whole picture; the others the edges of where values
	// lie.
	Width, Height, Left, Right, Top, Bottom float64
	// X and Y map a value to 0 (left, bottom) to 1 (right, top).
	X, Y func(v float64) float64
}

func (p plane) x(v float64) float64 { return p.Left + p.X(v)*(p.Right-p.Left) }
func (p plane) y(v float64) float64 { return p.Bottom - p.Y(v)*(p.Bottom-p.Top) }

// tick is a place on an axis with its number.
type tick struct{ At, Label string }

// line is a straight one from edge to edge; Class is its look, Label stands at its
// end.
type line struct{ At, Class, Label string }

// px is a coordinate.
func px(v float64) string { return strconv.FormatFloat(finite(v), 'f', 1, 64) }

func linear(end float64) func(float64) float64 { return func(v float64) float64 { return v / end } }

// niceEnd is the end of a scale from 0 that holds a value: 1, 2 or 5 times a power of
// ten, as the review page's.
func niceEnd(most float64) float64 {
	if !(most > 0) {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(most)))
	for _, step := range []float64{1, 2, 5} {
		if end := step * power; end >= most*(1-1e-9) {
			return end
		}
	}
	return 10 * power
}

// path collects what a pen draws.
type path struct{ strings.Builder }

func (p *path) move(x, y float64) { p.WriteString("M" + px(x) + " " + px(y)) }
func (p *path) line(x, y float64) { p.WriteString("L" + px(x) + " " + px(y)) }

// along draws through places.
func (p *path) along(places [][2]float64) {
	for i, at := range places {
		if i == 0 {
			p.move(at[0], at[1])
		} else {
			p.line(at[0], at[1])
		}
	}
}
