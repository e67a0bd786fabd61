package dicomweb_test

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"nafas/dicomio/dicomweb"
	"nafas/dicomio/part10"
)

type attribute struct {
	VR           string
	Value        []any
	InlineBinary string
	BulkDataURI  string
}

type dataset map[string]attribute

func python(t *testing.T, args ...string) []byte {
	t.Helper()
	for _, name := range []string{"python3", "/usr/bin/python3"} {
		if exec.Command(name, "-c", "import pydicom").Run() == nil {
			cmd := exec.Command(name, append([]string{"testdata/model.py"}, args...)...)
			cmd.Stderr = os.Stderr
			out, err := cmd.Output()
			require.NoError(t, err)
			return out
		}
	}
	require.NotEqual(t, "true", os.Getenv("CI"), "CI must have python3-pydicom")
	t.Skip("no pydicom (Debian: python3-pydicom)")
	return nil
}

func metadata(t *testing.T, f *part10.File) dataset {
	t.Helper()
	body, err := json.Marshal(dicomweb.Metadata(f, "http://x/bulk"))
	require.NoError(t, err)
	var out dataset
	require.NoError(t, json.Unmarshal(body, &out))
	return out
}

// pydicom sees in every file what the metadata say.
func TestMetadataIsWhatPydicomSees(t *testing.T) {
	dir := t.TempDir()
	python(t, "odd", dir)
	files, err := filepath.Glob(filepath.Join(dir, "*.dcm"))
	require.NoError(t, err)
	require.Len(t, files, 3)
	files = append(files, strings.Fields(string(python(t, "files")))...)
	if root := os.Getenv("NAFAS_TEST_DATA"); root != "" {
		for _, pattern := range []string{"dicom/*.dcm", "ct/*/0050.dcm"} {
			some, err := filepath.Glob(filepath.Join(root, pattern))
			require.NoError(t, err)
			require.NotEmpty(t, some)
			files = append(files, some...)
		}
	} else {
		require.NotEqual(t, "true", os.Getenv("CI"), "NAFAS_TEST_DATA is not set")
	}
	var seen []dataset
	require.NoError(t, json.Unmarshal(python(t, append([]string{"json"}, files...)...), &seen))
	compared := 0
	for i, path := range files {
		name := filepath.Base(filepath.Dir(path)) + "/" + filepath.Base(path)
		if seen[i] == nil {
			continue // pydicom fails on it
		}
		f, err := part10.ReadFile(path, part10.DefaultLimits())
		if err != nil {
			continue // the guard refuses it
		}
		compare(t, name, f, seen[i], metadata(t, f), "")
		compared++
	}
	t.Logf("%d files", compared)
	require.Greater(t, compared, 60)
}

func compare(t *testing.T, name string, f *part10.File, want, got dataset, path string) {
	t.Helper()
	for key, w := range want {
		g, ok := got[key]
		switch {
		case strings.HasSuffix(key, "0000") || key[:4] == "0002":
			require.False(t, ok, "%s %s%s", name, path, key)
			continue
		case key == "00080005":
			require.Equal(t, []any{"ISO_IR 192"}, g.Value)
			continue
		case key == "7FE00010":
			require.True(t, ok || path != "")
			if path == "" {
				require.Equal(t, "http://x/bulk/7FE00010", g.BulkDataURI)
			}
			continue
		}
		require.True(t, ok, "%s %s%s is missing", name, path, key)
		where := name + " " + path + key
		if f.TransferSyntax == part10.ExplicitBE {
			w.InlineBinary = turned(t, w)
		}
		private := strings.ContainsRune("13579BDF", rune(key[3]))
		switch {
		case private && g.VR == "UN" && w.VR != "UN":
			continue // pydicom knows what vendors mean by it
		case w.VR == "SQ":
			require.Len(t, g.Value, len(w.Value), where)
			for i := range w.Value {
				compare(t, name, f, asDataset(t, w.Value[i]), asDataset(t, g.Value[i]), path+key+"/"+string(rune('1'+i))+"/")
			}
		case g.BulkDataURI != "":
			v, ok := dicomweb.Bulk(f, strings.TrimPrefix(g.BulkDataURI, "http://x/bulk/"))
			require.True(t, ok, where)
			require.Equal(t, w.InlineBinary, base64.StdEncoding.EncodeToString(v), where)
		case w.InlineBinary != "" || g.InlineBinary != "":
			require.Equal(t, w.InlineBinary, g.InlineBinary, where)
		default:
			assert.Equal(t, normal(w), normal(g), where)
		}
		assert.Equal(t, w.VR, g.VR, where)
	}
	for key := range got {
		_, ok := want[key]
		require.True(t, ok, "%s %s%s is not in the file", name, path, key)
	}
}

// turned is a binary value in little endian, as the model has it (PS3.18 F.2.7);
// pydicom leaves it as it is in the file.
func turned(t *testing.T, a attribute) string {
	t.Helper()
	unit := map[string]int{"OW": 2, "OF": 4, "OL": 4, "OD": 8}[a.VR]
	v, err := base64.StdEncoding.DecodeString(a.InlineBinary)
	require.NoError(t, err)
	for i := 0; unit > 0 && i+unit <= len(v); i += unit {
		slices.Reverse(v[i : i+unit])
	}
	return base64.StdEncoding.EncodeToString(v)
}

func asDataset(t *testing.T, v any) dataset {
	t.Helper()
	body, err := json.Marshal(v)
	require.NoError(t, err)
	var out dataset
	require.NoError(t, json.Unmarshal(body, &out))
	return out
}

// normal leaves out what the model leaves open: of single precision the digits
// beyond it, and whether nothing is said by nothing or by null.
func normal(a attribute) []any {
	out := slices.Clone(a.Value)
	for i, v := range out {
		switch v := v.(type) {
		case float64:
			if a.VR == "FL" || a.VR == "OF" {
				out[i] = float64(float32(v))
			}
			if math.Abs(v) > 1<<53 {
				out[i] = "large"
			}
		case map[string]any:
			for group, name := range v {
				v[group] = strings.TrimSpace(name.(string))
			}
			if len(v) == 0 {
				out[i] = nil
			}
		case string:
			// pydicom leaves the padding of values that are not the last.
			if out[i] = strings.TrimSpace(v); out[i] == "" {
				out[i] = nil
			}
		}
	}
	if !slices.ContainsFunc(out, func(v any) bool { return v != nil }) {
		return nil
	}
	return out
}
