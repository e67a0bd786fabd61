package source_test

import (
	"context"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/refusal"
	"nafas/dicomio/source"
)

func openRoot(t *testing.T, dir string) *os.Root {
	t.Helper()
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	t.Cleanup(func() { root.Close() })
	return root
}

func tree(t *testing.T, dir, after string, held int) (out []source.Entry) {
	t.Helper()
	err := source.TreeHolding(t.Context(), openRoot(t, dir), after, held, func(e source.Entry) error {
		out = append(out, e)
		return nil
	})
	require.NoError(t, err)
	return out
}

func paths(entries []source.Entry) (out []string) {
	for _, e := range entries {
		out = append(out, e.Path)
	}
	return out
}

// wild makes a tree of files with names that sort oddly.
func wild(t *testing.T) string {
	dir := t.TempDir()
	for _, name := range []string{"a/1", "a/2/x", "a/2-x", "a/2", "a-b", "a b", "a.dcm", "A", "b/\xff", "b/é", "b/!", "z/y/x/w", "z/y/v", "\x01"} {
		if name == "a/2" {
			continue // a folder
		}
		write(t, dir, name, []byte(name))
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 60 {
		var parts []string
		for range 1 + rng.IntN(4) {
			parts = append(parts, string("ab-.0~"[rng.IntN(6)])+string("ab-.0~"[rng.IntN(6)]))
		}
		file := filepath.Join(append([]string{dir, "r"}, parts...)...)
		if os.MkdirAll(filepath.Dir(file), 0o700) == nil {
			_ = os.WriteFile(file, nil, 0o600) // nothing where a folder is called so
		}
	}
	return dir
}

// The walk hands on what another walk finds, in its order, however few names it
// holds; and from each place on it hands on the rest.
func TestTreeIsTheSameFromEveryPlace(t *testing.T) {
	dir := wild(t)
	var want []string
	require.NoError(t, filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		require.NoError(t, err)
		if !d.IsDir() {
			rel, err := filepath.Rel(dir, p)
			require.NoError(t, err)
			want = append(want, filepath.ToSlash(rel))
		}
		return nil
	}))
	require.Greater(t, len(want), 50)
	require.True(t, slices.IsSortedFunc(want, source.ComparePaths), "the order of filepath.WalkDir is the same")
	for _, held := range []int{1, 2, 3, 1000} {
		all := tree(t, dir, "", held)
		require.Equal(t, want, paths(all), "%d names held", held)
		for i, e := range all {
			require.Equal(t, e.Path, e.At)
			require.Equal(t, append([]string(nil), want[i+1:]...), append([]string(nil), paths(tree(t, dir, e.At, held))...), "behind %q", e.At)
		}
	}
}

func TestComparePathsIsAnOrder(t *testing.T) {
	sorted := []string{"", "A", "a", "a/", "a/b", "a/b/c", "a/b-c", "a b", "a-b", "aa", "b", "b/\xff\xff"}
	for i, a := range sorted {
		for j, b := range sorted {
			require.Equal(t, i < j, source.ComparePaths(a, b) < 0, "%q %q", a, b)
			require.Equal(t, i == j, source.ComparePaths(a, b) == 0, "%q %q", a, b)
		}
	}
}

// Links are handed on as what they are; nothing behind them is.
func TestTreeFollowsNoLink(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	write(t, outside, "secret", nil)
	write(t, dir, "a/file", nil)
	require.NoError(t, os.Symlink(outside, filepath.Join(dir, "out")))
	require.NoError(t, os.Symlink("a", filepath.Join(dir, "within")))
	require.NoError(t, syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600))
	all := tree(t, dir, "", 10)
	require.Equal(t, []string{"a/file", "out", "pipe", "within"}, paths(all))
	require.True(t, all[0].Info.Mode().IsRegular())
	require.Equal(t, fs.ModeSymlink, all[1].Info.Mode().Type())
	require.Equal(t, fs.ModeNamedPipe, all[2].Info.Mode().Type())
	require.Equal(t, fs.ModeSymlink, all[3].Info.Mode().Type())
}

// asNobody gives dir to another user and is that user for the rest of the test,
// where the user of the tests may do everything.
func asNobody(t *testing.T, dir string) {
	t.Helper()
	if os.Geteuid() != 0 {
		return
	}
	const nobody = 65534
	require.NoError(t, filepath.WalkDir(dir, func(p string, _ fs.DirEntry, err error) error {
		require.NoError(t, err)
		return os.Lchown(p, nobody, nobody)
	}))
	require.NoError(t, os.Chmod(filepath.Dir(dir), 0o755)) // of the tests' own
	require.NoError(t, syscall.Seteuid(nobody))
	t.Cleanup(func() { require.NoError(t, syscall.Seteuid(0)) })
}

// A folder that cannot be read comes as such, behind what could be read of it.
func TestTreeSaysWhatCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "a/1", nil)
	write(t, dir, "closed/2", nil)
	write(t, dir, "listed/3", nil)
	write(t, dir, "z", nil)
	asNobody(t, dir)
	closed, listed := filepath.Join(dir, "closed"), filepath.Join(dir, "listed")
	require.NoError(t, os.Chmod(closed, 0))
	require.NoError(t, os.Chmod(listed, 0o400)) // names may be read, and nothing of the files
	t.Cleanup(func() { _ = os.Chmod(closed, 0o700); _ = os.Chmod(listed, 0o700) })
	all := tree(t, dir, "", 10)
	require.Equal(t, []string{"a/1", "closed", "listed/3", "z"}, paths(all))
	for _, i := range []int{1, 2} {
		require.ErrorIs(t, all[i].Err, fs.ErrPermission)
		require.NotContains(t, all[i].Err.Error(), "closed", "no path")
		require.Nil(t, all[i].Info)
	}
	for i, e := range all {
		require.Equal(t, append([]string(nil), paths(all)[i+1:]...), append([]string(nil), paths(tree(t, dir, e.At, 10))...))
	}
	require.Equal(t, []string{"closed", "listed/3", "z"}, paths(tree(t, dir, "closed/1", 10)), "it was readable when the walk was cut in it")
}

func TestTreeErrors(t *testing.T) {
	dir := t.TempDir()
	deep := strings.Repeat("d/", 300)
	write(t, dir, deep+"x", nil)
	write(t, dir, "z", nil)
	all := tree(t, dir, "", 10)
	require.Len(t, all, 2)
	require.Equal(t, refusal.TooLarge, refusal.Of(all[0].Err))
	require.Equal(t, []string{"z"}, paths(tree(t, dir, all[0].At, 10)))

	root := openRoot(t, dir)
	require.ErrorIs(t, source.Tree(t.Context(), root, "", func(source.Entry) error { return errStop }), errStop)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, source.Tree(ctx, root, "", func(source.Entry) error { return nil }), context.Canceled)
	require.NoError(t, root.Close())
	require.Error(t, source.Tree(t.Context(), root, "", func(source.Entry) error { return nil }))
}

var errStop = errors.New("stop")
