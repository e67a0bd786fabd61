package detect_test

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"flag"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/inference/detect"
	"nafas/inference/onnx"
	"nafas/inference/phantom"
	"nafas/inference/volume"
	"nafas/internal/ortlib/ortlibtest"
	"nafas/models"
	"nafas/models/manifest"
)

var width = flag.Int("width", 8, "width of the network that is compared with the reference; the published one has 64")

// trainDir holds the scripts that make the network and the reference.
const trainDir = "../../models/train"

// python runs a script of trainDir. It is Debian's interpreter, which
// python3-torch is for.
func python(t *testing.T, script string, args ...string) {
	t.Helper()
	const interpreter = "/usr/bin/python3"
	if err := exec.Command(interpreter, "-c", "import torch, numpy, scipy, yaml").Run(); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("CI runs with the Debian packages python3-torch, python3-numpy, python3-scipy and python3-yaml")
		}
		t.Skip("the reference needs python3 with torch, numpy, scipy and yaml")
	}
	out, err := exec.Command(interpreter, append([]string{"-B", filepath.Join(trainDir, script)}, args...)...).CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// referenceBox is a box of retinanet_reference.py.
type referenceBox struct {
	Box         [6]float64  `json:"box"`
	Score       float64     `json:"score"`
	Level       int         `json:"level"`
	CentreLPSMM volume.Vec3 `json:"centreLpsMm"`
	SidesMM     volume.Vec3 `json:"sidesMm"`
}

type reference struct {
	Size [3]int `json:"size"`
	// Boxes must be found; Doubtful ones hang on a tie within 1e-4 of a score
	// or an overlap, and may be.
	Boxes    []referenceBox `json:"boxes"`
	Doubtful []referenceBox `json:"doubtful"`
}

// writeVolume writes v as retinanet_reference.py reads it.
func writeVolume(t *testing.T, v *volume.Volume) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "volume.json")
	head, err := json.Marshal(map[string]any{"size": v.Size, "spacingMm": v.SpacingMM, "originLpsMm": v.OriginLPSMM, "axes": v.Axes})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, head, 0o644))
	hu := make([]byte, 2*len(v.HU))
	for i, x := range v.HU {
		binary.LittleEndian.PutUint16(hu[2*i:], uint16(x))
	}
	require.NoError(t, os.WriteFile(strings.TrimSuffix(path, ".json")+".i16", hu, 0o644))
	return path
}

// matches reports whether b is r: corners within 0.01 voxel, score within
// 1e-4.
func matches(b detect.Box, r referenceBox) bool {
	far := math.Abs(b.Score-r.Score) / 1e-4
	for n := range 3 {
		far = max(far, math.Abs(b.Min[n]-r.Box[n])/0.01, math.Abs(b.Max[n]-r.Box[3+n])/0.01)
	}
	return far < 1 && b.Level == r.Level
}

func requireSameBoxes(t *testing.T, want reference, p *detect.Prepared, got []detect.Box) {
	t.Helper()
	require.Equal(t, want.Size, p.Grid.Size)
	found := make([]bool, len(want.Boxes))
	for _, b := range got {
		i := slices.IndexFunc(want.Boxes, func(r referenceBox) bool { return matches(b, r) })
		if i < 0 {
			require.True(t, slices.ContainsFunc(want.Doubtful, func(r referenceBox) bool { return matches(b, r) }),
				"the reference does not have %v", b)
			continue
		}
		require.False(t, found[i], "twice: %v", b)
		found[i] = true
		centre, sides := b.World(p.Grid)
		require.InDeltaSlice(t, want.Boxes[i].CentreLPSMM[:], centre[:], 0.01)
		require.InDeltaSlice(t, want.Boxes[i].SidesMM[:], sides[:], 0.02)
	}
	for i, ok := range found {
		require.True(t, ok, "only the reference has %v", want.Boxes[i])
	}
	t.Logf("%d voxels: %d boxes are the reference's, and %d of %d that hang on ties", p.Grid.Size, len(want.Boxes),
		len(got)-len(want.Boxes), len(want.Doubtful))
	require.Greater(t, len(want.Boxes), 4*len(want.Doubtful), "too much hangs on ties")
}

