package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"nafas/inference/guideline"
	"nafas/inference/prior"
	"nafas/internal/rescore"
	"nafas/internal/triage"
	"nafas/internal/triage/priority"
	"nafas/models"
	"nafas/models/manifest"
)

// shelf is where models are looked for: those that are shipped, and folders of
// models or folders with such folders.
type shelf struct {
	folders []string
	// data is a service's data folder: the models that are installed there are found
	// too, and "" is its live one. "" for none.
	data string

	mu sync.Mutex
	// found holds what Resolve and Find have found, by SHA-256.
	found map[string]shelved
	// missed is when find last looked in vain. To look is to hash every model there
	// is, and it is asked each second, or for each study.
	missed map[sought]time.Time
}

// missFor is how long a model that was not there is not looked for again.
const missFor = time.Minute

// sought is what find looks for: a model by its SHA-256, and where it may be.
type sought struct{ hash, from string }

// shelved is a model and the argument that opens it.
type shelved struct {
	model *manifest.Model
	arg   string
}

func newShelf(folders []string) *shelf { return &shelf{folders: folders, found: map[string]shelved{}} }

var _ rescore.Models = (*shelf)(nil)

// Resolve implements rescore.Models.
func (s *shelf) Resolve(name string, settings rescore.Settings) (triage.Model, triage.Recipe, string, error) {
	name, err := s.named(name)
	if err != nil {
		return triage.Model{}, triage.Recipe{}, "", err
	}
	model, err := models.Open(name)
	if err != nil {
		return triage.Model{}, triage.Recipe{}, "", err
	}
	if info, statErr := os.Stat(name); statErr == nil && info.IsDir() {
		if name, err = filepath.Abs(name); err != nil {
			return triage.Model{}, triage.Recipe{}, "", err
		}
	}
	recipe, err := recipeOf(model, settings)
	if err != nil {
		return triage.Model{}, triage.Recipe{}, "", err
	}
	s.keep(shelved{model, name})
	return named(model), recipe, name, nil
}

// named is what opens the model of a name: the folder of one that is installed in a
// service, of which "" is the live one; else the name itself.
func (s *shelf) named(name string) (string, error) {
	if s.data == "" {
		return name, nil
	}
	if name == "" {
		_, folder, err := recordedModel(context.Background(), s.data)
		return folder, err
	}
	if slices.Contains(models.Names(), name) {
		return name, nil
	}
	if _, err := os.Stat(name); err == nil {
		return name, nil
	}
	var found, called []string
	for _, place := range s.places("")[1:] {
		m, err := models.Open(place)
		if err == nil && (m.Name == name || m.Name+":"+m.Version == name) {
			found, called = append(found, place), append(called, m.Name+":"+m.Version)
		}
	}
	switch len(found) {
	case 0:
		return name, nil
	case 1:
		return found[0], nil
	}
	return "", fmt.Errorf("%q is the name of %d models: %s", name, len(found), strings.Join(called, ", "))
}

func named(m *manifest.Model) triage.Model {
	return triage.Model{Name: m.Name, Version: m.Version, SHA256: m.SHA256()}
}

func (s *shelf) keep(one shelved) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.found[one.model.SHA256()] = one
}

// known is what is remembered of a model: where it is, or that it was looked for in
// vain within the last minute.
func (s *shelf) known(what sought) (one shelved, found, missed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one, found = s.found[what.hash]
	at, looked := s.missed[what]
	return one, found, looked && time.Since(at) < missFor
}

func (s *shelf) miss(what sought) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.missed == nil {
		s.missed = map[sought]time.Time{}
	}
	maps.DeleteFunc(s.missed, func(_ sought, at time.Time) bool { return time.Since(at) >= missFor })
	s.missed[what] = time.Now()
}

// find finds the very model of a rescoring, wherever it is on this machine. One that
// is put there after it was looked for is found a minute later.
func (s *shelf) find(r rescore.Rescoring) (shelved, error) {
	what := sought{r.Model.SHA256, r.ModelFrom}
	one, found, missed := s.known(what)
	switch {
	case found:
		return one, nil
	case missed:
		return shelved{}, notHere(r)
	}
	for _, place := range s.places(r.ModelFrom) {
		model, err := models.Open(place)
		if err != nil || model.SHA256() != r.Model.SHA256 {
			continue
		}
		one := shelved{model, place}
		s.keep(one)
		return one, nil
	}
	s.miss(what)
	return shelved{}, notHere(r)
}

func notHere(r rescore.Rescoring) error {
	return fmt.Errorf("model %s %s (SHA-256 %.12s...) is not on this machine: say with --models where it is", r.Model.Name, r.Model.Version, r.Model.SHA256)
}

// places are what models.Open may be asked for, the likely ones first.
func (s *shelf) places(from string) []string {
	out := append([]string{from}, models.Names()...)
	folders := s.folders
	if s.data != "" {
		folders = append(slices.Clone(folders), filepath.Join(s.data, "models"))
	}
	for _, folder := range folders {
		out = append(out, folder)
		entries, err := os.ReadDir(folder)
		if err != nil {
			continue
		}
		for _, e := range entries {
			if path := filepath.Join(folder, e.Name()); e.IsDir() {
				out = append(out, path)
			}
		}
	}
	return slices.Compact(out)
}

// check refuses folders that are not there.
func (s *shelf) check() error {
	for _, folder := range s.folders {
		if _, err := os.Stat(folder); errors.Is(err, fs.ErrNotExist) {
			return usage("--models: there is no folder %s", folder)
		}
	}
	return nil
}

// recipeOf is what a worker process of this program reads with.
func recipeOf(model *manifest.Model, settings rescore.Settings) (triage.Recipe, error) {
	o, err := readerOptions(model, settings)
	if err != nil {
		return triage.Recipe{}, err
	}
	return triage.NewReader(nil, named(model), triage.Runtime{}, o).Recipe(), nil
}

func readerOptions(model *manifest.Model, settings rescore.Settings) (triage.ReaderOptions, error) {
	rules, err := rulesOf(settings)
	if err != nil {
		return triage.ReaderOptions{}, err
	}
	names, err := guidelineNames(settings.Guidelines)
	if err != nil {
		return triage.ReaderOptions{}, err
	}
	categories := triage.CategoryOptions{Guidelines: names, Patient: guideline.Patient{Screening: guideline.Answer(settings.Screening)}}
	return triage.ReaderOptions{Categories: categories, Ranking: triage.Ranking{Rules: rules, Points: model.Points}, Compare: prior.Compare}, nil
}

func rulesOf(settings rescore.Settings) (priority.Rules, error) {
	if settings.Rules == "" {
		return nil, nil
	}
	return priority.ParseText(settings.Rules)
}
