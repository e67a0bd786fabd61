package detect

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"nafas/models/manifest"
)

// retinaNet decodes manifest.RetinaNet.
type retinaNet struct {
	manifest.RetinaNet
	minScore  float64
	spacingMM [3]float64
}

func newRetinaNet(h manifest.Head, in manifest.Input) retinaNet {
	return retinaNet{*h.RetinaNet, h.MinScore, in.SpacingMM}
}

func (r retinaNet) check(fields []*field, imageVaries bool) error {
	flat := imageVaries
	for i := range r.Levels {
		scores, codes := fields[2*i], fields[2*i+1]
		flat = flat && !varies(scores.data)
		if err := r.checkCodes(scores, codes); err != nil {
			return err
		}
	}
	if flat {
		return errFlat(fields[0].Name)
	}
	return nil
}

func (r retinaNet) checkCodes(scores, codes *field) error {
	for _, h := range r.top(scores) {
		for n := range 3 {
			d := float64(codes.at(6*h.anchor+n, cellOf(codes, h))) / r.Weights[n]
			if math.Abs(d) > farCells {
				return fmt.Errorf("%w: %q has a centre %g sides off its anchor", ErrOutput, codes.Name, d)
			}
		}
	}
	return nil
}

// cellOf is the place of a hit's cell in a field.
func cellOf(f *field, h hit) int { return (h.cell[2]*f.size[1]+h.cell[1])*f.size[0] + h.cell[0] }

func (r retinaNet) decode(fields []*field, size [3]int) []peak {
	var peaks []peak
	for _, b := range r.boxes(fields, size) {
		p := peak{score: b.Score, diameterMM: r.diameterMM(b)}
		for n := range 3 {
			p.at[n] = (b.Min[n] + b.Max[n]) / 2
		}
		peaks = append(peaks, p)
	}
	return peaks
}

func (r retinaNet) diameterMM(b Box) float64 {
	x := (b.Max[0] - b.Min[0]) * r.spacingMM[0]
	y := (b.Max[1] - b.Min[1]) * r.spacingMM[1]
	z := (b.Max[2] - b.Min[2]) * r.spacingMM[2]
	switch r.Diameter {
	case manifest.DiameterMax:
		return max(x, y, z)
	case manifest.DiameterGeometric:
		return math.Cbrt(x * y * z)
	}
	return (x + y + z) / 3
}

// boxes are what remains after suppression, best first.
func (r retinaNet) boxes(fields []*field, size [3]int) []Box {
	var list []Box
	for i, l := range r.Levels {
		scores, codes := fields[2*i], fields[2*i+1]
		for _, h := range r.top(scores) {
			b := r.box(codes, anchor(l.Anchors[h.anchor]), h)
			if b.clip(size) >= r.MinSide {
				b.Level = i
				list = append(list, b)
			}
		}
	}
	slices.SortStableFunc(list, func(a, b Box) int { return cmp.Compare(b.Score, a.Score) })
	return suppress(list, r.NMSIoU, r.Most)
}

// hit is an anchor whose score is high enough.
type hit struct {
	cell   [3]int
	anchor int
	order  int // x slowest, then y, z, anchor: the order of the published detector
	score  float64
}

// top are the best hits of a level; of equal ones the first in order.
func (r retinaNet) top(f *field) []hit {
	least := logitOf(r.minScore) - 1e-3 // spares exponentials
	var hits []hit
	for a := range f.Channels {
		for cell := range f.cells() {
			v := f.at(a, cell)
			if !(v > least) { // nor where no tile came: NaN
				continue
			}
			score := 1 / (1 + math.Exp(-float64(v)))
			if !(score > r.minScore) {
				continue
			}
			c := [3]int{cell % f.size[0], cell / f.size[0] % f.size[1], cell / f.size[0] / f.size[1]}
			order := ((c[0]*f.size[1]+c[1])*f.size[2]+c[2])*f.Channels + a
			hits = append(hits, hit{c, a, order, score})
		}
	}
	slices.SortFunc(hits, func(a, b hit) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.order, b.order))
	})
	return hits[:min(len(hits), r.Top)]
}

// anchor returns the sides of an anchor as it stands on the grid: half sides
// are whole voxels, half to even.
func anchor(sides [3]float64) [3]float64 {
	for n, s := range sides {
		sides[n] = 2 * math.RoundToEven(s/2)
	}
	return sides
}

func (r retinaNet) box(codes *field, sides [3]float64, h hit) Box {
	b := Box{Score: h.score}
	cell := cellOf(codes, h)
	for n := range 3 {
		shift := float64(codes.at(6*h.anchor+n, cell)) / r.Weights[n]
		growth := float64(codes.at(6*h.anchor+3+n, cell)) / r.Weights[3+n]
		centre := shift*sides[n] + float64(h.cell[n]*codes.Stride[n])
		half := math.Exp(min(growth, r.Clamp)) * sides[n] / 2
		b.Min[n], b.Max[n] = centre-half, centre+half
	}
	return b
}
