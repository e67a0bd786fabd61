package dicomio_test

import (
	"errors"
	"slices"
	"strconv"

	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/refusal"
)

// with is the plain stack with a rule applied to each slice.
func with(f rule) func() []*image {
	return func() []*image {
		if f == nil {
			return stack("a")
		}
		return each(stack("a"), f)
	}
}

func without(numbers ...int) func() []*image {
	return func() []*image { return drop(stack("a"), numbers...) }
}

func drop(images []*image, numbers ...int) []*image {
	var out []*image
	for n, im := range images {
		if !slices.Contains(numbers, n) {
			out = append(out, im)
		}
	}
	return out
}

func imageType(values ...string) rule {
	return func(_ int, im *image) { im.text(tag.ImageType, values...) }
}

func orientation(values ...float64) rule {
	return func(_ int, im *image) { im.decimals(tag.ImageOrientationPatient, values...) }
}

func thick(mm float64) rule {
	return func(_ int, im *image) { im.decimals(tag.SliceThickness, mm) }
}

// solid replaces the lung by soft tissue.
func solid(im *image) {
	hu := chestHU(0)
	for i, v := range hu {
		if v == -850 {
			hu[i] = 40
		}
	}
	im.cells(unsigned(hu))
}

// phases is a series with two images at every position, which t tells apart.
func phases(t tag.Tag) func() []*image {
	return func() []*image {
		second := each(stack("b"), func(n int, im *image) {
			im.text(tag.SeriesInstanceUID, uid("a")).cells(unsigned(chestHU(n + 200)))
		})
		value := map[tag.Tag][2]string{tag.ConvolutionKernel: {"STANDARD", "LUNG"}}[t]
		if value[0] == "" {
			value = [2]string{"1", "2"}
		}
		first := each(stack("a"), func(_ int, im *image) { im.text(t, value[0]) })
		return append(first, each(second, func(_ int, im *image) { im.text(t, value[1]) })...)
	}
}

// number writes an IS element, which is text.
func (im *image) number(t tag.Tag, v int) *image { return im.text(t, strconv.Itoa(v)) }

func step(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func dicomioRemedy(err error) string {
	var r *refusal.Error
	if errors.As(err, &r) {
		return r.Remedy
	}
	return ""
}
