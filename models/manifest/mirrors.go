package manifest

import (
	"fmt"
	"strings"
)

// Mirrors is a second look of the network itself, at mirror images of the best
// candidates. Each is cut out with its surroundings, as Second's crops are,
// and mirrored; the logit of its score becomes the mean of its own and of those
// that the network gives the images. Candidates that it does not look at are
// dropped, since their scores would not compare.
//
// What an image scores is the largest heat of the cells around the crop's
// middle: the two on either side of it along each axis. Only a network with
// Heatmap has that.
type Mirrors struct {
	// Axes are the images: the axes along which each is mirrored, such as
	// "x" or "xy".
	Axes []string `yaml:"axes"`
	// Size is the crop in voxels: x, y, z. Halves are multiples of the
	// heatmap's stride, so that the middle lies between two cells.
	Size [3]int `yaml:"size"`
	// Most is how many candidates are looked at, the best ones.
	Most int `yaml:"most"`
}

func (r Mirrors) check(in Input, h Head) error {
	if h.Kind != HeadHeatmap {
		return fmt.Errorf("mirrors: a head of kind %q has no heatmap to look at", h.Kind)
	}
	if len(r.Axes) == 0 {
		return fmt.Errorf("mirrors.axes: is empty")
	}
	seen := map[[3]bool]bool{}
	for _, a := range r.Axes {
		along, ok := Along(a)
		if !ok || seen[along] {
			return fmt.Errorf("mirrors.axes: %q is not x, y, z or some of them together, each image once", a)
		}
		seen[along] = true
	}
	for n := range 3 {
		size, multiple, cells := r.Size[n], in.Multiple[n], 2*h.Heatmap.Stride[n]
		if size < 8 || size > 128 || size%multiple != 0 || size%cells != 0 {
			return fmt.Errorf("mirrors.size: %v is not within 8..128 and multiples of %d and %d", r.Size, multiple, cells)
		}
	}
	if r.Most < 1 || r.Most > 1000 {
		return fmt.Errorf("mirrors.most: %d is not within 1..1000", r.Most)
	}
	return nil
}

// Along tells which of x, y, z an image of Mirrors is mirrored along; ok is
// false for anything but one to three different axes.
func Along(axes string) (along [3]bool, ok bool) {
	for _, a := range axes {
		n := strings.IndexRune("xyz", a)
		if n < 0 || along[n] {
			return along, false
		}
		along[n] = true
	}
	return along, axes != ""
}
