package render_test

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/render"
	"nafas/dicomio/render/rendertest"
)

// grey is a picture in which each pixel has its own value, more or less.
func grey(columns, rows int) *image.Gray {
	p := image.NewGray(image.Rect(0, 0, columns, rows))
	for i := range p.Pix {
		p.Pix[i] = byte(10 + i%200)
	}
	return p
}

func album(t *testing.T, sheets ...render.Sheet) *render.Album {
	t.Helper()
	a, err := render.NewAlbum(sheets...)
	require.NoError(t, err)
	return a
}

var yellow = color.RGBA{255, 225, 0, 255}

// Where a picture lies on its page is worked out here from the rules: 15 (or
// 30) pixels a line, one line of letters over the picture.
func origin(page image.Image, picture *image.Gray, zoom, scale, above int) image.Point {
	return image.Point{(page.Bounds().Dx() - zoom*picture.Rect.Dx()) / 2, 15 * scale * (above + 1)}
}

// A picture comes out as it is, however large: small ones as squares.
func TestThePictureStaysAsItIs(t *testing.T) {
	for _, c := range []struct{ columns, rows, zoom, scale int }{
		{16, 16, 32, 1}, {300, 200, 2, 1}, {512, 512, 1, 1}, {768, 700, 1, 1}, {1024, 1024, 1, 2}, {16, 600, 1, 1}, {600, 16, 1, 1},
	} {
		p := grey(c.columns, c.rows)
		page := album(t, render.Sheet{Picture: p, Above: []string{"A"}}).Page(0)
		at := origin(page, p, c.zoom, c.scale, 1)
		for y := range c.rows * c.zoom {
			for x := range c.columns * c.zoom {
				v := p.GrayAt(x/c.zoom, y/c.zoom).Y
				if page.RGBAAt(at.X+x, at.Y+y) != (color.RGBA{v, v, v, 255}) {
					require.Failf(t, "another pixel", "%v at %d %d", c, x, y)
				}
			}
		}
	}
}

// A picture that is part of another one is drawn from its own corner.
func TestAPartOfAPicture(t *testing.T) {
	whole := grey(700, 700)
	part := whole.SubImage(image.Rect(50, 60, 650, 660)).(*image.Gray)
	page := album(t, render.Sheet{Picture: part}).Page(0)
	v := whole.GrayAt(50, 60).Y
	require.Equal(t, color.RGBA{v, v, v, 255}, page.RGBAAt((page.Bounds().Dx()-600)/2, 15))
}

func TestTextReadsBack(t *testing.T) {
	long := strings.Repeat("0123456789", 20)
	for _, c := range []struct{ columns, rows, scale int }{{512, 512, 1}, {1024, 1024, 2}, {64, 64, 1}, {2048, 100, 4}} {
		sheet := render.Sheet{
			Picture: grey(c.columns, c.rows), Above: []string{"RESEARCH USE ONLY - NOT FOR DIAGNOSIS", "model 0.2.0"},
			Below: []string{"slice 141", long}, Edges: render.Edges{Left: "R", Right: "L", Top: "A", Bottom: "P"},
		}
		page := album(t, sheet).Page(0)
		line := func(y int) string { return rendertest.Line(page, image.Point{4 * c.scale, y}, c.scale) }
		require.Equal(t, sheet.Above[0], line(c.scale))
		require.Equal(t, sheet.Above[1], line(16*c.scale))
		// Below stands under the picture and its letter.
		height := c.rows
		if c.columns == 64 {
			height = 512
		}
		below := (15*4 + 1) * c.scale
		require.Equal(t, "slice 141", line(height+below))
		// A long line goes on in the next, and nothing of it is lost.
		read := ""
		for n := 1; len(read) < len(long); n++ {
			read += line(height + below + 15*n*c.scale)
			require.Less(t, n, 6)
		}
		require.Equal(t, long, read)
	}
}

// The letters are where they belong: exchanged, they would turn the patient
// round.
func TestTheEdges(t *testing.T) {
	p := grey(512, 512)
	page := album(t, render.Sheet{Picture: p, Edges: render.Edges{Left: "R", Right: "L", Top: "A", Bottom: "P"}}).Page(0)
	at := origin(page, p, 1, 1, 0)
	margin := (page.Bounds().Dx() - 512) / 2
	for want, middle := range map[string]image.Point{
		"R": {at.X - margin/2, at.Y + 256}, "L": {at.X + 512 + margin/2, at.Y + 256}, "A": {at.X + 256, at.Y - 7}, "P": {at.X + 256, at.Y + 512 + 7},
	} {
		cell := page.SubImage(image.Rectangle{middle.Sub(image.Point{3, 6}), middle.Add(image.Point{4, 7})})
		require.Equal(t, want, rendertest.Line(cell, cell.Bounds().Min, 1))
	}
}

