// Package models holds the detectors that Nafas ships, and opens those that
// others have written a manifest for.
package models

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"nafas/models/manifest"
)

// FS holds one folder per shipped model. To ship another, name it here.
//
//go:embed nafas-lung-1
var FS embed.FS

// Default is the name of the model that is used where none is named.
const Default = "nafas-lung-1"

// ErrNotFound: there is no model of that name, nor a folder.
var ErrNotFound = errors.New("no such model")

// Names lists the shipped models.
func Names() []string {
	found, err := fs.Glob(FS, "*/"+manifest.FileName)
	if err != nil {
		return nil // the pattern is a constant and good
	}
	for i, f := range found {
		found[i] = strings.TrimSuffix(f, "/"+manifest.FileName)
	}
	slices.Sort(found)
	return found
}

// Open returns a shipped model by its name, or the model in a folder by its
// path; "" is Default. Every file is checked against the manifest. The errors
// are ErrNotFound and those of manifest.Load.
func Open(nameOrPath string) (*manifest.Model, error) {
	if nameOrPath == "" {
		nameOrPath = Default
	}
	if slices.Contains(Names(), nameOrPath) {
		dir, err := fs.Sub(FS, nameOrPath)
		if err != nil {
			return nil, err
		}
		return manifest.Load(dir)
	}
	if _, err := os.Stat(filepath.Join(nameOrPath, manifest.FileName)); err != nil {
		return nil, fmt.Errorf("%w: %q is neither shipped (%s) nor a folder with a %s", ErrNotFound,
			nameOrPath, shipped(), manifest.FileName)
	}
	m, err := manifest.Load(os.DirFS(nameOrPath))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", nameOrPath, err)
	}
	return m, nil
}

func shipped() string {
	if names := Names(); len(names) > 0 {
		return strings.Join(names, ", ")
	}
	return "none is"
}
