package archivetest

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
)

// Version is what two versions of the small model differ in.
type Version struct {
	Version string
	// One is the score at 1 false mark per scan.
	One float64
	// BrightHU ends the window of the image: the higher, the lower the scores.
	BrightHU int
}

// V1 and V2 flag some studies both, and some one of them alone.
var (
	V1 = Version{"1.0.0", 0.7, 600}
	V2 = Version{"2.0.0", 0.5, 608}
)

// Model writes a small model into a folder: the network of brightSpots (the
// folder inference/testdata/brightspots) on a coarse grid.
func Model(dir, brightSpots string, v Version) error {
	if err := os.CopyFS(dir, os.DirFS(brightSpots)); err != nil {
		return err
	}
	path := filepath.Join(dir, "model.yaml")
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	for from, to := range map[string]string{
		"name: brightspots":              "name: brightspots-coarse",
		"version: 1.0.0":                 "version: " + v.Version,
		"spacing_mm: [1.25, 1.25, 1.25]": "spacing_mm: [5, 5, 5]",
		"one: 0.7":                       fmt.Sprint("one: ", v.One),
		"window_hu: [-1200, 600]":        fmt.Sprintf("window_hu: [-1200, %d]", v.BrightHU),
	} {
		if n := bytes.Count(raw, []byte(from)); n != 1 {
			return fmt.Errorf("%q stands %d times in %s", from, n, path)
		}
		raw = bytes.Replace(raw, []byte(from), []byte(to), 1)
	}
	return os.WriteFile(path, raw, 0o644)
}
