package detect

import (
	"context"
	"fmt"
	"slices"

	"nafas/inference/finding"
	"nafas/models/manifest"
)

// second looks again at candidates.
type second struct {
	manifest.Second
	runner Runner
}

// seconded returns the best candidates with the scores of both networks, best
// first.
func (d *Detector) seconded(ctx context.Context, p *Prepared, found []finding.Candidate) ([]finding.Candidate, error) {
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
	return found, nil
}

// again runs one batch and writes the new scores into it.
func (d *Detector) again(ctx context.Context, p *Prepared, batch []finding.Candidate) error {
	s := d.second
	voxels := s.Size[0] * s.Size[1] * s.Size[2]
	input := Tensor{Shape: d.in.Shape(1, s.Size), Data: make([]float32, len(batch)*voxels)}
	input.Shape[0] = int64(len(batch))
	for i, c := range batch {
		d.crop(input.Data[i*voxels:(i+1)*voxels], p, s.Size, p.Grid.ToIndex(c.CenterLPSMM))
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
		batch[i].Score = s.fused(batch[i].Score, float64(values[i*channels+s.Logit]))
	}
	return nil
}

// values are the output's, checked.
func (s *second) values(out map[string]Tensor, batch int) ([]float32, error) {
	v, ok := out[s.Output]
	if !ok {
		return nil, fmt.Errorf("%w: no output %q", ErrOutput, s.Output)
	}
	if len(v.Shape) != 2 || v.Shape[0] != int64(batch) || v.Shape[1] <= int64(s.Logit) || int64(len(v.Data)) != v.Shape[0]*v.Shape[1] {
		return nil, fmt.Errorf("%w: %q has shape %v, expected %d crops of %d channels or more", ErrOutput, s.Output, v.Shape, batch, s.Logit+1)
	}
	for _, x := range v.Data {
		if d := x - x; d != 0 { // NaN or infinite
			return nil, fmt.Errorf("%w: %q holds %v", ErrOutput, s.Output, x)
		}
	}
	return v.Data, nil
}

// fused is the score that both networks give a candidate.
func (s *second) fused(first, second float64) float64 {
	return score(s.FirstWeight*logit(first) + s.SecondWeight*second + s.Bias)
}
