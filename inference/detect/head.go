package detect

import (
	"fmt"
	"math"

	"nafas/models/manifest"
)

// peak is a hit on the model's grid: centre as a continuous voxel index
// (x, y, z), score in [0,1].
type peak struct {
	at         [3]float64
	diameterMM float64
	score      float64
}

// head decodes the outputs of one kind of network. Another kind is another
// implementation in its own file and one case in newHead.
type head interface {
	// check refuses outputs that no network that fits the manifest gives: what
	// is far outside of the scan would be dropped, and a list without it would
	// look as if nothing were there. imageVaries: not all that the network was
	// given is of one value. The error is ErrOutput.
	check(fields []*field, imageVaries bool) error
	// decode returns hits in a fixed order. Fields are those of the manifest's
	// Outputs; size is that of the scan's grid,
	// without padding.
	decode(fields []*field, size [3]int) []peak
}

func newHead(h manifest.Head, in manifest.Input) (head, error) {
	switch h.Kind {
	case manifest.HeadHeatmap:
		return heatmap{Heatmap: *h.Heatmap, minScore: h.MinScore}, nil
	case manifest.HeadRetinaNet:
		return newRetinaNet(h, in), nil
	}
	return nil, fmt.Errorf("head %q of a network for %q has no decoder", h.Kind, in.Name)
}

// heatmap decodes manifest.Heatmap.
type heatmap struct {
	manifest.Heatmap
	minScore float64
}

// maxLogDiameter keeps a wild regression finite: e^5 is 148 mm.
const maxLogDiameter = 5

// farCells is the largest offset of a centre from its cell, or of a box from
// its anchor in sides, that is believed: a mass of 148 mm spans some 60 cells
// of 2.5 mm.
const farCells = 64

func (h heatmap) check(fields []*field, imageVaries bool) error {
	heat, shape := fields[0], fields[1]
	if imageVaries && !varies(heat.data) {
		return errFlat(h.Heat)
	}
	threshold := logitOf(h.minScore)
	for o, v := range heat.data {
		if v < threshold || v != v {
			continue
		}
		for n := range 3 {
			if d := shape.at(h.Offset[n], o); d > farCells || d < -farCells {
				return fmt.Errorf("%w: %q has an offset of %g cells", ErrOutput, h.Shape, d)
			}
		}
	}
	return nil
}

func logitOf(score float64) float32 { return float32(math.Log(score / (1 - score))) }

func (h heatmap) decode(fields []*field, _ [3]int) []peak {
	heat, shape := fields[0], fields[1]
	threshold := logitOf(h.minScore)
	var peaks []peak
	o := 0
	for k := range heat.size[2] {
		for j := range heat.size[1] {
			for i := range heat.size[0] {
				if v := heat.data[o]; v >= threshold && heat.isPeak(i, j, k) {
					peaks = append(peaks, h.peak(shape, [3]int{i, j, k}, o, v))
				}
				o++
			}
		}
	}
	return peaks
}

func (h heatmap) peak(shape *field, cell [3]int, o int, logit float32) peak {
	p := peak{score: 1 / (1 + math.Exp(-float64(logit)))}
	for n := range 3 {
		stride := float64(h.Stride[n])
		p.at[n] = (float64(cell[n])+0.5)*stride - 0.5 + float64(shape.at(h.Offset[n], o))*stride
	}
	p.diameterMM = math.Exp(min(max(float64(shape.at(h.LogDiameter, o)), 0), maxLogDiameter))
	return p
}

// isPeak reports whether no neighbour (26) of the cell is higher; of equal
// neighbours the first in scan order is the peak.
func (f *field) isPeak(i, j, k int) bool {
	o := (k*f.size[1]+j)*f.size[0] + i
	v := f.data[o]
	for z := max(0, k-1); z <= min(f.size[2]-1, k+1); z++ {
		for y := max(0, j-1); y <= min(f.size[1]-1, j+1); y++ {
			for x := max(0, i-1); x <= min(f.size[0]-1, i+1); x++ {
				q := (z*f.size[1]+y)*f.size[0] + x
				if w := f.data[q]; w > v || w == v && q < o {
					return false
				}
			}
		}
	}
	return true
}
