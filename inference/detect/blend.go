package detect

import (
	"fmt"
	"math"
	"slices"

	"nafas/models/manifest"
)

// field is one output over the whole scan: cells x fastest, then y, z,
// channel. Cells that no tile has reached hold NaN.
type field struct {
	manifest.Output
	size [3]int
	data []float32
}

func (f *field) cells() int { return f.size[0] * f.size[1] * f.size[2] }

// at is the value of a channel at a cell.
func (f *field) at(channel, cell int) float32 { return f.data[channel*f.cells()+cell] }

// varies says whether values differ; those that are not there (NaN) count
// for nothing.
func varies(values []float32) bool {
	first := float32(math.NaN())
	for _, v := range values {
		if first != first {
			first = v
		} else if v == v && v != first {
			return true
		}
	}
	return false
}

// errFlat is of scores that are the same everywhere although the scan is not.
func errFlat(name string) error {
	return fmt.Errorf("%w: %q holds one value everywhere", ErrOutput, name)
}

// blend averages the outputs of tiles where they overlap.
type blend struct {
	in     manifest.Input
	fields []*field
	weight [][]float32 // per field and cell
}

func newBlend(size [3]int, in manifest.Input, outputs []manifest.Output) *blend {
	b := &blend{in: in}
	for _, l := range outputs {
		f := &field{Output: l}
		for n := range 3 {
			f.size[n] = roundUp(size[n], in.Multiple[n]) / l.Stride[n]
		}
		f.data = make([]float32, l.Channels*f.cells())
		b.fields = append(b.fields, f)
		b.weight = append(b.weight, make([]float32, f.cells()))
	}
	return b
}

// add takes in the outputs of one tile.
func (b *blend) add(t tile, out map[string]Tensor) error {
	for i, f := range b.fields {
		v, ok := out[f.Name]
		if !ok {
			return fmt.Errorf("%w: no output %q", ErrOutput, f.Name)
		}
		var cells [3]int
		for n := range 3 {
			cells[n] = t.size[n] / f.Stride[n]
		}
		if want := b.in.Shape(f.Channels, cells); !slices.Equal(v.Shape, want) {
			return fmt.Errorf("%w: %q has shape %v, expected %v", ErrOutput, f.Name, v.Shape, want)
		}
		if err := b.mix(f, b.weight[i], t, cells, v.Data); err != nil {
			return err
		}
	}
	return nil
}

func (b *blend) mix(f *field, weight []float32, t tile, cells [3]int, data []float32) error {
	w, least := weigher(t, f.Stride, b.in)
	var first [3]int
	for n := range 3 {
		first[n] = t.at[n] / f.Stride[n]
	}
	step := strides(b.in.Axes, cells)
	channel := cells[0] * cells[1] * cells[2]
	for c := range f.Channels {
		for k := range cells[2] {
			for j := range cells[1] {
				wjk := w[2][k] * w[1][j]
				to := c*f.cells() + ((first[2]+k)*f.size[1]+first[1]+j)*f.size[0] + first[0]
				from := c*channel + k*step[2] + j*step[1]
				sums := f.data[to:][:cells[0]]
				for i, wi := range w[0] {
					v := data[from+i*step[0]]
					if d := v - v; d != 0 { // NaN or infinite
						return fmt.Errorf("%w: %q holds %v", ErrOutput, f.Name, v)
					}
					sums[i] += max(wjk*wi, least) * v
				}
				if c > 0 {
					continue
				}
				weights := weight[to:][:cells[0]]
				for i, wi := range w[0] {
					weights[i] += max(wjk*wi, least)
				}
			}
		}
	}
	return nil
}

// finish divides by the weights.
func (b *blend) finish() []*field {
	nan := float32(math.NaN())
	for i, f := range b.fields {
		weight := b.weight[i]
		for c := range f.Channels {
			channel := f.data[c*len(weight):][:len(weight)]
			for o, w := range weight {
				if w > 0 {
					channel[o] /= w
				} else {
					channel[o] = nan
				}
			}
		}
		b.weight[i] = nil
	}
	return b.fields
}
