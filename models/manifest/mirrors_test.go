package manifest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/models/manifest"
)

func TestLoadMirrors(t *testing.T) {
	const mirrors = "\nmirrors:\n  axes: [x, yz]\n  size: [32, 32, 48]\n  most: 40\n"
	files := example(t)
	files[manifest.FileName].Data = append(files[manifest.FileName].Data, mirrors...)
	m, err := manifest.Load(files)
	require.NoError(t, err)
	require.Equal(t, &manifest.Mirrors{Axes: []string{"x", "yz"}, Size: [3]int{32, 32, 48}, Most: 40}, m.Mirrors)

	for _, c := range []struct{ old, with, says string }{
		{"axes: [x, yz]", "axes: []", "mirrors.axes: is empty"},
		{"axes: [x, yz]", "axes: [x, x]", `"x" is not`},
		{"axes: [x, yz]", "axes: [yz, zy]", `"zy" is not`},
		{"axes: [x, yz]", "axes: [xx]", `"xx" is not`},
		{"axes: [x, yz]", "axes: [t]", `"t" is not`},
		{"axes: [x, yz]", "axes: ['']", `"" is not`},
		{"size: [32, 32, 48]", "size: [32, 32, 40]", "mirrors.size"},
		{"size: [32, 32, 48]", "size: [32, 0, 48]", "mirrors.size"},
		{"size: [32, 32, 48]", "size: [32, 32, 144]", "mirrors.size"},
		{"most: 40", "most: 0", "mirrors.most"},
	} {
		files := example(t)
		files[manifest.FileName].Data = append(files[manifest.FileName].Data, mirrors...)
		edit(files, c.old, c.with)
		_, err := manifest.Load(files)
		require.ErrorIs(t, err, manifest.ErrInvalid, c.with)
		require.ErrorContains(t, err, c.says, c.with)
	}
	// A multiple of what the network takes, but of an odd number of cells: its
	// middle would lie within one.
	files = example(t)
	files[manifest.FileName].Data = append(files[manifest.FileName].Data, mirrors...)
	edit(files, "multiple: [16, 16, 16]", "multiple: [2, 2, 2]")
	edit(files, "size: [32, 32, 48]", "size: [18, 18, 18]")
	_, err = manifest.Load(files)
	require.ErrorContains(t, err, "mirrors.size")

	files = folder(t, "testdata/retinanet")
	files[manifest.FileName].Data = append(files[manifest.FileName].Data, mirrors...)
	_, err = manifest.Load(files)
	require.ErrorContains(t, err, "has no heatmap to look at")
}
