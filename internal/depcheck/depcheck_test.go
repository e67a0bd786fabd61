package depcheck_test

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/internal/depcheck"
)

const root = "../.."

// The whole tree is walked first, though `go list` reads it again: only what
// the test process itself opens makes `go test` forget a cached pass.
func TestTheHouseStands(t *testing.T) {
	require.NoError(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && d.Name() == ".git" {
			return fs.SkipDir
		}
		return err
	}))
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	packages, err := depcheck.Load(ctx, root, "nafas")
	require.NoError(t, err)
	require.NotEmpty(t, packages)
	broken := depcheck.House.Check(packages)
	require.Empty(t, broken, "import rules, see docs/architecture.md:\n%s", strings.Join(broken, "\n"))
}

func TestTopLevelIsFixed(t *testing.T) {
	entries, err := os.ReadDir(root)
	require.NoError(t, err)
	ignored := rootIgnores(t)
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") || slices.ContainsFunc(ignored, func(p string) bool {
			ok, err := filepath.Match(p, e.Name())
			require.NoError(t, err)
			return ok
		}) {
			continue
		}
		require.Contains(t, depcheck.TopLevel, e.Name(), "the top level is fixed: docs/architecture.md")
	}
}

// rootIgnores are the patterns of .gitignore that speak of the root: what a
// build leaves there is no part of the project.
func rootIgnores(t *testing.T) []string {
	text, err := os.ReadFile(filepath.Join(root, ".gitignore"))
	require.NoError(t, err)
	var patterns []string
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "#") {
			patterns = append(patterns, strings.Trim(line, "/"))
		}
	}
	return patterns
}

// Every room's and guard's reason is printed when it breaks, so none may be
// empty; a name that no room has would allow nothing, silently.
func TestRulesAreWellFormed(t *testing.T) {
	known := map[string]bool{"...": true}
	for _, r := range depcheck.House.Rooms {
		require.False(t, known[r.Path], "%s twice", r.Path)
		known[r.Path] = true
	}
	for _, r := range depcheck.House.Rooms {
		require.NotEmpty(t, r.Why, r.Path)
		for _, m := range r.May {
			require.True(t, known[m], "%s may import %s, which is no room", r.Path, m)
		}
	}
	for _, g := range depcheck.House.Guards {
		require.NotEmpty(t, g.Why, g.Import)
		for _, o := range g.Only { // rooms, a whole floor, or one package of a room
			require.True(t, known[o] || o == "dicomio/..." || o == "dicomio/pixel/openjpeg", "%s is kept in %s, which is no room", g.Import, o)
		}
	}
	require.Empty(t, cycles(depcheck.House), "a rule that allows a cycle points both ways")
}

// cycles finds rooms that may reach themselves through others.
func cycles(rules depcheck.Rules) []string {
	next := map[string][]string{}
	for _, r := range rules.Rooms {
		next[r.Path] = r.May
	}
	var found []string
	for start := range next {
		seen, stack := map[string]bool{}, slices.Clone(next[start])
		for len(stack) > 0 {
			at := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			if at == start {
				found = append(found, start)
				break
			}
			if !seen[at] {
				seen[at] = true
				stack = append(stack, next[at]...)
			}
		}
	}
	return found
}

// The checker must be able to fail: each row breaks one rule of the real
// house, or keeps it.
func TestCheckOnMadeUpGraphs(t *testing.T) {
	pkg := func(path string, imports ...string) depcheck.Package {
		return depcheck.Package{Path: path, Imports: imports, Deps: imports}
	}
	for _, tc := range []struct {
		name   string
		pkg    depcheck.Package
		broken string // part of the one expected line; empty: none
	}{
		{"leaf alone", pkg("inference/volume", "math"), ""},
		{"leaf looks up", pkg("inference/volume", "inference/lung"), "inference/volume imports inference/lung"},
		{"downwards", pkg("inference/detect", "inference/volume", "models/manifest"), ""},
		{"inference knows no DICOM", pkg("inference", "dicomio"), "inference imports dicomio"},
		{"not even the reasons", pkg("inference/lung", "dicomio/refusal"), "inference/lung imports dicomio/refusal"},
		{"DICOM only as far as the grid", pkg("dicomio", "inference/volume", "dicomio/pixel/rle"), ""},
		{"DICOM knows no findings", pkg("dicomio", "inference/finding"), "dicomio imports inference/finding"},
		{"reports may", pkg("dicomio/report", "inference/finding"), ""},
		{"application knows no adapter", pkg("internal/triage", "internal/store"), "internal/triage imports internal/store"},
		{"rooms of one house", pkg("internal/triage/objects", "internal/triage"), ""},
		{"adapters are strangers", pkg("internal/rpc", "internal/store"), "internal/rpc imports internal/store"},
		{"adapters share three leaves", pkg("internal/rpc", "internal/access", "internal/config", "internal/i18n", "internal/triage"), ""},
		{"the command wires", pkg("cmd/nafas", "internal/rpc", "internal/store", "inference/onnx"), ""},
		{"nobody imports the command", pkg("internal/jobs", "cmd/nafas"), "internal/jobs imports cmd/nafas"},
		{"engine outside its room", pkg("inference/detect", "github.com/yalue/onnxruntime_go"), "inference/detect imports github.com/yalue/onnxruntime_go"},
		{"engine in its room", pkg("inference/onnx", "github.com/yalue/onnxruntime_go"), ""},
		{"parser without the guard", pkg("internal/pacs", "github.com/suyashkumar/dicom/pkg/uid"), "internal/pacs imports github.com/suyashkumar/dicom/pkg/uid"},
		{"the names of tags inside dicomio", pkg("dicomio/source", "github.com/suyashkumar/dicom/pkg/tag"), ""},
		{"but nothing else of it", pkg("dicomio/source", "github.com/suyashkumar/dicom"), "dicomio/source imports github.com/suyashkumar/dicom"},
		{"same beginning, other module", pkg("internal/pacs", "github.com/suyashkumar/dicomlike"), ""},
		{"test library in the program", pkg("inference/froc", "testing"), "inference/froc imports testing"},
		{"what tests share is as free as they are", pkg("internal/store/storetest", "testing", "internal/rpc"), ""},
		{"and for tests only", pkg("internal/store", "internal/store/storetest"), "internal/store imports internal/store/storetest"},
		{"native code at large", pkg("dicomio/pixel/jpegls", "C"), "dicomio/pixel/jpegls imports C"},
		{"unknown package", pkg("inference/util"), "inference/util has no room"},
		{
			"reached through others",
			depcheck.Package{Path: "inference/froc", Imports: []string{"example.org/plot"}, Deps: []string{"example.org/plot", "net/http"}},
			"inference/froc reaches net/http",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			broken := depcheck.House.Check([]depcheck.Package{tc.pkg})
			if tc.broken == "" {
				require.Empty(t, broken)
				return
			}
			require.Len(t, broken, 1, "%v", broken)
			require.Contains(t, broken[0], tc.broken)
		})
	}
}
