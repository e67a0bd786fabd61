package web

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/png"
	"math"

	"nafas/dicomio/render"
	"nafas/inference/volume"
)

// pictureSide is the width and the height of a thumbnail, pixels.
const pictureSide = 128

// Sizes of what a thumbnail shows: so many diameters, at least so many mm. The
// marks at the corners lie this far outside the finding.
const (
	shownDiameters = 4
	leastShownMM   = 40
	marginMM       = 4
)

// plane is one decoded image: HU, columns fastest, and where its pixels lie.
type plane struct {
	hu            []float32
	columns, rows int
	// row is the direction in which the column index grows, column that in which
	// the row index grows, patient LPS; spacingMM is between rows, then columns.
	row, column volume.Vec3
	spacingMM   [2]float64
}

// screen says which way a picture goes through the image: right and down are
// (columns, rows) steps of 1 mm, chosen so that the patient's left is on the right
// of the picture and the back below, as radiologists look at axial slices, however
// the image is stored.
func (p plane) screen() (right, down [2]float64, err error) {
	best := -math.MaxFloat64
	for _, turned := range []bool{false, true} {
		for _, a := range []float64{1, -1} {
			for _, b := range []float64{1, -1} {
				u, v := p.row.Scale(a), p.column.Scale(b)
				r, d := [2]float64{a / p.spacingMM[1], 0}, [2]float64{0, b / p.spacingMM[0]}
				if turned {
					u, v, r, d = v, u, d, r
				}
				if fit := u[0] + v[1]; fit > best {
					best, right, down = fit, r, d
				}
			}
		}
	}
	// Both axes of the picture within 45 degrees of the patient's.
	if best < math.Sqrt2 {
		return right, down, errors.New("the image is no axial one")
	}
	return right, down, nil
}

// at is the value between four pixels; air beyond the image.
func (p plane) at(column, row float64) float64 {
	const air = -1024
	c, r := math.Floor(column), math.Floor(row)
	fc, fr := column-c, row-r
	pixel := func(c, r int) float64 {
		if c < 0 || r < 0 || c >= p.columns || r >= p.rows {
			return air
		}
		return float64(p.hu[r*p.columns+c])
	}
	i, j := int(c), int(r)
	return (pixel(i, j)*(1-fc)+pixel(i+1, j)*fc)*(1-fr) + (pixel(i, j+1)*(1-fc)+pixel(i+1, j+1)*fc)*fr
}

// draw makes the thumbnail of a finding at a pixel of the plane, in the window for
// lungs, with marks at the corners around it.
func (p plane) draw(column, row, diameterMM float64) ([]byte, error) {
	right, down, err := p.screen()
	if err != nil {
		return nil, err
	}
	sideMM := max(leastShownMM, shownDiameters*diameterMM)
	mm := sideMM / pictureSide
	img := image.NewNRGBA(image.Rect(0, 0, pictureSide, pictureSide))
	for y := range pictureSide {
		for x := range pictureSide {
			dx, dy := (float64(x)+0.5-pictureSide/2.)*mm, (float64(y)+0.5-pictureSide/2.)*mm
			grey := render.Lung.Value(p.at(column+dx*right[0]+dy*down[0], row+dx*right[1]+dy*down[1]))
			img.SetNRGBA(x, y, color.NRGBA{grey, grey, grey, 255})
		}
	}
	corners(img, int(math.Ceil((diameterMM/2+marginMM)/mm)))
	var b bytes.Buffer
	err = png.Encode(&b, img)
	return b.Bytes(), err
}

// markColour is seen on air and on bone.
var markColour = color.NRGBA{255, 190, 60, 255}

// corners draws four corners of a square of twice half's side around the middle.
func corners(img *image.NRGBA, half int) {
	const middle = pictureSide / 2
	half = min(half, middle-2)
	long := max(3, half/4)
	for _, x := range []int{-1, 1} {
		for _, y := range []int{-1, 1} {
			for i := range long {
				img.SetNRGBA(middle+x*(half-i), middle+y*half, markColour)
				img.SetNRGBA(middle+x*half, middle+y*(half-i), markColour)
			}
		}
	}
}
