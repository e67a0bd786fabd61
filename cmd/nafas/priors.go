package main

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"nafas/internal/config"
	"nafas/internal/pacs"
)

// The pace and the bounds of looking for priors where the settings say nothing.
const (
	seekEvery         = 5 * time.Second
	defaultPriorYears = 5
	defaultMostPriors = 1
)

// priors is the rule for earlier studies, and the archive that has them.
type priors struct {
	pacs.PriorRule
	open func(pacs.Intake) func(context.Context) (pacs.Archive, error)
}

// priors are those of the settings file; nil where it has none.
func (f serviceFlags) priors(file *config.Priors) (*priors, error) {
	if file == nil {
		return nil, nil
	}
	open, err := f.fetching(file.Archive)
	if err != nil {
		return nil, usage("%s, priors: %w", f.Settings, err)
	}
	return &priors{pacs.PriorRule{
		Every: seekEvery, Years: cmp.Or(file.Years, defaultPriorYears), Most: cmp.Or(file.Most, defaultMostPriors), Region: regionOf(file.Region),
	}, open}, nil
}

// words say what is fetched.
func (p *priors) words() string {
	if p == nil {
		return ""
	}
	return fmt.Sprintf("at most %d for a study, of the %d years before it", p.Most, p.Years)
}
