// Package depcheck holds the project's imports to the house of
// docs/architecture.md: rooms that know only what lies below them. Check is a
// plain function on a list of packages, so that its own test can show that it
// fails where it should.
package depcheck

import (
	"bytes"
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
// hold it. Import matches the package and all below it; of several guards that
// match, the narrowest holds.
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
		if support(p.Path) {
			continue
		}
		for _, imported := range p.Imports {
			if support(imported) {
				broken = append(broken, fmt.Sprintf("%s imports %s: what tests share has no place in the program", p.Path, imported))
			}
			if to, own := r.room(imported); own && !may(room, to) {
				broken = append(broken, fmt.Sprintf("%s imports %s: %s", p.Path, imported, room.Why))
			}
			if g, ok := r.guard(imported); ok && !slices.ContainsFunc(g.Only, func(o string) bool { return matches(o, p.Path) }) {
				broken = append(broken, fmt.Sprintf("%s imports %s: %s", p.Path, imported, g.Why))
			}
		}
		broken = append(broken, r.sealed(p)...)
	}
	slices.Sort(broken)
	return slices.Compact(broken)
}

// support says whether a package is made for tests (contract suites, sample
// makers): its name ends in "test", as httptest's does, it is as free as a test
// file, and only tests may import it.
func support(path string) bool { return strings.HasSuffix(path, "test") }

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

// room finds the room of a package.
func (r Rules) room(path string) (Room, bool) {
	return narrowest(r.Rooms, func(room Room) (string, bool) { return room.Path, matches(room.Path, path) })
}

// guard finds the guard over an import.
func (r Rules) guard(imported string) (Guard, bool) {
	return narrowest(r.Guards, func(g Guard) (string, bool) { return g.Import, within(imported, g.Import) })
}

// narrowest returns the rule that fits with the longest name.
func narrowest[R any](rules []R, fits func(R) (name string, ok bool)) (best R, found bool) {
	longest := -1
	for _, rule := range rules {
		if name, ok := fits(rule); ok && len(name) > longest {
			best, longest = rule, len(name)
		}
	}
	return best, longest >= 0
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
// left out: a test may look at its subject through any room. What does not
// compile is listed too (-e): that is for the compiler to say.
func Load(ctx context.Context, dir, module string) ([]Package, error) {
	cmd := exec.CommandContext(ctx, "go", "list", "-e", "-json=ImportPath,Imports,Deps", "./...")
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
