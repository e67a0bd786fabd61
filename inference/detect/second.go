package detect

import (
	"context"
	"fmt"
	"math"
	"slices"

	"nafas/inference/finding"
	"nafas/inference/volume"
	"nafas/models/manifest"
)

// second looks again at candidates.
type second struct {
	manifest.Second
	runner Runner
}

// Refine gives the best candidates to the second network and returns them with
// their new scores, diameters and centres, best first, those that have come to
// lie at one place merged. Without a second network it returns found. ctx is
// looked at between two batches.
func (d *Detector) Refine(ctx context.Context, p *Prepared, found []finding.Candidate) ([]finding.Candidate, error) {
	if d.second == nil {
		return found, nil
	}
	found = slices.Clone(found[:min(len(found), d.second.Most)])
	for batch := range slices.Chunk(found, d.second.Batch) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := d.again(ctx, p, batch); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(found, compare)
	return merge(found, d.merge), nil
}

// again runs one batch and writes what the network says into it.
func (d *Detector) again(ctx context.Context, p *Prepared, batch []finding.Candidate) error {
	s := d.second
	voxels := s.Size[0] * s.Size[1] * s.Size[2]
	input := Tensor{Shape: shape(d.in.Axes, 1, s.Size), Data: make([]float32, len(batch)*voxels)}
	input.Shape[0] = int64(len(batch))
	middles := make([][3]int, len(batch))
	for i, c := range batch {
		at := p.Grid.ToIndex(c.CenterLPSMM)
		for n := range 3 {
			middles[i][n] = int(math.RoundToEven(at[n]))
		}
		d.crop(input.Data[i*voxels:(i+1)*voxels], p, middles[i])
	}
	out, err := s.runner.Run(ctx, map[string]Tensor{s.Input: input})
	if err != nil {
		return fmt.Errorf("second network: %w", err)
	}
	values, err := s.values(out, len(batch))
	if err != nil {
		return err
	}
	channels := len(values) / len(batch)
	for i := range batch {
		d.settle(&batch[i], p, middles[i], values[i*channels:(i+1)*channels])
	}
	return nil
}

// crop fills a tensor with the voxels around one, which becomes the crop's
// voxel Size/2.
func (d *Detector) crop(to []float32, p *Prepared, middle [3]int) {
	t := tile{size: d.second.Size}
	for n := range 3 {
		t.at[n] = middle[n] - t.size[n]/2
	}
	d.fill(to, p, t)
}

// values are the output's, checked.
func (s *second) values(out map[string]Tensor, batch int) ([]float32, error) {
	v, ok := out[s.Output]
	if !ok {
		return nil, fmt.Errorf("%w: no output %q", ErrOutput, s.Output)
	}
	if len(v.Shape) != 2 || v.Shape[0] != int64(batch) || v.Shape[1] < int64(s.Channels()) || int64(len(v.Data)) != v.Shape[0]*v.Shape[1] {
		return nil, fmt.Errorf("%w: %q has shape %v, expected %d crops of %d channels or more", ErrOutput, s.Output, v.Shape, batch, s.Channels())
	}
	for _, x := range v.Data {
		if d := x - x; d != 0 { // NaN or infinite
			return nil, fmt.Errorf("%w: %q holds %v", ErrOutput, s.Output, x)
		}
	}
	return v.Data, nil
}

// settle writes one crop's output into its candidate. A centre that would
// leave the region of interest stays where it was: the first network's word
// that the place is in the lung holds.
func (d *Detector) settle(c *finding.Candidate, p *Prepared, middle [3]int, out []float32) {
	s := d.second
	score := min(max(c.Score, 1e-4), 1-1e-4)
	logit := s.FirstWeight*math.Log(score/(1-score)) + s.SecondWeight*float64(out[s.Logit]) + s.Bias
	c.Score = roundTo(1/(1+math.Exp(-logit)), 1e-4)
	c.DiameterMM = roundTo(math.Exp(min(max(float64(out[s.LogDiameter]), 0), maxLogDiameter)), 0.01)
	var at volume.Vec3
	for n := range 3 {
		at[n] = float64(middle[n]) + float64(out[s.Offset[n]])
	}
	if !d.anywhere && !p.allows(at) {
		return
	}
	at = p.Grid.ToLPS(at)
	for n := range 3 {
		c.CenterLPSMM[n] = roundTo(at[n], 0.01)
	}
}
