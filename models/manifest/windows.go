package manifest

import "fmt"

// Extents: what of a scan is given to the network.
const (
	// ExtentLungs is the default: the lung field with Input.MarginMM around it,
	// on a lattice along LPS, averaged where the network's grid is coarser than
	// the scan (volume.Resample).
	ExtentLungs = "lungs"
	// ExtentVolume is the whole volume along its own axes, turned to the
	// orientation nearest to Input.Orientation. The centre of the first voxel is
	// kept, n voxels become round((n-1) * spacing / spacing_mm + 1), half to
	// even, and values are interpolated trilinearly, not averaged and not
	// rounded; beyond the last voxel its value is continued.
	ExtentVolume = "volume"
)

// Weights of overlapping windows.
const (
	WeightsConstant = "constant"
	// WeightsGaussian falls off from the window's centre with a standard
	// deviation of an eighth of its side per axis, and is nowhere below 0.001.
	WeightsGaussian = "gaussian"
)

// Windows replaces the tiles that are fitted to the lungs by windows of the
// fixed size Input.Tile in steps of Tile - Overlap. The last window of an axis
// is shifted back inside; an axis shorter than a window is padded on both
// sides and cropped afterwards. Outputs are averaged before anything is made
// of them.
type Windows struct {
	// WholeBelow is the number of voxels below which a scan is given to the
	// network at once, whatever Tile says; 0 is never.
	WholeBelow int `yaml:"whole_below"`
	// Weights is WeightsConstant or WeightsGaussian.
	Weights string `yaml:"weights"`
	// OnlyWithLung leaves out windows without region of interest. It saves
	// time, and changes what the others are averaged with.
	OnlyWithLung bool `yaml:"only_with_lung"`
}

// Whole reports whether the whole volume is given to the network, and not the
// lungs alone.
func (in Input) Whole() bool { return in.Extent == ExtentVolume }

func (in Input) checkExtent() error {
	switch in.Extent {
	case "", ExtentLungs, ExtentVolume:
	default:
		return fmt.Errorf("input.extent: %q is neither %s nor %s", in.Extent, ExtentLungs, ExtentVolume)
	}
	w := in.Windows
	if w == nil {
		return nil
	}
	switch {
	case w.Weights != WeightsConstant && w.Weights != WeightsGaussian:
		return fmt.Errorf("input.windows.weights: %q is neither %s nor %s", w.Weights, WeightsConstant, WeightsGaussian)
	case w.WholeBelow < 0 || w.WholeBelow > 1<<30:
		return fmt.Errorf("input.windows.whole_below: %d is not within 0..%d", w.WholeBelow, 1<<30)
	case in.Halo != [3]int{}:
		return fmt.Errorf("input.halo: %v has no meaning with windows; it must be 0", in.Halo)
	}
	return nil
}
