package detect

import (
	"errors"

	"nafas/inference/volume"
)

// Box is what a RetinaNet found, between two corners on the model's grid:
// continuous voxel indices x, y, z.
type Box struct {
	Min, Max volume.Vec3
	// Score is not rounded.
	Score float64
	// Level is the number of its level in the manifest.
	Level int
}

// ErrNoBoxes: the model's head makes no boxes.
var ErrNoBoxes = errors.New("the model's head makes no boxes")

// Boxes are the boxes of a RetinaNet as its manifest decodes them, best first,
// before anything of this project's own: wherever in the volume they lie, not
// rounded, not merged.
func (d *Detector) Boxes(p *Prepared, m *Maps) ([]Box, error) {
	r, ok := d.head.(retinaNet)
	if !ok {
		return nil, ErrNoBoxes
	}
	return r.boxes(m.fields, p.Grid.Size), nil
}

// World returns the box's centre in patient LPS mm and its sides in mm along
// the axes of g.
func (b Box) World(g volume.Grid) (centreLPSMM, sidesMM volume.Vec3) {
	for n := range 3 {
		sidesMM[n] = (b.Max[n] - b.Min[n]) * g.SpacingMM[n]
	}
	return g.ToLPS(b.Min.Add(b.Max).Scale(0.5)), sidesMM
}

// clip cuts the box to 0..size and returns its shortest side.
func (b *Box) clip(size [3]int) float64 {
	shortest := float64(size[0])
	for n := range 3 {
		b.Min[n] = min(max(b.Min[n], 0), float64(size[n]))
		b.Max[n] = min(max(b.Max[n], 0), float64(size[n]))
		shortest = min(shortest, b.Max[n]-b.Min[n])
	}
	return shortest
}

// unionLeast keeps the overlap of boxes without volume finite: the distance
// from 1 to the next float32, as the published detector has it.
const unionLeast = 1.0 / (1 << 23)

// overlap is intersection over union.
func (b Box) overlap(c Box) float64 {
	both := 1.0
	for n := range 3 {
		both *= max(0, min(b.Max[n], c.Max[n])-max(b.Min[n], c.Min[n]))
	}
	return both / (b.volume() + c.volume() - both + unionLeast)
}

func (b Box) volume() float64 {
	d := b.Max.Sub(b.Min)
	return d[0] * d[1] * d[2]
}

// suppress keeps, best first, the boxes that overlap none that is kept by more
// than iou, until there are most; list is in order.
func suppress(list []Box, iou float64, most int) []Box {
	var kept []Box
	for _, b := range list {
		if len(kept) == most {
			break
		}
		free := true
		for _, k := range kept {
			if k.overlap(b) > iou {
				free = false
				break
			}
		}
		if free {
			kept = append(kept, b)
		}
	}
	return kept
}
