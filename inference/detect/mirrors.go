package detect

import (
	"context"
	"fmt"
	"math"
	"slices"

	"nafas/inference/finding"
	"nafas/models/manifest"
)

// mirrors looks again at candidates, as manifest.Mirrors says.
type mirrors struct {
	manifest.Mirrors
	images [][3]bool // x, y, z
	heat   string
	stride [3]int
}

func newMirrors(m *manifest.Model) *mirrors {
	if m.Mirrors == nil {
		return nil
	}
	r := &mirrors{Mirrors: *m.Mirrors, heat: m.Head.Heatmap.Heat, stride: m.Head.Heatmap.Stride}
	for _, axes := range m.Mirrors.Axes {
		along, _ := manifest.Along(axes)
		r.images = append(r.images, along)
	}
	return r
}

// mirrored returns the best candidates with the scores of all their images,
// best first. Without Mirrors it returns found. ctx is looked at between two
// candidates.
func (d *Detector) mirrored(ctx context.Context, p *Prepared, found []finding.Candidate) ([]finding.Candidate, error) {
	r := d.mirrors
	if r == nil {
		return found, nil
	}
	found = slices.Clone(found[:min(len(found), r.Most)])
	crop := make([]float32, r.Size[0]*r.Size[1]*r.Size[2])
	image := make([]float32, len(crop))
	for i := range found {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		d.crop(crop, p, r.Size, p.Grid.ToIndex(found[i].CenterLPSMM))
		sum := logit(found[i].Score)
		for _, along := range r.images {
			flip(image, crop, r.Size, strides(d.in.Axes, r.Size), along)
			seen, err := d.look(ctx, image)
			if err != nil {
				return nil, fmt.Errorf("mirror image of candidate %d: %w", i+1, err)
			}
			sum += seen
		}
		found[i].Score = score(sum / float64(1+len(r.images)))
	}
	slices.SortStableFunc(found, compare)
	return found, nil
}

// look is the largest heat in the middle of an image, a logit.
func (d *Detector) look(ctx context.Context, image []float32) (float64, error) {
	r := d.mirrors
	out, err := d.runner.Run(ctx, map[string]Tensor{d.in.Name: {Shape: d.in.Shape(1, r.Size), Data: image}})
	if err != nil {
		return 0, err
	}
	var cells [3]int
	for n := range 3 {
		cells[n] = r.Size[n] / r.stride[n]
	}
	heat, want := out[r.heat], d.in.Shape(1, cells)
	if !slices.Equal(heat.Shape, want) || len(heat.Data) != cells[0]*cells[1]*cells[2] {
		return 0, fmt.Errorf("%w: %q has shape %v, expected %v", ErrOutput, r.heat, heat.Shape, want)
	}
	step := strides(d.in.Axes, cells)
	best := math.Inf(-1)
	for corner := range 8 {
		o := 0
		for n := range 3 {
			o += (cells[n]/2 - corner>>n&1) * step[n]
		}
		v := float64(heat.Data[o])
		if v-v != 0 { // NaN or infinite
			return 0, fmt.Errorf("%w: %q holds %v", ErrOutput, r.heat, v)
		}
		best = max(best, v)
	}
	return best, nil
}

// flip writes the mirror image of a tensor of a size and its steps.
func flip(to, from []float32, size, step [3]int, along [3]bool) {
	at := func(n, i int) int {
		if along[n] {
			i = size[n] - 1 - i
		}
		return i * step[n]
	}
	for k := range size[2] {
		for j := range size[1] {
			for i := range size[0] {
				to[k*step[2]+j*step[1]+i*step[0]] = from[at(2, k)+at(1, j)+at(0, i)]
			}
		}
	}
}
