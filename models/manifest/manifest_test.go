package manifest_test

import (
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"nafas/models/manifest"
)

// example is testdata/example in memory, so that a test can change it.
func example(t *testing.T) fstest.MapFS {
	t.Helper()
	return folder(t, "testdata/example")
}

func folder(t *testing.T, path string) fstest.MapFS {
	t.Helper()
	dir := os.DirFS(path)
	files := fstest.MapFS{}
	names, err := fs.Glob(dir, "*")
	require.NoError(t, err)
	for _, name := range names {
		data, err := fs.ReadFile(dir, name)
		require.NoError(t, err)
		files[name] = &fstest.MapFile{Data: data}
	}
	return files
}

func TestLoadTheExample(t *testing.T) {
	m, err := manifest.Load(example(t))
	require.NoError(t, err)
	require.Equal(t, "example-heatmap", m.Name)
	require.Equal(t, manifest.StandardInput(), m.Input)
	require.Equal(t, [3]int{3, 2, 1}, m.Head.Heatmap.Offset)
	require.Equal(t, manifest.Points{Quarter: 0.9, One: 0.7, Four: 0.3}, m.Points)
	require.Equal(t, "CC BY 3.0", m.TrainingData[0].License)
	require.Len(t, m.SHA256(), 64)

	onnx, err := m.ONNX()
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(string(onnx), "not a network"))
	values, err := m.Values(m.SelfTest.Input)
	require.NoError(t, err)
	require.Equal(t, []float32{-1, -0.75, -0.5, -0.25, 0, 0.25, 0.5, 0.75}, values[:8])
	values, err = m.Values(m.SelfTest.Outputs[1])
	require.NoError(t, err)
	require.Equal(t, []float32{2, 0.1, -0.1, 0}, []float32{values[0], values[512], values[1024], values[1536]})
}

func TestSHA256ChangesWithTheManifestAndWithTheNetwork(t *testing.T) {
	sum := func(change func(fstest.MapFS)) string {
		files := example(t)
		change(files)
		m, err := manifest.Load(files)
		require.NoError(t, err)
		return m.SHA256()
	}
	first := sum(func(fstest.MapFS) {})
	require.Equal(t, first, sum(func(fstest.MapFS) {}))
	require.NotEqual(t, first, sum(func(f fstest.MapFS) { edit(f, "one: 0.7", "one: 0.71") }))
}

func edit(files fstest.MapFS, old, with string) {
	text := string(files[manifest.FileName].Data)
	if !strings.Contains(text, old) {
		panic("the example does not hold " + old)
	}
	files[manifest.FileName] = &fstest.MapFile{Data: []byte(strings.Replace(text, old, with, 1))}
}

func TestLoadRefuses(t *testing.T) {
	for _, c := range []struct{ old, with, says string }{
		{"schema: 1", "schema: 2", "schema: 2 is not 1"},
		{"schema: 1", "schema: 1\nthird: {}", "unknown field"},
		{"schema: 1", "schema: [", "invalid"},
		{"schema: 1", "x: &x [1]\ny: *x\nschema: 1", "anchors"},
		{"schema: 1", "schema: " + strings.Repeat("[", 200_000), "deep"},
		{"schema: 1", "schema:\n  " + strings.Repeat("- ", 100_000), "deep"},
		{"name: example-heatmap", "name: ../up", "name"},
		{"version: 0.1.0", "version: new", "version"},
		{"license: Apache-2.0", "license: ' '", "license: is empty"},
		{"  Tests of the manifest. It has never seen a scan.", "  ", "intended_use"},
		{"    license: CC BY 3.0", "    license: ''", "training_data[0]"},
		{"    metric: sensitivity", "    metric: ''\n    #", "results[0]"},
		{"  name: model.onnx", "  name: ../model.onnx", "not a file of the model's folder"},
		{"  name: model.onnx", "  name: /etc/passwd", "not a file of the model's folder"},
		{"axes: zyx ", "axes: zxy ", "input.axes"},
		{"orientation: LPS", "orientation: LSP", "input.orientation"},
		{"orientation: LPS", "orientation: LP", "three letters"},
		{"spacing_mm: [1.25, 1.25, 1.25]", "spacing_mm: [1.25, 0, 1.25]", "axis y: spacing_mm"},
		{"spacing_mm: [1.25, 1.25, 1.25]", "spacing_mm: [1.25, 1.25]", "input.spacing_mm: has 2 values, not 3"},
		{"spacing_mm: [1.25, 1.25, 1.25]", "spacing_mm: [1.25, 1.25, .nan]", "axis z: spacing_mm"},
		{"spacing_mm: [1.25, 1.25, 1.25]", "spacing_mm: [1.25, 1.25, 1.25, 1.25]", "input.spacing_mm: has 4 values, not 3"},
		{"spacing_mm: [1.25, 1.25, 1.25]", "spacing_mm: 1.25", "input.spacing_mm: is not a list"},
		{"window_hu: [-1200, 600]", "window_hu: [-1200]", "input.window_hu: has 1 values, not 2"},
		{"multiple: [16, 16, 16]", "multiple: [16, 16, 16.7]", "input.multiple[2]: 16.7 is not a whole number"},
		{"padding: -1 ", "padding: black ", "input.padding: black is not a number"},
		{"padding: -1 ", "padding: ~ ", "input.padding: is missing"},
		{"scans: 3", "scans: [3]", "training_data[0].scans: [3] is not a whole number"},
		{"schema: 1", "---\nschema: 1\n---\nschema: 1", "more than one document"},
		{"name: heat\n      shape: [1, 1, 8, 8, 8]", "name: heat\n      shape: [1, 2, 8, 8, 8]", "make it [1 1 8 8 8]"},
		{"name: shape\n", "name: other\n", "\"shape\", which the head reads, is missing"},
		{"shape: [1, 1, 16, 16, 16]", "shape: [1, 1, 16, 16, 17]", "no multiples"},
		{"window_hu: [-1200, 600]", "window_hu: [600, -1200]", "window"},
		{"window_to: [-1, 1]", "window_to: [1, 1]", "window"},
		{"padding: -1 ", "padding: .inf ", "padding"},
		{"multiple: [16, 16, 16]", "multiple: [0, 16, 16]", "axis x: multiple"},
		{"tile: [320, 256, 112]", "tile: [320, 250, 112]", "axis y: tile"},
		{"overlap: [32, 32, 32]", "overlap: [32, 32, 8]", "axis z: overlap"},
		{"overlap: [32, 32, 32]", "overlap: [32, 32, 64]", "axis z: overlap"},
		{"margin_mm: 10", "margin_mm: -1", "margin_mm"},
		{"kind: heatmap", "kind: oracle", "head.kind"},
		{"min_score: 0.02", "min_score: 0", "min_score"},
		{"shape: shape ", "shape: heat ", "not two names"},
		{"stride: [2, 2, 2]", "stride: [3, 2, 2]", "stride"},
		{"offset: [3, 2, 1]", "offset: [3, 2, 0]", "share a channel"},
		{"offset: [3, 2, 1]", "offset: [3, 2, -1]", "channel -1"},
		{"least_mm: 5", "least_mm: -5", "merge.least_mm"},
		{"most: 100", "most: 0", "merge.most"},
		{"one: 0.7", "one: 0.95", "operating_points"},
		{"four: 0.3", "four: 0.01", "operating_points"},
		{"tolerance: 0.001", "tolerance: 0", "tolerance"},
		{"shape: [1, 1, 16, 16, 16]", "shape: [1, 1, 4096, 4096, 2]", "self_test: shape"},
		{"    name: image\n    shape", "    name: other\n    shape", "self_test.input.name"},
	} {
		files := example(t)
		edit(files, c.old, c.with)
		_, err := manifest.Load(files)
		require.ErrorIs(t, err, manifest.ErrInvalid, c.with)
		require.ErrorContains(t, err, c.says, c.with)
	}
}

