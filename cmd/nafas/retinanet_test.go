package main

import (
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/inference/volume"
	"nafas/internal/ortlib/ortlibtest"
)

// python runs a script of models/train with Debian's interpreter.
func python(t *testing.T, script string, args ...string) {
	t.Helper()
	const interpreter = "/usr/bin/python3"
	if err := exec.Command(interpreter, "-c", "import torch, numpy, scipy, yaml, pydicom").Run(); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("CI runs with the Debian packages python3-torch, -numpy, -scipy, -yaml and -pydicom")
		}
		t.Skip("the reference needs python3 with torch, numpy, scipy, yaml and pydicom")
	}
	out, err := exec.Command(interpreter, append([]string{"-B", filepath.Join("../../models/train", script)}, args...)...).CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// From DICOM files to boxes and to findings, by model.yaml alone, beside the
// reference that reads the same files with pydicom.
func TestRetinaNetByItsManifest(t *testing.T) {
	spacing := []string{"--spacing", "2.8125", "2.8125", "2.5"} // coarse, to be quick
	model, series, out := t.TempDir(), writeSmallChest(t), filepath.Join(t.TempDir(), "boxes.json")
	python(t, "retinanet.py", append(spacing, "--out", model, "--width", "8", "--share", "500")...)
	python(t, "retinanet_reference.py", append(spacing, "--net", model, "--dicom", series, "--out", out)...)
	text, err := os.ReadFile(out)
	require.NoError(t, err)
	var want struct {
		Size            [3]int
		Boxes, Doubtful []oneBox
	}
	require.NoError(t, json.Unmarshal(text, &want))

	code, printed, stderr := nafas(t, "model", "boxes", "--model", model, "--onnxruntime", ortlibtest.Path(t), series)
	require.Equal(t, exitDone, code, stderr)
	var got seriesBoxes
	require.NoError(t, json.Unmarshal([]byte(printed), &got))
	require.Equal(t, want.Size, got.Size)
	same := func(a oneBox) func(oneBox) bool {
		return func(b oneBox) bool { return math.Abs(a.Score-b.Score) < 1e-4 && near(a, b) }
	}
	for _, b := range want.Boxes {
		require.True(t, slices.ContainsFunc(got.Boxes, same(b)), "missing: %v", b)
	}
	all := slices.Concat(want.Boxes, want.Doubtful)
	for _, b := range got.Boxes {
		require.True(t, slices.ContainsFunc(all, same(b)), "only here: %v", b)
	}
	require.Greater(t, len(want.Boxes), 20)
	require.Less(t, len(got.Boxes), 200)

	results, _ := triageJSON(t, "--model", model, series)
	require.Len(t, results, 1)
	require.Equal(t, "retinanet-random-8", results[0].GetModel().GetName())
	require.NotEmpty(t, results[0].GetFindings())
	for _, f := range results[0].GetFindings() {
		p := f.GetCenterLpsMm()
		require.True(t, slices.ContainsFunc(all, func(b oneBox) bool {
			mean := (b.SidesMM[0] + b.SidesMM[1] + b.SidesMM[2]) / 3
			return volume.Vec3(b.CentreLPSMM).Sub(volume.Vec3{p.GetX(), p.GetY(), p.GetZ()}).Norm() < 0.03 &&
				math.Abs(b.Score-f.GetScore()) < 2e-4 && math.Abs(mean-f.GetMeanDiameterMm()) < 0.1
		}), "no box of the reference: %v", f)
		require.NotEmpty(t, f.GetSide(), "outside of the lungs: %v", f)
	}
}

// near reports whether the corners differ by less than 0.01 voxel.
func near(a, b oneBox) bool {
	for n := range a.Box {
		if math.Abs(a.Box[n]-b.Box[n]) >= 0.01 {
			return false
		}
	}
	return true
}

func TestModelBoxesWantsARetinaNet(t *testing.T) {
	code, _, stderr := nafas(t, "model", "boxes", "--onnxruntime", ortlibtest.Path(t), writeSmallChest(t))
	require.Equal(t, exitUsage, code)
	require.Contains(t, stderr, "makes boxes")
}