// ringOf collects where a page is yellow.
func yellowOf(page *image.RGBA) (out []image.Point) {
	for y := range page.Rect.Max.Y {
		for x := range page.Rect.Max.X {
			if page.RGBAAt(x, y) == yellow {
				out = append(out, image.Point{x, y})
			}
		}
	}
	return out
}

// A ring lies round its thing, at the size of it, and never on it.
func TestARingLiesRoundItsThing(t *testing.T) {
	for _, c := range []struct {
		name          string
		columns, rows int
		zoom, scale   int
		mark          render.Mark
	}{
		{"as large as its picture's pixels", 512, 512, 1, 1, render.Mark{Column: 100.4, Row: 300.7, RadiusColumns: 12, RadiusRows: 12}},
		{"enlarged", 64, 64, 8, 1, render.Mark{Column: 20, Row: 40, RadiusColumns: 3, RadiusRows: 3}},
		{"pixels that are no squares", 512, 512, 1, 1, render.Mark{Column: 200, Row: 200, RadiusColumns: 20, RadiusRows: 10}},
		{"large text", 1024, 1024, 1, 2, render.Mark{Column: 500, Row: 700, RadiusColumns: 15, RadiusRows: 15}},
		{"smaller than a pixel", 512, 512, 1, 1, render.Mark{Column: 8, Row: 9, RadiusColumns: 0.2, RadiusRows: 0.2}},
		{"at the corner", 512, 512, 1, 1, render.Mark{Column: -0.5, Row: 511.5, RadiusColumns: 6, RadiusRows: 6}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := grey(c.columns, c.rows)
			page := album(t, render.Sheet{Picture: p, Marks: []render.Mark{c.mark}}).Page(0)
			at := origin(page, p, c.zoom, c.scale, 0)
			ring := yellowOf(page)
			require.NotEmpty(t, ring)
			for _, q := range ring {
				// Back to the picture's coordinates.
				column := (float64(q.X-at.X)+0.5)/float64(c.zoom) - 0.5
				row := (float64(q.Y-at.Y)+0.5)/float64(c.zoom) - 0.5
				dx, dy := column-c.mark.Column, row-c.mark.Row
				inner := math.Hypot(dx/c.mark.RadiusColumns, dy/c.mark.RadiusRows)
				require.Greater(t, inner, 1., "on the thing at %v", q)
				room := (0.5*float64(c.zoom) + 5*float64(c.scale)) / float64(c.zoom)
				outer := math.Hypot(dx/(c.mark.RadiusColumns+room), dy/(c.mark.RadiusRows+room))
				require.LessOrEqual(t, outer, 1., "away from the thing at %v", q)
				require.True(t, q.In(image.Rectangle{at, at.Add(p.Rect.Size().Mul(c.zoom))}), "outside the picture at %v", q)
			}
		})
	}
}

// Neighbours stay free too: of each other's rings and labels.
func TestNothingIsDrawnOnAnyThing(t *testing.T) {
	p := grey(512, 512)
	var marks []render.Mark
	for i, at := range [][2]float64{{250, 250}, {272, 250}, {262, 270}, {300, 255}, {505, 5}, {2, 500}, {255, 251}} {
		marks = append(marks, render.Mark{Column: at[0], Row: at[1], RadiusColumns: 9, RadiusRows: 9, Label: fmt.Sprint(i + 1)})
	}
	page := album(t, render.Sheet{Picture: p, Marks: marks}).Page(0)
	at := origin(page, p, 1, 1, 0)
	for y := range 512 {
		for x := range 512 {
			for _, m := range marks {
				if math.Hypot(float64(x)-m.Column, float64(y)-m.Row) > 9 {
					continue
				}
				v := p.GrayAt(x, y).Y
				require.Equal(t, color.RGBA{v, v, v, 255}, page.RGBAAt(at.X+x, at.Y+y), "%d %d", x, y)
			}
		}
	}
}

