// Package depcheck holds the project's imports to the house of
// docs/architecture.md: rooms that know only what lies below them. Check is a
// plain function on a list of packages, so that its own test can show that it
// fails where it should.
package depcheck

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
)

// Package is one package of the module. Paths of the module itself are
// relative to it ("inference/lung"), all others are import paths.
type Package struct {
	Path    string
	Imports []string
	// Deps is everything that the package reaches, Imports included.
	Deps []string
}

// Room is a place in the house and what it may know of the others.
type Room struct {
	// Path is one package, or with "/..." a package and all below it.
	Path string
	// May lists the rooms that it may import, as their Path says; "..."
	// stands for every room.
	May []string
	Why string
}

// Guard keeps an import of somebody else's code in the rooms that exist to
// hold it. Import matches the package and all below it.
type Guard struct {
	Import string
	Only   []string
	Why    string
}

// Seal keeps whatever lies below Under from reaching any of Never, even
// through others.
type Seal struct {
	Under string
	Never []string
	Why   string
}

// Rules is all that is held.
type Rules struct {
	Rooms  []Room
	Guards []Guard
	Seals  []Seal
}

// Check returns one line per broken rule, sorted.
func (r Rules) Check(packages []Package) []string {
	var broken []string
	for _, p := range packages {
		room, ok := r.room(p.Path)
		if !ok {
			broken = append(broken, fmt.Sprintf("%s has no room: give it a line in internal/depcheck/house.go and docs/architecture.md", p.Path))
			continue
		}
		for _, imported := range p.Imports {
			if to, own := r.room(imported); own && !may(room, to) {
				broken = append(broken, fmt.Sprintf("%s imports %s: %s", p.Path, imported, room.Why))
			}
			for _, g := range r.Guards {
				if within(imported, g.Import) && !slices.ContainsFunc(g.Only, func(o string) bool { return matches(o, p.Path) }) {
					broken = append(broken, fmt.Sprintf("%s imports %s: %s", p.Path, imported, g.Why))
				}
			}
		}
		broken = append(broken, r.sealed(p)...)
	}
	slices.Sort(broken)
	return slices.Compact(broken)
}

func (r Rules) sealed(p Package) []string {
	var broken []string
	for _, s := range r.Seals {
		if !within(p.Path, s.Under) {
			continue
		}
		for _, never := range s.Never {
			if slices.ContainsFunc(p.Deps, func(d string) bool { return within(d, never) }) {
				broken = append(broken, fmt.Sprintf("%s reaches %s: %s", p.Path, never, s.Why))
			}
		}
	}
	return broken
}

// room finds the narrowest room of a package.
func (r Rules) room(path string) (Room, bool) {
	var fits []Room
	for _, room := range r.Rooms {
		if matches(room.Path, path) {
			fits = append(fits, room)
		}
	}
	if len(fits) == 0 {
		return Room{}, false
	}
	return slices.MaxFunc(fits, func(a, b Room) int { return cmp.Compare(len(a.Path), len(b.Path)) }), true
}

func may(from, to Room) bool {
	return from.Path == to.Path || slices.Contains(from.May, "...") || slices.Contains(from.May, to.Path)
}

// matches says whether a room's path holds a package.
func matches(pattern, path string) bool {
	if tree, ok := strings.CutSuffix(pattern, "/..."); ok {
		return within(path, tree)
	}
	return pattern == path
}

func within(path, tree string) bool { return path == tree || strings.HasPrefix(path, tree+"/") }

// Load asks `go list` in dir for the packages of its module. Test files are
// left out: a test may look at its subject through any room.
func Load(ctx context.Context, dir, module string) ([]Package, error) {
	cmd := exec.CommandContext(ctx, "go", "list", "-json=ImportPath,Imports,Deps", "./...")
	cmd.Dir = dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w: %s", err, bytes.TrimSpace(stderr.Bytes()))
	}
	var packages []Package
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var listed struct {
			ImportPath    string
			Imports, Deps []string
		}
		err := dec.Decode(&listed)
		if errors.Is(err, io.EOF) {
			return packages, nil
		}
		if err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		packages = append(packages, Package{
			Path:    relative(listed.ImportPath, module),
			Imports: relatives(listed.Imports, module),
			Deps:    relatives(listed.Deps, module),
		})
	}
}

func relative(path, module string) string { return strings.TrimPrefix(path, module+"/") }

func relatives(paths []string, module string) []string {
	out := make([]string, len(paths))
	for i, p := range paths {
		out[i] = relative(p, module)
	}
	return out
}
