package render

import (
	"image"
	"math"
)

// ellipse on a page; centre and radii in pixels, 0 at the centre of the top
// left one.
type ellipse struct{ x, y, rx, ry float64 }

// holds says whether a point is inside.
func (e ellipse) holds(x, y float64) bool {
	dx, dy := (x-e.x)/e.rx, (y-e.y)/e.ry
	return dx*dx+dy*dy < 1
}

func (e ellipse) grown(by float64) ellipse { return ellipse{e.x, e.y, e.rx + by, e.ry + by} }

// touches says whether any of a rectangle is inside: the point of it that is
// nearest to the centre is.
func (e ellipse) touches(r image.Rectangle) bool {
	return e.holds(min(max(e.x, float64(r.Min.X)), float64(r.Max.X-1)), min(max(e.y, float64(r.Min.Y)), float64(r.Max.Y-1)))
}

// The gap between a thing and its ring, and the ring's width, in pixels times
// the scale of text.
const (
	gap   = 3
	width = 2
)

// marks draws a ring round each thing, and its label. Nothing is drawn on any
// of the things.
func (l layout) marks(page *image.RGBA, marks []Mark) {
	discs := make([]ellipse, len(marks))
	for i, m := range marks {
		x, y := l.onPage(m.Column, m.Row)
		zoom := float64(l.zoom)
		// A thing ends with the pixel that its edge is in.
		discs[i] = ellipse{x, y, zoom * (m.RadiusColumns + 0.5), zoom * (m.RadiusRows + 0.5)}
	}
	for _, d := range discs {
		l.ring(page, d, discs)
	}
	var taken []image.Rectangle
	for i, m := range marks {
		box, ok := l.placeFor(m.Label, discs[i], discs, taken)
		if !ok {
			continue // the lines under the picture name it
		}
		taken = append(taken, box)
		writeOver(page, box.Min.Add(image.Point{l.scale, l.scale}), l.scale, m.Label, mark)
	}
}

func (l layout) ring(page *image.RGBA, d ellipse, spared []ellipse) {
	inner, outer := d.grown(float64(gap*l.scale)), d.grown(float64((gap+width)*l.scale))
	r := image.Rect(int(d.x-outer.rx), int(d.y-outer.ry), int(d.x+outer.rx)+2, int(d.y+outer.ry)+2).Intersect(l.picture())
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			fx, fy := float64(x), float64(y)
			if outer.holds(fx, fy) && !inner.holds(fx, fy) && !anyHolds(spared, fx, fy) {
				page.SetRGBA(x, y, mark)
			}
		}
	}
}

func anyHolds(all []ellipse, x, y float64) bool {
	for _, e := range all {
		if e.holds(x, y) {
			return true
		}
	}
	return false
}

// around are the places of a label beside its ring, the best first; y points
// down.
var around = []struct{ x, y float64 }{
	{math.Sqrt2 / 2, -math.Sqrt2 / 2}, {math.Sqrt2 / 2, math.Sqrt2 / 2}, {-math.Sqrt2 / 2, -math.Sqrt2 / 2}, {-math.Sqrt2 / 2, math.Sqrt2 / 2},
	{1, 0}, {-1, 0}, {0, -1}, {0, 1},
}

// placeFor finds room for a label in the picture: on no thing and no other
// label, and if it can be on no ring.
func (l layout) placeFor(label string, own ellipse, discs []ellipse, taken []image.Rectangle) (image.Rectangle, bool) {
	size := extent(label, l.scale).Add(image.Point{2, 2}.Mul(l.scale)) // with its outline
	ring := float64((gap + width) * l.scale)
	for _, spare := range []float64{ring, 0} {
		for _, to := range around {
			x := own.x + to.x*(own.rx+ring+1) + sign(to.x)*float64(size.X)/2
			y := own.y + to.y*(own.ry+ring+1) + sign(to.y)*float64(size.Y)/2
			at := image.Point{int(math.Round(x)), int(math.Round(y))}.Sub(size.Div(2))
			if box := (image.Rectangle{at, at.Add(size)}); l.free(box, discs, spare, taken) {
				return box, true
			}
		}
	}
	return image.Rectangle{}, false
}

func sign(v float64) float64 {
	switch {
	case v > 0:
		return 1
	case v < 0:
		return -1
	}
	return 0
}

func (l layout) free(box image.Rectangle, discs []ellipse, spare float64, taken []image.Rectangle) bool {
	if !box.In(l.picture()) {
		return false
	}
	for _, d := range discs {
		if d.grown(spare).touches(box) {
			return false
		}
	}
	for _, other := range taken {
		if box.Overlaps(other) {
			return false
		}
	}
	return true
}
