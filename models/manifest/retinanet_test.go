package manifest_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/models/manifest"
)

func TestLoadTheRetinaNet(t *testing.T) {
	m, err := manifest.Load(os.DirFS("testdata/retinanet"))
	require.NoError(t, err)
	require.True(t, m.Input.Whole())
	require.Equal(t, manifest.Windows{WholeBelow: 512 * 512 * 192, Weights: manifest.WeightsConstant}, *m.Input.Windows)
	r := m.Head.RetinaNet
	require.Len(t, r.Levels, 3)
	require.Equal(t, [][3]float64{{12, 16, 8}, {16, 12, 10}, {20, 20, 12}}, r.Levels[1].Anchors)
	require.Equal(t, [3]int{16, 16, 8}, r.Levels[2].Stride)
	require.Equal(t, manifest.KeepLungs, m.Head.Keep)
}

func TestWhatIsNotInAManifestMeansWhatItDidBefore(t *testing.T) {
	m, err := manifest.Load(os.DirFS("testdata/example"))
	require.NoError(t, err)
	require.False(t, m.Input.Whole())
	require.Nil(t, m.Input.Windows)
	require.Empty(t, m.Head.Keep)
	files := example(t)
	edit(files, "halo: [8, 8, 8]", "halo: [8, 8, 8]\n  extent: lungs")
	edit(files, "min_score: 0.02", "min_score: 0.02\n  keep: lungs")
	_, err = manifest.Load(files)
	require.NoError(t, err, "the defaults have names")
}

func TestLoadRefusesRetinaNets(t *testing.T) {
	for _, c := range []struct{ old, with, says string }{
		{"extent: volume", "extent: heart", "input.extent"},
		{"weights: constant", "weights: linear", "input.windows.weights"},
		{"whole_below: 50331648", "whole_below: -1", "input.windows.whole_below"},
		{"halo: [0, 0, 0]", "halo: [16, 0, 0]", "input.halo"},
		{"overlap: [128, 128, 48]", "overlap: [100, 128, 48]", "axis x: overlap"},
		{"keep: lungs", "keep: heart", "head.keep"},
		{"kind: retinanet", "kind: heatmap", "head.heatmap: is missing"},
		{"  retinanet:\n", "  heatmap: {heat: a, shape: b, stride: [1, 1, 1], log_diameter: 0, offset: [1, 2, 3]}\n  retinanet:\n", "not the only one"},
		{"scores: output_1", "scores: output_0", "two outputs have one name"},
		{"scores: output_1", "scores: ''", "levels[1]: scores"},
		{"stride: [8, 8, 4]", "stride: [8, 8, 3]", "levels[1].stride"},
		{"anchors: [[6, 8, 4], [8, 6, 5], [10, 10, 6]]", "anchors: []", "levels[0].anchors"},
		{"[8, 6, 5]", "[8, 6, 1]", "levels[0].anchors"},
		{"[8, 6, 5]", "[8, 6, .nan]", "levels[0].anchors"},
		{"weights: [1, 1, 1, 1, 1, 1]", "weights: [1, 1, 1, 1, 1, 0]", "head.retinanet.weights"},
		{"clamp: 4.135166556742356", "clamp: 0", "head.retinanet.clamp"},
		{"top: 1000", "top: 0", "head.retinanet.top"},
		{"nms_iou: 0.22", "nms_iou: 0", "head.retinanet.nms_iou"},
		{"    most: 300", "    most: 0", "head.retinanet.most"},
		{"min_side: 1", "min_side: -1", "head.retinanet.min_side"},
		{"diameter: mean", "diameter: median", "head.retinanet.diameter"},
		{"four: 0.3", "four: 0.01", "operating_points"},
	} {
		files := folder(t, "testdata/retinanet")
		edit(files, c.old, c.with)
		_, err := manifest.Load(files)
		require.ErrorIs(t, err, manifest.ErrInvalid, c.with)
		require.ErrorContains(t, err, c.says, c.with)
	}
}
