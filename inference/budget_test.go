package inference_test

import (
	"context"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"

	"nafas/inference/detect"
	"nafas/inference/volume"
	"nafas/models"
	"nafas/models/manifest"
)

// The budget of the shipped model, over the reference box, tile halo and
// second look included.
const (
	mostFLOP       = 300e9
	mostParameters = 4_000_000
	mostBytes      = 20 << 20
)

// voxelCounter answers with noise, so that there are more candidates than are
// seen again, and counts the voxels that it is given.
type voxelCounter struct {
	model  *manifest.Model
	noise  *rand.Rand
	voxels int
}

func (c *voxelCounter) Close() error { return nil }

func (c *voxelCounter) Run(_ context.Context, in map[string]detect.Tensor) (map[string]detect.Tensor, error) {
	s := in[c.model.Input.Name].Shape
	size := [3]int{int(s[4]), int(s[3]), int(s[2])} // zyx
	c.voxels += size[0] * size[1] * size[2]
	out := map[string]detect.Tensor{}
	for _, o := range c.model.Head.Outputs() {
		n := [3]int{size[0] / o.Stride[0], size[1] / o.Stride[1], size[2] / o.Stride[2]}
		t := detect.Tensor{Shape: c.model.Input.Shape(o.Channels, n), Data: make([]float32, o.Channels*n[0]*n[1]*n[2])}
		for i := range t.Data {
			t.Data[i] = c.noise.Float32()
		}
		out[o.Name] = t
	}
	return out, nil
}

func TestTheShippedModelKeepsItsBudget(t *testing.T) {
	m, err := models.Open("")
	require.NoError(t, err)
	require.Nil(t, m.Second, "a second network's cost is not counted here")
	text, err := os.ReadFile("../models/" + m.Name + "/training.yaml")
	require.NoError(t, err)
	var cost struct {
		Parameters   int     `yaml:"parameters"`
		FLOPPerVoxel float64 `yaml:"flop_per_voxel"`
	}
	require.NoError(t, yaml.Unmarshal(text, &cost))
	onnx, err := m.ONNX()
	require.NoError(t, err)
	require.Less(t, len(onnx), mostBytes)
	require.Greater(t, len(onnx), 4*cost.Parameters, "float32 parameters, so the number is of this network")
	require.Less(t, cost.Parameters, mostParameters)

	counter := &voxelCounter{model: m, noise: rand.New(rand.NewPCG(1, 2))}
	d, err := detect.New(m, detect.Networks{First: counter})
	require.NoError(t, err)
	g := volume.Grid{Size: referenceBox, SpacingMM: m.Input.SpacingMM, Axes: [3]volume.Vec3{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}}
	p := &detect.Prepared{Grid: g, HU: make([]int16, g.Len()), ROI: make([]uint8, g.Len())}
	for o := range p.ROI {
		p.HU[o], p.ROI[o] = int16(o%7), 1
	}
	_, err = d.Detect(t.Context(), p, nil)
	require.NoError(t, err)
	flop := float64(counter.voxels) * cost.FLOPPerVoxel
	t.Logf("%d parameters, %d bytes, %.1f million voxels, %.0f GFLOP", cost.Parameters, len(onnx), float64(counter.voxels)/1e6, flop/1e9)
	require.Less(t, flop, mostFLOP)
}