// A label stands by its ring: a page with it differs from one without it only
// there.
func TestALabelStandsByItsRing(t *testing.T) {
	p := image.NewGray(image.Rect(0, 0, 512, 512))
	m := render.Mark{Column: 100, Row: 200, RadiusColumns: 10, RadiusRows: 10}
	bare := album(t, render.Sheet{Picture: p, Marks: []render.Mark{m}}).Page(0)
	m.Label = "7"
	page := album(t, render.Sheet{Picture: p, Marks: []render.Mark{m}}).Page(0)
	ring := map[image.Point]bool{}
	for _, q := range yellowOf(bare) {
		ring[q] = true
	}
	box := image.Rectangle{}
	for _, q := range yellowOf(page) {
		if !ring[q] {
			box = box.Union(image.Rectangle{q, q.Add(image.Point{1, 1})})
		}
	}
	at := origin(page, p, 1, 1, 0)
	require.False(t, box.Empty())
	require.True(t, box.In(image.Rect(100, 170, 140, 200).Add(at)), "%v is not right above the ring", box.Sub(at))
	// The glyph of a 7 begins one pixel right of its cell and two below.
	cell := page.SubImage(image.Rectangle{box.Min.Sub(image.Point{0, 2}), box.Min.Add(image.Point{7, 11})})
	require.Equal(t, "7", rendertest.Line(cell, cell.Bounds().Min, 1))
}

// Two things in one place: each label can be read.
func TestLabelsDoNotLieOnEachOther(t *testing.T) {
	p := image.NewGray(image.Rect(0, 0, 512, 512))
	m := render.Mark{Column: 100, Row: 200, RadiusColumns: 10, RadiusRows: 10}
	yellow := func(labels ...string) int {
		var marks []render.Mark
		for _, label := range labels {
			m.Label = label
			marks = append(marks, m)
		}
		return len(yellowOf(album(t, render.Sheet{Picture: p, Marks: marks}).Page(0)))
	}
	ring := yellow("")
	require.Equal(t, yellow("1")-ring+yellow("2")-ring, yellow("1", "2")-ring)
}

// A thing that fills the picture leaves no room for a label, and none is
// drawn on it.
func TestNoRoomForALabel(t *testing.T) {
	p := grey(512, 512)
	m := render.Mark{Column: 256, Row: 256, RadiusColumns: 400, RadiusRows: 400, Label: "1"}
	require.Empty(t, yellowOf(album(t, render.Sheet{Picture: p, Marks: []render.Mark{m}}).Page(0)))
}

// All pages have one size: that of the one with the most lines.
func TestPagesAreOfOneSize(t *testing.T) {
	a := album(t, render.Sheet{Picture: grey(512, 512)}, render.Sheet{Picture: grey(512, 512), Below: []string{"1", "2", "3"}})
	require.Equal(t, 2, a.Pages())
	for i := range 2 {
		require.Equal(t, a.Size(), a.Page(i).Rect.Size())
	}
	require.Equal(t, 512+15*5, a.Size().Y)
}

func TestWhatCannotBeDrawn(t *testing.T) {
	for _, c := range []struct {
		want   string
		sheets []render.Sheet
	}{
		{"without a sheet", nil},
		{"no picture", []render.Sheet{{}}},
		{"can be drawn", []render.Sheet{{Picture: grey(4097, 1)}}},
		{"can be drawn", []render.Sheet{{Picture: image.NewGray(image.Rectangle{})}}},
		{"size of the first", []render.Sheet{{Picture: grey(20, 20)}, {Picture: grey(20, 21)}}},
		{"not in its picture", []render.Sheet{{Picture: grey(20, 20), Marks: []render.Mark{{Column: 20, Row: 3}}}}},
		{"not in its picture", []render.Sheet{{Picture: grey(20, 20), Marks: []render.Mark{{Column: math.NaN(), Row: 3}}}}},
		{"not in its picture", []render.Sheet{{Picture: grey(20, 20), Marks: []render.Mark{{Column: 3, Row: 3, RadiusColumns: math.Inf(1)}}}}},
		{"not in its picture", []render.Sheet{{Picture: grey(20, 20), Marks: []render.Mark{{Column: 3, Row: 3, RadiusRows: -1}}}}},
	} {
		_, err := render.NewAlbum(c.sheets...)
		require.ErrorContains(t, err, c.want)
	}
}
