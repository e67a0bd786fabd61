package manifest

import "fmt"

// HeadRetinaNet is the kind of head that RetinaNet describes.
const HeadRetinaNet = "retinanet"

// How the diameter of a nodule is derived from the three sides of its box, in
// mm.
const (
	DiameterMean      = "mean"
	DiameterMax       = "max"
	DiameterGeometric = "geometric"
)

// RetinaNet is a head that corrects boxes of fixed shapes (anchors) which
// stand at every cell of several grids. It follows MONAI's RetinaNet detector
// for one class.
//
// The anchor of cell c is centred at the voxel index c * stride, without half
// a cell; its half sides are rounded to whole voxels, half to even. The codes
// d of a box, divided by Weights, make
//
//	centre = d * side + anchor centre,  side = exp(min(d, Clamp)) * anchor side.
//
// Scores are the sigmoid of the logits. Per level the Top best above
// Head.MinScore (strictly) are kept, clipped to the volume without padding and
// dropped where a side is below MinSide. Then, over all levels, the best box
// suppresses those that overlap it by more than NMSIoU, until Most are kept.
type RetinaNet struct {
	Levels []Level `yaml:"levels"`
	// Weights divide the codes of centre x, y, z and side x, y, z.
	Weights [6]float64 `yaml:"weights"`
	// Clamp bounds the logarithm of side over anchor side, from above only.
	Clamp float64 `yaml:"clamp"`
	Top   int     `yaml:"top"`
	// NMSIoU is intersection over union.
	NMSIoU float64 `yaml:"nms_iou"`
	Most   int     `yaml:"most"`
	// MinSide in voxels.
	MinSide float64 `yaml:"min_side"`
	// Diameter is DiameterMean, DiameterMax or DiameterGeometric of the sides.
	Diameter string `yaml:"diameter"`
}

// Level is one grid of a RetinaNet. Scores is (1, anchors, cells), logits;
// Boxes is (1, 6 * anchors, cells): the six codes of the first anchor, then
// those of the next.
type Level struct {
	Scores string `yaml:"scores"`
	Boxes  string `yaml:"boxes"`
	// Stride is the size of a cell in voxels: x, y, z.
	Stride [3]int `yaml:"stride"`
	// Anchors are the sides of the anchors in voxels: x, y, z.
	Anchors [][3]float64 `yaml:"anchors"`
}

func (r RetinaNet) outputs() []Output {
	var out []Output
	for _, l := range r.Levels {
		a := len(l.Anchors)
		out = append(out, Output{l.Scores, a, l.Stride}, Output{l.Boxes, 6 * a, l.Stride})
	}
	return out
}

// Bounds of a RetinaNet.
const (
	maxLevels  = 8
	maxAnchors = 32
	maxTop     = 100000
	maxClamp   = 10
)

func (r RetinaNet) check(in Input) error {
	if len(r.Levels) == 0 || len(r.Levels) > maxLevels {
		return fmt.Errorf("head.retinanet.levels: %d are not 1..%d", len(r.Levels), maxLevels)
	}
	names := map[string]bool{}
	for i, l := range r.Levels {
		if err := l.check(in); err != nil {
			return fmt.Errorf("head.retinanet.levels[%d]%w", i, err)
		}
		names[l.Scores], names[l.Boxes] = true, true
	}
	if len(names) != 2*len(r.Levels) {
		return fmt.Errorf("head.retinanet.levels: two outputs have one name")
	}
	for _, w := range r.Weights {
		if !(w > 0 && w <= 1000) {
			return fmt.Errorf("head.retinanet.weights: %v are not within 0..1000", r.Weights)
		}
	}
	return r.checkSelection()
}

func (r RetinaNet) checkSelection() error {
	switch {
	case !(r.Clamp > 0 && r.Clamp <= maxClamp):
		return fmt.Errorf("head.retinanet.clamp: %v is not within 0..%d", r.Clamp, maxClamp)
	case r.Top < 1 || r.Top > maxTop:
		return fmt.Errorf("head.retinanet.top: %d is not within 1..%d", r.Top, maxTop)
	case !(r.NMSIoU > 0 && r.NMSIoU <= 1):
		return fmt.Errorf("head.retinanet.nms_iou: %v is not within 0..1", r.NMSIoU)
	case r.Most < 1 || r.Most > 10000:
		return fmt.Errorf("head.retinanet.most: %d is not within 1..10000", r.Most)
	case !(r.MinSide >= 0 && r.MinSide <= 100):
		return fmt.Errorf("head.retinanet.min_side: %v is not within 0..100", r.MinSide)
	case r.Diameter != DiameterMean && r.Diameter != DiameterMax && r.Diameter != DiameterGeometric:
		return fmt.Errorf("head.retinanet.diameter: %q is none of %s, %s, %s", r.Diameter, DiameterMean, DiameterMax, DiameterGeometric)
	}
	return nil
}

// check returns errors that go on from the level's number.
func (l Level) check(in Input) error {
	if l.Scores == "" || l.Boxes == "" {
		return fmt.Errorf(": scores %q or boxes %q is no name", l.Scores, l.Boxes)
	}
	for n, axis := range []string{"x", "y", "z"} {
		if s := l.Stride[n]; s < 1 || in.Multiple[n]%s != 0 || in.Halo[n]%s != 0 {
			return fmt.Errorf(".stride: %d along %s does not divide the input's multiple %d and halo %d",
				s, axis, in.Multiple[n], in.Halo[n])
		}
	}
	if len(l.Anchors) == 0 || len(l.Anchors) > maxAnchors {
		return fmt.Errorf(".anchors: %d are not 1..%d", len(l.Anchors), maxAnchors)
	}
	for _, a := range l.Anchors {
		for _, side := range a {
			if !(side > 1 && side <= 1024) {
				return fmt.Errorf(".anchors: %v has a side that is not above 1 and up to 1024 voxels", a)
			}
		}
	}
	return nil
}