// crop is a piece of a chest.
func crop(t *testing.T, size [3]int, spacingMM [3]float64, axes [3]volume.Vec3) *volume.Volume {
	t.Helper()
	p, err := phantom.Generate(context.Background(), phantom.Spec{Seed: 5, Columns: size[0], Rows: size[1], Slices: size[2],
		SpacingMM: spacingMM, Axes: axes, FieldShiftMM: volume.Vec3{60, 0, 0}})
	require.NoError(t, err)
	return p.Volume
}

// The whole way of a published detector, against the same way in Python: a
// network of its shape with random weights, of an eighth of its width.
func TestBoxesAreThoseOfTheReference(t *testing.T) {
	published := [3]float64{0.703125, 0.703125, 1.25}
	dir := t.TempDir()
	python(t, "retinanet.py", "--out", dir, "--width", strconv.Itoa(*width), "--share", "1000", "--tile", "64", "64", "32")
	for _, c := range []struct {
		name      string
		size      [3]int
		spacingMM [3]float64
		axes      [3]volume.Vec3
		whole     int // voxels below which the volume is read at once
		mode      string
	}{
		{"a crop of 128 voxels a side, at once", [3]int{128, 128, 128}, published, lps, 50331648, "constant"},
		{"another spacing, every axis turned", [3]int{120, 100, 40}, [3]float64{0.8, 0.9, 2.5}, [3]volume.Vec3{{-1, 0, 0}, {0, -1, 0}, {0, 0, -1}}, 50331648, "constant"},
		{"windows, the last shifted back", [3]int{110, 96, 40}, [3]float64{0.8, 0.9, 2.5}, lps, 1, "constant"},
		{"gaussian windows of a coronal volume", [3]int{110, 40, 96}, [3]float64{0.8, 2.5, 0.9}, [3]volume.Vec3{{1, 0, 0}, {0, 0, -1}, {0, 1, 0}}, 1, "gaussian"},
		{"shorter than a window along x and z", [3]int{41, 150, 15}, published, lps, 1, "constant"},
	} {
		t.Run(c.name, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "boxes.json")
			v := crop(t, c.size, c.spacingMM, c.axes)
			python(t, "retinanet_reference.py", "--net", dir, "--raw", writeVolume(t, v), "--out", out,
				"--roi", "64", "64", "32", "--whole-below", strconv.Itoa(c.whole), "--mode", c.mode)
			var want reference
			text, err := os.ReadFile(out)
			require.NoError(t, err)
			require.NoError(t, json.Unmarshal(text, &want))

			p, got := exportedBoxes(t, dir, manifest.Windows{WholeBelow: c.whole, Weights: c.mode}, v)
			requireSameBoxes(t, want, p, got)
			require.Less(t, len(got), 200)
			require.Greater(t, len(got), 10)
		})
	}
}

// exportedBoxes runs the exported network by its manifest.
func exportedBoxes(t *testing.T, dir string, w manifest.Windows, v *volume.Volume) (*detect.Prepared, []detect.Box) {
	t.Helper()
	ctx := context.Background()
	m, err := models.Open(dir)
	require.NoError(t, err)
	m.Input.Windows = &w
	network, err := m.ONNX()
	require.NoError(t, err)
	rt, err := onnx.Open(ortlibtest.Path(t))
	require.NoError(t, err)
	s, err := rt.NewSession(network, onnx.Options{Threads: 2})
	require.NoError(t, err)
	defer s.Close()
	_, err = detect.Verify(ctx, m, detect.Networks{First: s})
	require.NoError(t, err)
	d := detector(t, m, s)
	p, err := detect.PrepareVolume(ctx, v, m.Input)
	require.NoError(t, err)
	maps, err := d.Infer(ctx, p, nil)
	require.NoError(t, err)
	found, err := d.Boxes(p, maps)
	require.NoError(t, err)
	return p, found
}
