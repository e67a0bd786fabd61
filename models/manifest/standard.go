package manifest

// StandardInput is the input of this project's own detectors: training
// prepares its data with it before a model, and so a manifest, exists.
func StandardInput() Input {
	return Input{
		Name: "image", Axes: "zyx", Orientation: "LPS",
		SpacingMM: [3]float64{1.25, 1.25, 1.25},
		WindowHU:  [2]float64{-1200, 600}, WindowTo: [2]float64{-1, 1}, Padding: -1,
		Multiple: [3]int{16, 16, 16}, MarginMM: 10,
		Tile: [3]int{320, 256, 112}, Overlap: [3]int{32, 32, 32}, Halo: [3]int{8, 8, 8},
	}
}
