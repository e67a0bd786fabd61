package detect

import (
	"math"

	"nafas/models/manifest"
)

// sweep is how the network is led over a scan: over tiles that are fitted to
// the region of interest, or over the windows of manifest.Windows.
type sweep struct {
	in    manifest.Input
	tiles []tile
	// size is what the tiles cover, in voxels, with lead voxels of padding
	// before the grid's first; padded is the grid's size, rounded up to the
	// multiple.
	size, lead, padded [3]int
}

func newSweep(p *Prepared, in manifest.Input) sweep {
	s := sweep{in: in, size: p.Grid.Size}
	if in.Windows == nil {
		s.tiles = plan(p, in)
		return s
	}
	var starts [3][]int
	window := in.Tile
	for n := range 3 {
		s.padded[n] = roundUp(p.Grid.Size[n], in.Multiple[n])
	}
	if p.Grid.Len() < in.Windows.WholeBelow {
		window = s.padded
	}
	for n := range 3 {
		s.size[n] = max(s.padded[n], window[n])
		s.lead[n] = (s.size[n] - s.padded[n]) / 2
		starts[n] = steps(s.size[n], window[n], window[n]-in.Overlap[n])
	}
	for _, z := range starts[2] {
		for _, y := range starts[1] {
			for _, x := range starts[0] {
				t := tile{at: [3]int{x, y, z}, size: window, lead: s.lead}
				if !in.Windows.OnlyWithLung || t.holdsROI(p) {
					s.tiles = append(s.tiles, t)
				}
			}
		}
	}
	return s
}

// steps are the starts of windows over n voxels, the last ending with them.
func steps(n, window, step int) []int {
	starts := []int{0}
	for at := step; at+window-step < n; at += step {
		starts = append(starts, min(at, n-window))
	}
	return starts
}

// holdsROI reports whether the tile's part of the grid has a voxel of the
// region of interest.
func (t tile) holdsROI(p *Prepared) bool {
	inside := t
	for n := range 3 {
		from := max(t.at[n]-t.lead[n], 0)
		inside.size[n] = min(t.at[n]-t.lead[n]+t.size[n], p.Grid.Size[n]) - from
		inside.at[n] = from
		if inside.size[n] <= 0 {
			return false
		}
	}
	_, _, ok := inside.roiBounds(p)
	return ok
}

// leastWeight is the smallest weight of a cell of a gaussian window.
const leastWeight = 1e-3

// weigher returns the weights of a tile's cells per axis, and what their
// product is raised to.
func weigher(t tile, stride [3]int, in manifest.Input) (w [3][]float32, least float32) {
	for n := range 3 {
		switch {
		case in.Windows == nil:
			w[n] = t.weights(n, stride[n], in)
		case in.Windows.Weights == manifest.WeightsGaussian:
			w[n], least = gaussian(t.size[n], stride[n]), leastWeight
		default:
			w[n] = make([]float32, t.size[n]/stride[n])
			for i := range w[n] {
				w[n][i] = 1
			}
		}
	}
	return w, least
}

// gaussian are the weights of the cells of a window of n voxels: those of each
// cell's first voxel.
func gaussian(n, stride int) []float32 {
	w := make([]float32, n/stride)
	sigma := float64(n) / 8
	for i := range w {
		x := float64(i*stride) - float64(n-1)/2
		w[i] = float32(math.Exp(-x * x / (2 * sigma * sigma)))
	}
	return w
}

// crop cuts off the padding around short axes. Where half of it is no multiple
// of a stride the cut is at the nearest cell (half to even), and the stride
// becomes what the grid's padded size divided by the cells is.
func (s sweep) crop(fields []*field) []*field {
	if s.in.Windows == nil || s.size == s.padded {
		return fields
	}
	for i, f := range fields {
		fields[i] = s.cropOne(f)
	}
	return fields
}

func (s sweep) cropOne(f *field) *field {
	c := &field{Output: f.Output}
	var from [3]int
	for n := range 3 {
		stride := float64(f.Stride[n])
		from[n] = int(math.RoundToEven(float64(s.lead[n]) / stride))
		to := min(int(math.RoundToEven(float64(s.lead[n]+s.padded[n])/stride)), f.size[n])
		c.size[n] = to - from[n]
		c.Stride[n] = s.padded[n] / c.size[n]
	}
	c.data = make([]float32, 0, c.Channels*c.cells())
	for channel := range c.Channels {
		for k := range c.size[2] {
			for j := range c.size[1] {
				at := ((channel*f.size[2]+from[2]+k)*f.size[1]+from[1]+j)*f.size[0] + from[0]
				c.data = append(c.data, f.data[at:at+c.size[0]]...)
			}
		}
	}
	return c
}