// Every field that docs/models.md does not call optional must be there: the
// parser would take what is missing for 0.
func TestEveryFieldIsNeeded(t *testing.T) {
	optional := map[string]bool{"citation": true, "note": true, "results": true, "keep": true, "extent": true, "windows": true}
	for _, path := range []string{"testdata/example", "testdata/retinanet"} {
		lines := strings.Split(string(folder(t, path)[manifest.FileName].Data), "\n")
		for i, line := range lines {
			name, _, isField := strings.Cut(strings.TrimLeft(line, " -"), ":")
			if !isField || strings.HasPrefix(name, "#") || strings.HasSuffix(name, " ") {
				continue
			}
			without := append(slices.Clone(lines[:i]), "# "+line)
			rest := lines[i+1:]
			for depth(line) < depth(first(rest)) { // a block goes with its name
				rest = rest[1:]
			}
			files := folder(t, path)
			files[manifest.FileName] = &fstest.MapFile{Data: []byte(strings.Join(append(without, rest...), "\n"))}
			_, err := manifest.Load(files)
			if optional[name] {
				require.NoError(t, err, line)
			} else {
				require.ErrorIs(t, err, manifest.ErrInvalid, "%s:%d without %s", path, i+1, line)
			}
		}
	}
}

func first(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	return lines[0]
}

// depth counts a list's mark as part of the indentation.
func depth(line string) int { return len(line) - len(strings.TrimLeft(line, " -")) }

func FuzzLoad(f *testing.F) {
	for _, path := range []string{"testdata/example/model.yaml", "testdata/retinanet/model.yaml"} {
		text, err := os.ReadFile(path)
		require.NoError(f, err)
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		_, err := manifest.Load(fstest.MapFS{manifest.FileName: {Data: text}})
		require.Error(t, err, "there is no other file")
	})
}

func TestLoadRefusesAPipe(t *testing.T) {
	files := example(t)
	files["model.onnx"] = &fstest.MapFile{Mode: fs.ModeNamedPipe}
	_, err := manifest.Load(files)
	require.ErrorIs(t, err, manifest.ErrInvalid)
	require.ErrorContains(t, err, "not a regular file")
}

func TestLoadRefusesOtherFiles(t *testing.T) {
	for _, name := range []string{"model.onnx", "selftest_image.f32", "selftest_shape.f32"} {
		files := example(t)
		files[name] = &fstest.MapFile{Data: append([]byte{0}, files[name].Data...)}
		_, err := manifest.Load(files)
		require.ErrorIs(t, err, manifest.ErrHash, name)
		delete(files, name)
		_, err = manifest.Load(files)
		require.ErrorIs(t, err, fs.ErrNotExist, name)
	}
	_, err := manifest.Load(fstest.MapFS{})
	require.ErrorIs(t, err, fs.ErrNotExist)
}

func TestONNXIsCheckedWhenItIsRead(t *testing.T) {
	files := example(t)
	m, err := manifest.Load(files)
	require.NoError(t, err)
	files["model.onnx"].Data[0] ^= 1
	_, err = m.ONNX()
	require.ErrorIs(t, err, manifest.ErrHash)
}

func TestValueMapsTheWindow(t *testing.T) {
	in := manifest.StandardInput()
	for hu, want := range map[float64]float64{-3000: -1, -1200: -1, -300: 0, 150: 0.5, 600: 1, 3000: 1} {
		require.InDelta(t, want, in.Value(hu), 1e-9)
	}
}
