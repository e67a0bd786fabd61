package sources

import (
	"path/filepath"
	"strings"
)

// ownBelow are those of some folders that lie below dir, relative to it, with
// slashes. Links are followed: the data folder is one folder whatever it is called.
func ownBelow(dir string, folders []string) []string {
	var out []string
	for _, folder := range folders {
		if below, err := filepath.Rel(realPath(dir), realPath(folder)); err == nil && filepath.IsLocal(below) && below != "." {
			out = append(out, filepath.ToSlash(below))
		}
	}
	return out
}

// realPath is where a path leads, itself where that is not known.
func realPath(path string) string {
	if to, err := filepath.EvalSymlinks(path); err == nil {
		path = to
	}
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	return path
}

// isOwn says whether a path of the archive is the program's own, or lies in it.
func (o *opened) isOwn(path string) bool {
	for _, own := range o.own {
		if rest, ok := strings.CutPrefix(path, own); ok && (rest == "" || rest[0] == '/') {
			return true
		}
	}
	return false
}
