package manifest

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
)

// SelfTest is an input of the network, made up and of no patient, with the
// outputs that it had where it was trained.
type SelfTest struct {
	Input   Values   `yaml:"input"`
	Outputs []Values `yaml:"outputs"`
	// Tolerance is the largest difference of any output value.
	Tolerance float64 `yaml:"tolerance"`
}

// Values is a tensor in a file: little-endian float32, last axis fastest.
type Values struct {
	// Name is that of the network's input or output.
	Name  string  `yaml:"name"`
	Shape []int64 `yaml:"shape"`
	File  File    `yaml:"file"`
}

// maxTestValues bounds a self-test tensor: 128^3.
const maxTestValues = 1 << 21

// Values reads a self-test tensor.
func (m *Model) Values(v Values) ([]float32, error) {
	data, err := m.read(v.File)
	if err != nil {
		return nil, err
	}
	if int64(len(data)) != 4*v.count() {
		return nil, fmt.Errorf("%w: %s holds %d bytes, shape %v needs %d", ErrInvalid, v.File.Name, len(data), v.Shape, 4*v.count())
	}
	out := make([]float32, len(data)/4)
	for i := range out {
		out[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
	}
	return out, nil
}

// count is the number of values, or -1.
func (v Values) count() int64 {
	n := int64(1)
	for _, d := range v.Shape {
		if d < 1 || n*d > maxTestValues || d > maxTestValues {
			return -1
		}
		n *= d
	}
	return n
}

// proves checks that the self-test has every output that the head reads, in the
// shape that the head reads it in: another would be found out only when the
// first scan fails.
func (s SelfTest) proves(outputs []Output, in Input) error {
	size, err := in.sizeOf(s.Input.Shape)
	if err != nil {
		return err
	}
	for _, o := range outputs {
		i := slices.IndexFunc(s.Outputs, func(v Values) bool { return v.Name == o.Name })
		if i < 0 {
			return fmt.Errorf("self_test.outputs: %q, which the head reads, is missing", o.Name)
		}
		var cells [3]int
		for n := range 3 {
			if size[n]%o.Stride[n] != 0 {
				return fmt.Errorf("self_test.input.shape: %v has sizes that are no multiples of the stride %v (x, y, z) of %q",
					s.Input.Shape, o.Stride, o.Name)
			}
			cells[n] = size[n] / o.Stride[n]
		}
		if want := in.Shape(o.Channels, cells); !slices.Equal(want, s.Outputs[i].Shape) {
			return fmt.Errorf("self_test.outputs: %q has shape %v; channels, strides and the input's shape %v make it %v",
				o.Name, s.Outputs[i].Shape, s.Input.Shape, want)
		}
	}
	return nil
}

func (s SelfTest) check(input string) error {
	if s.Input.Name != input {
		return fmt.Errorf("self_test.input.name: %q is not the input %q", s.Input.Name, input)
	}
	if len(s.Outputs) == 0 {
		return fmt.Errorf("self_test.outputs: is empty")
	}
	if !(s.Tolerance > 0 && s.Tolerance <= 0.1) {
		return fmt.Errorf("self_test.tolerance: %v is not within 0..0.1", s.Tolerance)
	}
	for _, v := range append([]Values{s.Input}, s.Outputs...) {
		if v.count() < 0 || len(v.Shape) == 0 {
			return fmt.Errorf("self_test: shape %v of %q is empty or larger than %d values", v.Shape, v.Name, maxTestValues)
		}
		if err := v.File.check(); err != nil {
			return fmt.Errorf("self_test: %q: %w", v.Name, err)
		}
	}
	return nil
}
