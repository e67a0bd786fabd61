package detect

import (
	"context"
	"math"

	"nafas/inference/finding"
	"nafas/inference/volume"
)

// Refine looks again at the best candidates, at their mirror images and with
// the second network, and returns them with their new scores, best first.
// Where the manifest has neither it returns found. ctx is looked at between two
// candidates or batches.
func (d *Detector) Refine(ctx context.Context, p *Prepared, found []finding.Candidate) ([]finding.Candidate, error) {
	found, err := d.mirrored(ctx, p, found)
	if err != nil || d.second == nil {
		return found, err
	}
	return d.seconded(ctx, p, found)
}

// crop fills a tensor with the voxels around the one nearest to a continuous
// voxel index, which becomes the crop's voxel Size/2.
func (d *Detector) crop(to []float32, p *Prepared, size [3]int, at volume.Vec3) {
	t := tile{size: size}
	for n := range 3 {
		t.at[n] = int(math.RoundToEven(at[n])) - t.size[n]/2
	}
	d.fill(to, p, t)
}

// logit and score are each other's inverse; a score of 0 or 1 stays finite.
func logit(score float64) float64 {
	score = min(max(score, 1e-4), 1-1e-4)
	return math.Log(score / (1 - score))
}

func score(logit float64) float64 { return roundTo(1/(1+math.Exp(-logit)), 1e-4) }
