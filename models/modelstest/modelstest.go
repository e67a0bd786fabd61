// Package modelstest makes small detectors for tests, each with its manifest and
// its self-test, and a chest that they read in a moment. They mark what is dense
// and know nothing of nodules.
package modelstest

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"

	"nafas/models/manifest"
)

// Name and Version are those of a detector that is not named otherwise.
const (
	Name    = "test-dense-spots"
	Version = "1.0.0"
)

// Fault is what is wrong with a detector.
type Fault string

// The faults. Each leaves the hashes of the manifest right but for FaultHash.
const (
	// FaultSelfTest: the network computes something else than the self-test says.
	FaultSelfTest Fault = "self-test"
	// FaultHash: the ONNX file is not the one of the manifest.
	FaultHash Fault = "hash"
	// FaultExternal: a weight lies in another file.
	FaultExternal Fault = "external data"
	// FaultDomain: an operator is none of the standard's.
	FaultDomain Fault = "custom operator"
	// FaultManifest: a field of the manifest is missing.
	FaultManifest Fault = "manifest"
)

// Options of a detector. Zero values mean the defaults.
type Options struct {
	// Name and Version. Default Name and Version.
	Name, Version string
	// AboveHU is the mean of 15x15x15 mm from which on a place scores above 0.5.
	// Default -200. Detectors with other values find other things.
	AboveHU float64
	// Fault is what is wrong with it; empty for nothing.
	Fault Fault
}

// Write writes a detector into a folder, which is made where it is missing. The
// same options give the same bytes.
func Write(dir string, o Options) error {
	o.Name, o.Version, o.AboveHU = cmp.Or(o.Name, Name), cmp.Or(o.Version, Version), cmp.Or(o.AboveHU, -200)
	n := network{threshold: value(o.AboveHU)}
	image := testImage()
	heat, shape := n.run(image)
	file := n.onnx(o.Fault)
	if o.Fault == FaultSelfTest {
		heat[0]++
	}
	files := map[string][]byte{
		"model.onnx": file, "image.f32": floats(image.data), "heat.f32": floats(heat), "shape.f32": floats(shape),
		"card.md": []byte("# " + o.Name + "\n\nA detector for tests: it marks what is dense and knows nothing of nodules.\n"),
	}
	files[manifest.FileName] = manifestOf(o, files, image)
	if o.Fault == FaultHash {
		files["model.onnx"] = append(file[:len(file):len(file)], 0)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// window is what the manifest says of HU.
var window = manifest.Input{WindowHU: [2]float64{-1200, 600}, WindowTo: [2]float64{-1, 1}}

// value is what the network sees of HU.
func value(hu float64) float32 { return float32(window.Value(hu)) }

func floats(values []float32) []byte {
	out := make([]byte, 0, 4*len(values))
	for _, v := range values {
		out = binary.LittleEndian.AppendUint32(out, math.Float32bits(v))
	}
	return out
}

func manifestOf(o Options, files map[string][]byte, image grid) []byte {
	sum := func(name string) string { return fmt.Sprintf("%x", sha256.Sum256(files[name])) }
	size := fmt.Sprintf("%d, %d, %d", image.size[2], image.size[1], image.size[0])
	licence := "license: Apache-2.0\n"
	if o.Fault == FaultManifest {
		licence = ""
	}
	return fmt.Appendf(nil, manifestText, o.Name, o.Version, licence, sum("model.onnx"),
		size, sum("image.f32"), size, sum("heat.f32"), size, sum("shape.f32"))
}

const manifestText = `# Written by models/modelstest.
schema: 1
name: %s
version: %s
%sintended_use: Tests. It marks what is dense and knows nothing of nodules.
training_data:
  - name: none; the weights are set by hand
    license: Apache-2.0
    scans: 0
file:
  name: model.onnx
  sha256: %s
input:
  name: image
  axes: zyx
  orientation: LPS
  spacing_mm: [5, 5, 5]
  window_hu: [-1200, 600]
  window_to: [-1, 1]
  padding: -1
  multiple: [4, 4, 4]
  margin_mm: 10
  tile: [128, 128, 96]
  overlap: [8, 8, 8]
  halo: [4, 4, 4]
head:
  kind: heatmap
  min_score: 0.02
  heatmap:
    heat: heat
    shape: shape
    stride: [1, 1, 1]
    log_diameter: 0
    offset: [3, 2, 1]
merge:
  least_mm: 15
  radius: 1
  most: 100
operating_points:
  quarter: 0.9
  one: 0.7
  four: 0.3
self_test:
  tolerance: 0.0001
  input:
    name: image
    shape: [1, 1, %s]
    file:
      name: image.f32
      sha256: %s
  outputs:
    - name: heat
      shape: [1, 1, %s]
      file:
        name: heat.f32
        sha256: %s
    - name: shape
      shape: [1, 4, %s]
      file:
        name: shape.f32
        sha256: %s
`
