package report

import (
	"errors"
	"fmt"
	"image"
	"strconv"

	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/part10"
	"nafas/dicomio/render"
)

// Page is a key slice as a picture, for viewers that show no other mark.
type Page struct {
	// Slice is an index of the grid's slices.
	Slice int
	// Number is what a reader's viewer calls the slice: its Instance Number,
	// or the number of the frame.
	Number int
	// Picture has the columns and rows of the grid.
	Picture *image.Gray
}

// SCInstance names the secondary capture of this result. Its pages must be
// decided by the result: the name does not tell others apart.
func (r Result) SCInstance() Reference { return Reference{trueColorCapture, r.uid("sc")} }

// SCSeries is the series of the secondary capture.
func (r Result) SCSeries() string { return r.uid("sc", "series") }

// SC writes a multi-frame true color secondary capture (PS3.3 A.8.5): the key
// slices with a ring round each finding, what is known of it, and that none of
// this is for diagnosis. Each finding must be on a page, and on each page one.
// At most 128 MiB of frames.
func (r Result) SC(g Grid, pages []Page) ([]byte, error) {
	if !r.found() {
		return nil, errors.New("no marked slices without findings")
	}
	if err := g.check(r.Source); err != nil {
		return nil, err
	}
	sheets, err := r.sheets(g, pages)
	if err != nil {
		return nil, err
	}
	album, err := render.NewAlbum(sheets...)
	if err != nil {
		return nil, err
	}
	pixels, err := rgb(album)
	if err != nil {
		return nil, err
	}
	var b part10.Builder
	l := r.Subject.Language(r.Language)
	r.imageHead(&b, object{
		instance: r.SCInstance(), seriesUID: r.SCSeries(), modality: "OT", series: seriesSC, description: "Marked slices",
	}, l)
	r.capture(&b, album.Size(), len(pages))
	r.captured(&b, g, pages, l)
	return marshal(&b, &part10.Pixels{Native: pixels})
}

// rgb are all pages after one another, three bytes a pixel.
func rgb(a *render.Album) ([]byte, error) {
	size := a.Size()
	area := size.X * size.Y
	if total := 3 * area * a.Pages(); total > maxPixelBytes {
		return nil, fmt.Errorf("%d pages of %d x %d pixels are more than %d MiB: write fewer", a.Pages(), size.X, size.Y, maxPixelBytes>>20)
	}
	out := make([]byte, 0, 3*area*a.Pages())
	for i := range a.Pages() {
		pix := a.Page(i).Pix
		for p := 0; p < len(pix); p += 4 {
			out = append(out, pix[p:p+3]...)
		}
	}
	return out, nil
}

// capture writes the modules of the image (PS3.3 C.7.6.1, C.7.6.3, C.7.6.6,
// C.8.6.1, C.8.6.3, C.8.6.4).
func (r Result) capture(b *part10.Builder, size image.Point, frames int) {
	b.Text(tag.ConversionType, "WSD")
	b.Text(tag.ImageType, "DERIVED", "SECONDARY")
	b.Text(tag.BurnedInAnnotation, "YES")
	b.Text(tag.ImageComments, notForDiagnosis)
	b.Ints(tag.SamplesPerPixel, 3)
	b.Text(tag.PhotometricInterpretation, "RGB")
	b.Ints(tag.PlanarConfiguration, 0)
	b.Ints(tag.PixelRepresentation, 0)
	b.Ints(tag.BitsAllocated, 8)
	b.Ints(tag.BitsStored, 8)
	b.Ints(tag.HighBit, 7)
	b.Ints(tag.Rows, size.Y)
	b.Ints(tag.Columns, size.X)
	b.Text(tag.NumberOfFrames, strconv.Itoa(frames))
	if frames > 1 {
		numbers := make([]string, frames)
		for i := range numbers {
			numbers[i] = strconv.Itoa(i + 1)
		}
		b.Ints(tag.FrameIncrementPointer, int(tag.PageNumberVector.Group), int(tag.PageNumberVector.Element))
		b.Text(tag.PageNumberVector, numbers...)
	}
}

// captured writes what the pages show: the orientation, which the page has
// from its picture, and the images (PS3.3 C.7.6.1, C.12.2).
func (r Result) captured(b *part10.Builder, g Grid, pages []Page, l Language) {
	b.Text(tag.PatientOrientation, letters(g.RowDirection), letters(g.ColumnDirection))
	var images []func(*part10.Builder)
	var frames []frame
	for _, p := range pages {
		images = append(images, g.Slices[p.Slice].sourceImage(l))
		frames = append(frames, frame{slice: p.Slice})
	}
	b.Sequence(tag.SourceImageSequence, images...)
	fillSeries(b, tag.ReferencedInstanceSequence, []seriesOf{{r.Source.SeriesUID, g.instancesOf(frames)}})
}
