package manifest

import (
	"fmt"
	"math"
)

// Input says how a volume becomes the network's tensors. Every list of three
// is in the order x, y, z, whatever the order of the tensor's axes.
type Input struct {
	// Name is the ONNX input.
	Name string `yaml:"name"`
	// Axes is the order of the tensor's spatial axes, slowest first: "zyx" or
	// "xyz". Batch and channel (both 1) precede them.
	Axes string `yaml:"axes"`
	// Orientation is where x, y and z grow to: three letters out of L or R,
	// P or A, S or I. "LPS" is the order of DICOM's patient axes.
	Orientation string `yaml:"orientation"`
	// SpacingMM is the distance between voxel centres.
	SpacingMM [3]float64 `yaml:"spacing_mm"`
	// WindowHU is clipped to, and mapped linearly onto, WindowTo.
	WindowHU [2]float64 `yaml:"window_hu"`
	WindowTo [2]float64 `yaml:"window_to"`
	// Padding is the tensor's value outside the volume.
	Padding float64 `yaml:"padding"`
	// Multiple is what the network's sizes must be multiples of.
	Multiple [3]int `yaml:"multiple"`
	// MarginMM is kept around the region of interest, as context.
	MarginMM float64 `yaml:"margin_mm"`
	// Tile is the largest size given to the network at once: it bounds the
	// memory. Overlap is what neighbouring tiles share at least, and Halo what
	// of a tile's border is not used where there is a neighbour; in between
	// the two tiles are blended linearly. All in voxels.
	Tile    [3]int `yaml:"tile"`
	Overlap [3]int `yaml:"overlap"`
	Halo    [3]int `yaml:"halo"`
	// Extent is ExtentLungs, which "" means too, or ExtentVolume.
	Extent string `yaml:"extent" need:"optional"`
	// Windows, where set, says that tiles are windows of a fixed size.
	Windows *Windows `yaml:"windows"`
}

// directions are the LPS unit vectors of the letters of an orientation.
var directions = [3]map[byte][3]float64{
	{'L': {1, 0, 0}, 'R': {-1, 0, 0}},
	{'P': {0, 1, 0}, 'A': {0, -1, 0}},
	{'S': {0, 0, 1}, 'I': {0, 0, -1}},
}

// Directions returns the LPS unit vectors of growing x, y and z.
func (in Input) Directions() ([3][3]float64, error) {
	var d [3][3]float64
	if len(in.Orientation) != 3 {
		return d, fmt.Errorf("input.orientation: %q has not three letters", in.Orientation)
	}
	for n := range 3 {
		v, ok := directions[n][in.Orientation[n]]
		if !ok {
			return d, fmt.Errorf("input.orientation: letter %d of %q is not one of LR, PA, SI in this order", n+1, in.Orientation)
		}
		d[n] = v
	}
	return d, nil
}

// Value maps HU to the tensor's value.
func (in Input) Value(hu float64) float64 {
	t := (min(max(hu, in.WindowHU[0]), in.WindowHU[1]) - in.WindowHU[0]) / (in.WindowHU[1] - in.WindowHU[0])
	return in.WindowTo[0] + t*(in.WindowTo[1]-in.WindowTo[0])
}

// Shape is that of a tensor with so many channels and a size in x, y, z.
func (in Input) Shape(channels int, size [3]int) []int64 {
	x, y, z := int64(size[0]), int64(size[1]), int64(size[2])
	if in.Axes == "xyz" {
		return []int64{1, int64(channels), x, y, z}
	}
	return []int64{1, int64(channels), z, y, x}
}

// sizeOf is the size in x, y, z of an input tensor.
func (in Input) sizeOf(shape []int64) ([3]int, error) {
	if len(shape) != 5 || shape[0] != 1 || shape[1] != 1 {
		return [3]int{}, fmt.Errorf("self_test.input.shape: %v is not 1, 1 and three sizes", shape)
	}
	size := [3]int{int(shape[4]), int(shape[3]), int(shape[2])}
	if in.Axes == "xyz" {
		size[0], size[2] = size[2], size[0]
	}
	return size, nil
}

func (in Input) check() error {
	if in.Name == "" {
		return fmt.Errorf("input.name: is empty")
	}
	if in.Axes != "zyx" && in.Axes != "xyz" {
		return fmt.Errorf("input.axes: %q is neither zyx nor xyz", in.Axes)
	}
	if _, err := in.Directions(); err != nil {
		return err
	}
	if !(in.WindowHU[0] < in.WindowHU[1]) || in.WindowTo[0] == in.WindowTo[1] {
		return fmt.Errorf("input.window: %v HU onto %v is not a window", in.WindowHU, in.WindowTo)
	}
	for _, f := range []float64{in.WindowHU[0], in.WindowHU[1], in.WindowTo[0], in.WindowTo[1], in.Padding} {
		if math.IsNaN(f) || math.Abs(f) > 1e5 {
			return fmt.Errorf("input: window or padding %v is out of range", f)
		}
	}
	if !(in.MarginMM >= 0 && in.MarginMM <= 100) {
		return fmt.Errorf("input.margin_mm: %v is not within 0..100", in.MarginMM)
	}
	for n, axis := range []string{"x", "y", "z"} {
		if err := in.checkAxis(n); err != nil {
			return fmt.Errorf("input, axis %s: %w", axis, err)
		}
	}
	return in.checkExtent()
}

func (in Input) checkAxis(n int) error {
	s, m, t, o, h := in.SpacingMM[n], in.Multiple[n], in.Tile[n], in.Overlap[n], in.Halo[n]
	switch {
	case !(s >= 0.3 && s <= 5):
		return fmt.Errorf("spacing_mm %v is not within 0.3..5", s)
	case m < 1 || m > 256:
		return fmt.Errorf("multiple %d is not within 1..256", m)
	case t < m || t > 1024 || t%m != 0:
		return fmt.Errorf("tile %d is not a multiple of %d up to 1024", t, m)
	case h < 0 || o < 2*h || o%m != 0 || 2*o > t:
		return fmt.Errorf("overlap %d is not a multiple of %d, at least twice the halo %d and at most half the tile %d", o, m, h, t)
	}
	return nil
}
