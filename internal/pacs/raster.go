package pacs

import "image"

// raster is a picture of one (grey) or three (red, green, blue) bytes a pixel,
// row by row.
type raster struct {
	pix           []uint8
	channels      int
	width, height int
}

// fit scales a picture into a width and a height, keeping its shape, by the
// nearest four pixels. A width of 0 leaves it as it is.
func (r raster) fit(width, height int) raster {
	if width == 0 {
		return r
	}
	scale := min(float64(width)/float64(r.width), float64(height)/float64(r.height))
	out := raster{channels: r.channels, width: max(1, int(float64(r.width)*scale+0.5)), height: max(1, int(float64(r.height)*scale+0.5))}
	if out.width == r.width && out.height == r.height {
		return r
	}
	out.pix = make([]uint8, out.width*out.height*out.channels)
	at := func(x, y, c int) float64 { return float64(r.pix[(y*r.width+x)*r.channels+c]) }
	for y := range out.height {
		y0, y1, fy := around(y, r.height, out.height)
		for x := range out.width {
			x0, x1, fx := around(x, r.width, out.width)
			for c := range r.channels {
				top := at(x0, y0, c)*(1-fx) + at(x1, y0, c)*fx
				low := at(x0, y1, c)*(1-fx) + at(x1, y1, c)*fx
				out.pix[(y*out.width+x)*r.channels+c] = uint8(top*(1-fy) + low*fy + 0.5)
			}
		}
	}
	return out
}

// around are the two pixels of n that lie around pixel i of m, and how near the
// second is.
func around(i, n, m int) (first, second int, share float64) {
	at := (float64(i)+0.5)*float64(n)/float64(m) - 0.5
	at = min(max(at, 0), float64(n-1))
	first = int(at)
	return first, min(first+1, n-1), at - float64(first)
}

func (r raster) image() image.Image {
	bounds := image.Rect(0, 0, r.width, r.height)
	if r.channels == 1 {
		return &image.Gray{Pix: r.pix, Stride: r.width, Rect: bounds}
	}
	out := image.NewNRGBA(bounds)
	for i := range r.width * r.height {
		copy(out.Pix[4*i:], r.pix[3*i:3*i+3])
		out.Pix[4*i+3] = 255
	}
	return out
}
