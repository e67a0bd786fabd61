package report_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"image"
	"image/color"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/part10"
	"nafas/dicomio/render/rendertest"
	"nafas/dicomio/report"
	"nafas/inference/volume"
)

// framesOf are the frames of a secondary capture as pictures.
func framesOf(t testing.TB, data []byte) []*image.RGBA {
	t.Helper()
	f, err := part10.Parse(data, part10.DefaultLimits())
	require.NoError(t, err)
	rows, _ := f.Int(tag.Rows)
	columns, _ := f.Int(tag.Columns)
	n, _ := f.Int(tag.NumberOfFrames)
	frames, err := f.Frames(n)
	require.NoError(t, err)
	var out []*image.RGBA
	for _, pixels := range frames {
		page := image.NewRGBA(image.Rect(0, 0, columns, rows))
		for at := range rows * columns {
			copy(page.Pix[4*at:], append(bytes.Clone(pixels[3*at:3*at+3]), 255))
		}
		out = append(out, page)
	}
	return out
}

// hash is that of a picture's samples, three bytes a pixel.
func hash(p *image.RGBA) string {
	var samples []byte
	for at := 0; at < len(p.Pix); at += 4 {
		samples = append(samples, p.Pix[at:at+3]...)
	}
	return fmt.Sprintf("%x", sha256.Sum256(samples))
}

// The picture of a page of these tests is enlarged to at least 512 pixels, and
// lies under three lines of 15: two of text, one of letters.
const above = 15 * 3

func zoomOf(g report.Grid) int { return int(math.Ceil(512 / float64(max(g.Rows, g.Columns)))) }

// Every frame says what it is not for, what made it, which slice it shows and
// what was found, and nothing of the patient.
func TestTheTextOfACapture(t *testing.T) {
	r, g := resultOn(t, stack(t, "single frames"), report.Arabic, usual()...)
	r.Findings[1].SOPInstanceUID = r.Findings[0].SOPInstanceUID // two on one page
	shown := pages(r, g)
	data, err := r.SC(g, shown)
	require.NoError(t, err)
	frames := framesOf(t, data)
	require.Len(t, frames, 3)
	for i, want := range [][]string{
		{"slice 101", "3: 4.2 mm (detector), detector score 0.7312", ""},
		{"slice 103", "1: left lung, 6.4 mm (detector), detector score 0.9312", "2: right lung, 5.0 mm (detector), detector score 0.8312"},
		{"slice 106", "4: right lung, 1.6 mm (detector), detector score 0.6312", ""},
	} {
		lines := linesOf(frames[i], g)
		require.Equal(t, "RESEARCH USE ONLY - NOT FOR DIAGNOSIS", lines[0])
		require.Equal(t, "nafas-lung-1 0.2.0", lines[1])
		require.Equal(t, want, lines[3:])
		for _, line := range lines {
			require.NotContains(t, strings.ToLower(line), "bena")
		}
	}
}

// linesOf are the lines of text of a page, as wide as it is.
func linesOf(page image.Image, g report.Grid) (lines []string) {
	for y := 1; y+13 <= page.Bounds().Dy(); y += 15 {
		if y > above && y < above+g.Rows*zoomOf(g) {
			y = above + g.Rows*zoomOf(g) + 15 + 1
		}
		lines = append(lines, rendertest.Line(page, image.Point{4, y}, 1))
	}
	return lines
}

