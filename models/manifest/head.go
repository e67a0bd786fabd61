package manifest

import "fmt"

// HeadHeatmap is the kind of head that Heatmap describes.
const HeadHeatmap = "heatmap"

// Head says what the network's outputs mean. Kind names the one part below
// that is set.
type Head struct {
	Kind string `yaml:"kind"`
	// MinScore is the score below which nothing is a candidate.
	MinScore float64 `yaml:"min_score"`
	// Keep is KeepLungs, which "" means too, or KeepAnywhere.
	Keep      string     `yaml:"keep" need:"optional"`
	Heatmap   *Heatmap   `yaml:"heatmap"`
	RetinaNet *RetinaNet `yaml:"retinanet"`
}

// Where candidates are kept: in the region of interest (the lungs, closed and
// dilated) alone, or wherever the network finds them.
const (
	KeepLungs    = "lungs"
	KeepAnywhere = "anywhere"
)

// Heatmap is a head with one score and one shape for every cell of a coarser
// grid. Heat is (1, 1, cells), logits; a cell is a candidate where no
// neighbour (26) is higher. Shape is (1, channels, cells). The centre of cell
// c is, in input voxels and per axis,
//
//	(c + 0.5) * stride - 0.5 + offset * stride.
type Heatmap struct {
	Heat  string `yaml:"heat"`
	Shape string `yaml:"shape"`
	// Stride is the size of a cell in voxels: x, y, z.
	Stride [3]int `yaml:"stride"`
	// LogDiameter is the channel of Shape that holds the natural logarithm of
	// the diameter in mm, Offset the channels of the offsets along x, y, z in
	// cells.
	LogDiameter int    `yaml:"log_diameter"`
	Offset      [3]int `yaml:"offset"`
}

// Output is an ONNX output that a head reads: its shape is (1, Channels,
// cells), where a cell has Stride voxels (x, y, z).
type Output struct {
	Name     string
	Channels int
	Stride   [3]int
}

// Outputs are the outputs that the head reads: of a heatmap heat and shape, of
// a RetinaNet scores and boxes of each level in turn.
func (h Head) Outputs() []Output {
	if h.Kind == HeadRetinaNet {
		return h.RetinaNet.outputs()
	}
	m := h.Heatmap
	channels := max(m.LogDiameter, m.Offset[0], m.Offset[1], m.Offset[2]) + 1
	return []Output{{m.Heat, 1, m.Stride}, {m.Shape, channels, m.Stride}}
}

func (h Head) check(in Input) error {
	switch {
	case !(h.MinScore > 0 && h.MinScore < 1):
		return fmt.Errorf("head.min_score: %v is not within 0..1", h.MinScore)
	case h.Keep != "" && h.Keep != KeepLungs && h.Keep != KeepAnywhere:
		return fmt.Errorf("head.keep: %q is neither %s nor %s", h.Keep, KeepLungs, KeepAnywhere)
	}
	switch h.Kind {
	case HeadHeatmap:
		if h.Heatmap == nil || h.RetinaNet != nil {
			return fmt.Errorf("head.heatmap: is missing, or not the only one")
		}
		return h.Heatmap.check(in)
	case HeadRetinaNet:
		if h.RetinaNet == nil || h.Heatmap != nil {
			return fmt.Errorf("head.retinanet: is missing, or not the only one")
		}
		return h.RetinaNet.check(in)
	}
	return fmt.Errorf("head.kind: %q is not known; %s and %s are", h.Kind, HeadHeatmap, HeadRetinaNet)
}

func (h Heatmap) check(in Input) error {
	if h.Heat == "" || h.Shape == "" || h.Heat == h.Shape {
		return fmt.Errorf("head.heatmap: outputs %q and %q are not two names", h.Heat, h.Shape)
	}
	used := map[int]bool{h.LogDiameter: true}
	for n, axis := range []string{"x", "y", "z"} {
		if s := h.Stride[n]; s < 1 || in.Multiple[n]%s != 0 || in.Halo[n]%s != 0 {
			return fmt.Errorf("head.heatmap.stride: %d along %s does not divide the input's multiple %d and halo %d",
				h.Stride[n], axis, in.Multiple[n], in.Halo[n])
		}
		used[h.Offset[n]] = true
	}
	for channel := range used {
		if channel < 0 || channel > 63 {
			return fmt.Errorf("head.heatmap: channel %d is not within 0..63", channel)
		}
	}
	if len(used) != 4 {
		return fmt.Errorf("head.heatmap: log_diameter %d and offset %v share a channel", h.LogDiameter, h.Offset)
	}
	return nil
}
