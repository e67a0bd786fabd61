package manifest_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"nafas/models/manifest"
)

// secondStage is added to the example's manifest; its files are the example's.
const secondStage = `
second:
  file:
    name: model.onnx
    sha256: 0b95b4e27aeec01d617651eae7c61d4c0cdba51e8f2b5b0401c0bf99db0664fd
  input: crop
  size: [32, 32, 32]
  most: 48
  batch: 16
  output: out
  logit: 0
  first_weight: 0.4
  second_weight: 0.6
  bias: 0.1
  self_test:
    tolerance: 0.001
    input:
      name: crop
      shape: [1, 1, 16, 16, 16]
      file:
        name: selftest_image.f32
        sha256: e2c6347ddd475e7dcaaf0189fb3993e497dffddb8ed3307aba51706e39527097
    outputs:
      - name: out
        shape: [512, 4]
        file:
          name: selftest_shape.f32
          sha256: c24e8fc2153717b8289171b5c69ddf2f14f5a0d3dbc5a8882a1f0c6decabb5ea
`

func twoStages(t *testing.T) fstest.MapFS {
	files := example(t)
	files[manifest.FileName].Data = append(files[manifest.FileName].Data, secondStage...)
	return files
}

func TestLoadASecondNetwork(t *testing.T) {
	one, err := manifest.Load(example(t))
	require.NoError(t, err)
	require.Nil(t, one.Second)

	m, err := manifest.Load(twoStages(t))
	require.NoError(t, err)
	require.Equal(t, [3]int{32, 32, 32}, m.Second.Size)
	require.NotEqual(t, one.SHA256(), m.SHA256())
	network, err := m.SecondONNX()
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(string(network), "not a network"))
}

func TestLoadRefusesASecondNetwork(t *testing.T) {
	for _, c := range []struct{ old, with, says string }{
		{"  input: crop", "  input: ''", "second: input"},
		{"  output: out", "  output: ''", "second: input"},
		{"  size: [32, 32, 32]", "  size: [32, 4, 32]", "second.size"},
		{"  size: [32, 32, 32]", "  size: [32, 512, 32]", "second.size"},
		{"  most: 48", "  most: 0", "second: most"},
		{"  batch: 16", "  batch: 49", "batch 49"},
		{"  size: [32, 32, 32]\n  most: 48\n  batch: 16", "  size: [128, 128, 128]\n  most: 48\n  batch: 40", "a smaller batch"},
		{"  logit: 0", "  logit: -1", "second.logit"},
		{"  logit: 0", "  logit: 64", "second.logit"},
		{"  first_weight: 0.4", "  first_weight: -0.4", "first_weight"},
		{"  second_weight: 0.6", "  second_weight: .nan", "second_weight"},
		{"  bias: 0.1", "  bias: 40", "bias 40"},
		{"      - name: out", "      - name: other", "\"out\" with a shape of crops and at least 1 channels is missing"},
		{"  logit: 0", "  logit: 4", "at least 5 channels"},
		{"      name: crop", "      name: image", "self_test.input.name"},
	} {
		files := twoStages(t)
		edit(files, c.old, c.with)
		_, err := manifest.Load(files)
		require.ErrorIs(t, err, manifest.ErrInvalid, c.with)
		require.ErrorContains(t, err, c.says, c.with)
	}
	files := twoStages(t)
	text := string(files[manifest.FileName].Data)
	at := strings.LastIndex(text, "second:")
	text = text[:at] + strings.Replace(text[at:], "0b95b4e2", "1b95b4e2", 1)
	files[manifest.FileName] = &fstest.MapFile{Data: []byte(text)}
	_, err := manifest.Load(files)
	require.ErrorIs(t, err, manifest.ErrHash)
}
