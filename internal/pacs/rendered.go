package pacs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"nafas/dicomio"
	"nafas/dicomio/dicomweb"
	"nafas/dicomio/part10"
	"nafas/dicomio/render"
	"nafas/internal/triage"
)

// drawing is what a caller asks for in the query (PS3.18 section 8.3.5).
type drawing struct {
	window *render.Window
	// width and height bound the picture; 0 where it keeps its size.
	width, height int
	quality       int
}

// mostViewport bounds each side of a picture.
const mostViewport = 4096

func parseDrawing(q url.Values) (drawing, error) {
	d := drawing{quality: 90}
	if q.Has("annotation") || q.Has("iccprofile") || q.Has("presentationseriesUID") {
		return d, errors.New("annotation, iccprofile and presentation states are not drawn; leave them out")
	}
	if text := q.Get("window"); text != "" {
		w, err := parseWindow(text)
		if err != nil {
			return d, err
		}
		d.window = &w
	}
	if text := q.Get("viewport"); text != "" {
		sides := strings.Split(text, ",")
		if len(sides) != 2 {
			return d, errors.New("viewport is width,height; parts of an image are not cut out")
		}
		var err1, err2 error
		d.width, err1 = strconv.Atoi(sides[0])
		d.height, err2 = strconv.Atoi(sides[1])
		if err1 != nil || err2 != nil || min(d.width, d.height) < 1 || max(d.width, d.height) > mostViewport {
			return d, fmt.Errorf("viewport is width,height, each from 1 to %d", mostViewport)
		}
	}
	if text := q.Get("quality"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > 100 {
			return d, errors.New("quality is 1 to 100")
		}
		d.quality = n
	}
	return d, nil
}

func parseWindow(text string) (render.Window, error) {
	parts := strings.Split(text, ",")
	if len(parts) != 3 {
		return render.Window{}, errors.New("window is centre,width,function, such as -600,1500,linear")
	}
	if err := render.CheckFunction(parts[2]); err != nil {
		return render.Window{}, err
	}
	centre, err1 := strconv.ParseFloat(parts[0], 64)
	width, err2 := strconv.ParseFloat(parts[1], 64)
	w := render.Window{Centre: centre, Width: width}
	return w, errors.Join(err1, err2, w.Check())
}

// rendered is WADO-RS of pictures (PS3.18 section 10.4.1.1.3) of one frame, of
// grey values or in colour.
func (w *Web) rendered(rw http.ResponseWriter, r *http.Request) {
	values, err := queryOf(r)
	var d drawing
	if err == nil {
		d, err = parseDrawing(values)
	}
	if err != nil {
		http.Error(rw, err.Error(), http.StatusBadRequest)
		return
	}
	numbers := []int{0} // the one that stands for the instance
	if list := r.PathValue("frames"); list != "" {
		if numbers, err = frameNumbers(list); err == nil && len(numbers) > 1 {
			err = errors.New("one frame is drawn at a time")
		}
		if err != nil {
			http.Error(rw, err.Error(), http.StatusBadRequest)
			return
		}
	}
	form, ok := dicomweb.Choose(ranges(r), []dicomweb.Offer{{Type: dicomweb.MediaTypeJPEG}, {Type: dicomweb.MediaTypePNG}})
	if !ok {
		w.fail(rw, r, errNotAcceptable{"pictures are given as image/jpeg or image/png"})
		return
	}
	all, ok := w.listed(rw, r)
	if !ok {
		return
	}
	picture, err := w.holdings.draw(r.Context(), all[0], numbers[0], d, form.Type)
	if err != nil {
		w.fail(rw, r, err)
		return
	}
	w.giveParts(rw, r, form, [][]byte{picture})
}

func (l *library) draw(ctx context.Context, o object, number int, d drawing, kind string) (out []byte, err error) {
	err = l.parsed(ctx, o, func(f *part10.File) error {
		if err := l.turn(ctx, l.decoding, 1); err != nil {
			return err
		}
		defer l.decoding.Release(1)
		p, err := dicomio.OpenPicture(f)
		if err != nil {
			return err
		}
		if number > p.NumberOfFrames() {
			return triage.ErrNotFound
		}
		img, err := drawFrame(p, max(number, 1)-1, d)
		if err != nil {
			return err
		}
		var b bytes.Buffer
		if kind == dicomweb.MediaTypePNG {
			err = png.Encode(&b, img)
		} else {
			err = jpeg.Encode(&b, img, &jpeg.Options{Quality: d.quality})
		}
		out = b.Bytes()
		return err
	})
	return out, err
}

func drawFrame(p *dicomio.Picture, frame int, d drawing) (image.Image, error) {
	if pix, ok := p.Colours(frame); ok {
		if d.window != nil {
			return nil, errNotAcceptable{"a window is of grey values; leave it out for a picture in colour"}
		}
		return raster{pix, 3, p.Format.Columns, p.Format.Rows}.fit(d.width, d.height).image(), nil
	}
	values, err := p.Values(frame)
	if err != nil {
		return nil, err
	}
	window, err := windowOf(p, frame, d)
	if err != nil {
		return nil, err
	}
	img, err := render.Gray(values, p.Format.Columns, p.Format.Rows, window)
	if err != nil {
		return nil, err
	}
	if p.Format.Photometric == "MONOCHROME1" {
		for i, v := range img.Pix {
			img.Pix[i] = 255 - v
		}
	}
	return raster{img.Pix, 1, p.Format.Columns, p.Format.Rows}.fit(d.width, d.height).image(), nil
}

// windowOf is the caller's window, or the header's, or that for lungs.
func windowOf(p *dicomio.Picture, frame int, d drawing) (render.Window, error) {
	if d.window != nil {
		return *d.window, nil
	}
	centre, width, function, ok := p.Window(frame)
	w := render.Window{Centre: centre, Width: width}
	if !ok || w.Check() != nil {
		return render.Lung, nil
	}
	if err := render.CheckFunction(function); err != nil {
		return w, errNotAcceptable{"the image's own window: " + err.Error() + "; give one as window=centre,width,linear"}
	}
	return w, nil
}