// The letters come from the directions of the images, not from the picture's
// left.
func TestTheSidesOfACapture(t *testing.T) {
	for _, c := range []struct {
		name                     string
		row, column              volume.Vec3
		left, right, top, bottom string
		orientation              string
	}{
		{"as usual", volume.Vec3{1, 0, 0}, volume.Vec3{0, 1, 0}, "R", "L", "A", "P", `L\P`},
		{"prone, or mirrored by the scanner", volume.Vec3{-1, 0, 0}, volume.Vec3{0, -1, 0}, "L", "R", "P", "A", `R\A`},
		{"coronal", volume.Vec3{1, 0, 0}, volume.Vec3{0, 0, -1}, "R", "L", "H", "F", `L\F`},
		{"sagittal", volume.Vec3{0, 1, 0}, volume.Vec3{0, 0, -1}, "A", "P", "H", "F", `P\F`},
		{"turned a little", volume.Vec3{math.Cos(0.2), math.Sin(0.2), 0}, volume.Vec3{-math.Sin(0.2), math.Cos(0.2), 0}, "R", "L", "A", "P", `L\P`},
		{"turned much", volume.Vec3{math.Cos(0.6), math.Sin(0.6), 0}, volume.Vec3{-math.Sin(0.6), math.Cos(0.6), 0}, "RA", "LP", "AL", "PR", `LP\PR`},
	} {
		r, g := resultOn(t, stack(t, "single frames"), report.English, usual()[0])
		g.RowDirection, g.ColumnDirection = c.row, c.column
		data, err := r.SC(g, pages(r, g))
		require.NoError(t, err)
		page := framesOf(t, data)[0]
		height, width, zoom := g.Rows*zoomOf(g), g.Columns*zoomOf(g), zoomOf(g)
		require.Positive(t, zoom)
		x := (page.Rect.Dx() - width) / 2
		for want, middle := range map[string]image.Point{
			c.left: {x - 10, above + height/2}, c.right: {x + width + 10, above + height/2},
			c.top: {x + width/2, above - 7}, c.bottom: {x + width/2, above + height + 7},
		} {
			at := middle.Sub(image.Point{7 * len(want) / 2, 6})
			cell := page.SubImage(image.Rectangle{at, at.Add(image.Point{7 * len(want), 13})})
			require.Equal(t, want, rendertest.Line(cell, at, 1), c.name)
		}
		f, err := part10.Parse(data, part10.DefaultLimits())
		require.NoError(t, err)
		require.Equal(t, c.orientation, strings.Join(f.Strings(tag.PatientOrientation), `\`), c.name)
	}
}

// A ring lies round the finding, as large as it in both directions, and the
// picture is there everywhere else.
func TestTheRingOfACapture(t *testing.T) {
	for name := range stacks {
		r, g := resultOn(t, stack(t, name), report.English, usual()[0])
		shown := pages(r, g)
		data, err := r.SC(g, shown)
		require.NoError(t, err)
		page, zoom := framesOf(t, data)[0], zoomOf(g)
		left := (page.Rect.Dx() - zoom*g.Columns) / 2
		ring, f := 0, r.Findings[0]
		var lo, hi [2]float64
		for y := range zoom * g.Rows {
			for x := range zoom * g.Columns {
				got := page.RGBAAt(left+x, above+y)
				// The distance from the centre, in mm of the patient.
				mm := [2]float64{
					((float64(x)+0.5)/float64(zoom) - 0.5 - f.PixelColumn) * g.PixelSpacingMM[1],
					((float64(y)+0.5)/float64(zoom) - 0.5 - f.PixelRow) * g.PixelSpacingMM[0],
				}
				v := shown[0].Picture.GrayAt(x/zoom, y/zoom).Y
				grey := got == color.RGBA{v, v, v, 255}
				if math.Hypot(mm[0], mm[1]) <= f.MeanDiameterMM/2 {
					require.True(t, grey, "drawn on the finding")
				}
				if got == (color.RGBA{255, 225, 0, 255}) {
					ring++
					for axis := range 2 {
						lo[axis], hi[axis] = min(lo[axis], mm[axis]), max(hi[axis], mm[axis])
					}
				}
			}
		}
		require.Greater(t, ring, 500)
		// Not more than a pixel and 5 of the page away from the finding.
		for axis, spacing := range []float64{g.PixelSpacingMM[1], g.PixelSpacingMM[0]} {
			room := spacing/2 + 5*spacing/float64(zoom)
			require.InDelta(t, -f.MeanDiameterMM/2-room, lo[axis], spacing/4)
			require.GreaterOrEqual(t, hi[axis], f.MeanDiameterMM/2)
		}
	}
}

// DCMTK renders the frames as they were drawn.
func TestDcmtkRendersACapture(t *testing.T) {
	dcmj2pnm := program(t, "dcmj2pnm", "dcmtk")
	r, g := resultOn(t, stack(t, "multi-frame"), report.English, usual()...)
	data, err := r.SC(g, pages(r, g))
	require.NoError(t, err)
	dir := t.TempDir()
	path := filepath.Join(dir, "sc.dcm")
	require.NoError(t, os.WriteFile(path, data, 0o600))
	for i, want := range framesOf(t, data) {
		out := filepath.Join(dir, "frame.ppm")
		said, err := exec.Command(dcmj2pnm, "+op", "+F", fmt.Sprint(i+1), path, out).CombinedOutput()
		require.NoError(t, err, string(said))
		ppm, err := os.ReadFile(out)
		require.NoError(t, err)
		size := want.Rect.Size()
		samples := ppm[len(ppm)-3*size.X*size.Y:]
		require.Equal(t, hash(want), fmt.Sprintf("%x", sha256.Sum256(samples)))
	}
}

// The images that pages were made of are named, each once and in order.
func TestTheSourcesOfACapture(t *testing.T) {
	for name := range stacks {
		r, g := resultOn(t, stack(t, name), report.English, usual()...)
		shown := pages(r, g)
		data, err := r.SC(g, shown)
		require.NoError(t, err)
		f, err := part10.Parse(data, part10.DefaultLimits())
		require.NoError(t, err)
		sources := f.Sequence(tag.SourceImageSequence)
		require.Len(t, sources, len(shown))
		for i, p := range shown {
			uid, _ := sources[i].String(tag.ReferencedSOPInstanceUID)
			frame, _ := sources[i].Int(tag.ReferencedFrameNumber)
			require.Equal(t, g.Slices[p.Slice].SOPInstanceUID, uid)
			require.Equal(t, g.Slices[p.Slice].Frame, frame)
		}
		flag, _ := f.String(tag.BurnedInAnnotation)
		require.Equal(t, "YES", flag)
		referenced := f.Sequence(tag.ReferencedSeriesSequence)[0].Sequence(tag.ReferencedInstanceSequence)
		require.Len(t, referenced, map[string]int{"single frames": len(shown), "multi-frame": 1}[name])
	}
}

func TestWhatCannotBeCaptured(t *testing.T) {
	for _, c := range []struct {
		name, want string
		breakIt    func(*report.Result, *report.Grid, *[]report.Page)
	}{
		{"no findings", "without findings", func(r *report.Result, _ *report.Grid, _ *[]report.Page) { r.Findings = nil }},
		{"a failure", "without findings", func(r *report.Result, _ *report.Grid, _ *[]report.Page) { r.NotAssessed = "TOO_THICK: 10 mm" }},
		{"a page that shows none", "shows no finding", func(_ *report.Result, _ *report.Grid, p *[]report.Page) { (*p)[0].Slice = 0 }},
		{"a page outside the grid", "shows no finding", func(_ *report.Result, _ *report.Grid, p *[]report.Page) { (*p)[0].Slice = 99 }},
		{"a page twice", "second time", func(_ *report.Result, _ *report.Grid, p *[]report.Page) { *p = append(*p, (*p)[0]) }},
		{"a finding without a page", "have no page", func(_ *report.Result, _ *report.Grid, p *[]report.Page) { *p = (*p)[1:] }},
		{"a picture of another size", "picture of page 1", func(_ *report.Result, _ *report.Grid, p *[]report.Page) {
			(*p)[0].Picture = image.NewGray(image.Rect(0, 0, 15, 13))
		}},
		{"no picture", "picture of page 1", func(_ *report.Result, _ *report.Grid, p *[]report.Page) { (*p)[0].Picture = nil }},
		{"a finding of another image", "no slice of the grid", func(r *report.Result, _ *report.Grid, _ *[]report.Page) { r.Findings[0].SOPInstanceUID = "2.25.8" }},
		{"a finding beside its image", "not in its picture", func(r *report.Result, _ *report.Grid, _ *[]report.Page) { r.Findings[0].PixelColumn = 13 }},
		{"a bad grid", "without slices", func(_ *report.Result, g *report.Grid, _ *[]report.Page) { g.Slices = nil }},
	} {
		r, g := resultOn(t, stack(t, "single frames"), report.English, usual()...)
		p := pages(r, g)
		c.breakIt(&r, &g, &p)
		_, err := r.SC(g, p)
		require.ErrorContains(t, err, c.want, c.name)
	}
}

// What is too large is refused before it is drawn: 50 MB a page.
func TestTooManyPages(t *testing.T) {
	r, g := resultOn(t, stack(t, "single frames"), report.English, usual()...)
	g.Rows, g.Columns = 4096, 4096
	shown := pages(r, g)
	require.Len(t, shown, 4)
	_, err := r.SC(g, shown)
	require.ErrorContains(t, err, "128 MiB")
}
