package models

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/goccy/go-yaml"
)

// MeasuredFile is beside the manifest of a shipped model.
const MeasuredFile = "measured.yaml"

// Measured is what was measured of a model, and what it was not made or tested for.
type Measured struct {
	Figures []Figure `yaml:"figures"`
	Limits  []Limit  `yaml:"limits"`
}

// Figure is Hit found of Of nodules.
type Figure struct {
	// Set is real, simulated or phantoms.
	Set string `yaml:"set"`
	// Point is the operating point: one or four.
	Point string `yaml:"point"`
	// What says which nodules: all, a size or a kind.
	What string `yaml:"what"`
	Hit  int    `yaml:"hit"`
	Of   int    `yaml:"of"`
}

// Limit is a sentence of the model card with a word for it.
type Limit struct {
	Code string `yaml:"code"`
	Text string `yaml:"text"`
}

// MeasuredOf is what was measured of a shipped model; false where nothing is known
// of a model of that name. Whether a model that is in use is the shipped one only
// its hash tells.
func MeasuredOf(name string) (Measured, bool, error) {
	if !slices.Contains(Names(), name) {
		return Measured{}, false, nil
	}
	data, err := fs.ReadFile(FS, name+"/"+MeasuredFile)
	if errors.Is(err, fs.ErrNotExist) {
		return Measured{}, false, nil
	}
	if err != nil {
		return Measured{}, false, err
	}
	var m Measured
	if err := yaml.UnmarshalWithOptions(data, &m, yaml.Strict()); err != nil {
		return Measured{}, false, fmt.Errorf("%s/%s: %w", name, MeasuredFile, err)
	}
	for _, f := range m.Figures {
		if f.Hit < 0 || f.Of < 1 || f.Hit > f.Of {
			return Measured{}, false, fmt.Errorf("%s/%s: %d of %d", name, MeasuredFile, f.Hit, f.Of)
		}
	}
	return m, true, nil
}
