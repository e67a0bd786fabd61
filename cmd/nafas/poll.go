package main

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"nafas/internal/config"
	"nafas/internal/pacs"
)

// defaultPollDays looks at today's studies, and at yesterday's that were late.
const defaultPollDays = 2

// poll is a rule and the archive that it is for.
type poll struct {
	pacs.Rule
	// open begins a conversation with the archive, which sends into an intake.
	open func(pacs.Intake) func(context.Context) (pacs.Archive, error)
}

// polls are those of the settings file.
func (f serviceFlags) polls(file []config.Poll) ([]poll, error) {
	var out []poll
	for _, p := range file {
		open, err := f.fetching(p.Archive)
		if err != nil {
			return nil, usage("%s, poll %s: %w", f.Settings, p.Name, err)
		}
		rule := pacs.Rule{Name: p.Name, Every: time.Duration(p.Every), Days: p.Days, Region: regionOf(p.Region)}
		if rule.Days == 0 {
			rule.Days = defaultPollDays
		}
		out = append(out, poll{rule, open})
	}
	return out, nil
}

func regionOf(r config.Region) pacs.Region {
	out := pacs.Region{AnyRegion: r.AnyRegion}
	for _, w := range r.Words {
		out.Words = append(out.Words, strings.ToLower(w))
	}
	return out
}

// fetching is how an archive is reached, and what it sends taken.
func (f serviceFlags) fetching(p config.Archive) (func(pacs.Intake) func(context.Context) (pacs.Archive, error), error) {
	if p.Web != "" {
		client, err := webOf(p.Web, p.TokenFile, p.Security)
		return func(in pacs.Intake) func(context.Context) (pacs.Archive, error) { return pacs.ByWeb(client, in) }, err
	}
	if f.DICOM.Listen == "" {
		return nil, errors.New("it needs --dicom-listen, where the archive sends the studies")
	}
	remote, err := f.remote(p.DICOM, p.Security)
	return func(pacs.Intake) func(context.Context) (pacs.Archive, error) {
		return pacs.ByDICOM(remote, remote.CallingAE)
	}, err
}

func pollNames(rules []poll) []string {
	out := make([]string, len(rules))
	for i, r := range rules {
		out[i] = r.Name
	}
	return out
}

// pollers are those of a service that runs, and what seeks priors.
type pollers struct {
	cancel context.CancelFunc
	done   sync.WaitGroup
}

func (s *service) poll(rules []poll, earlier *priors, in pacs.Intake) {
	ctx, cancel := context.WithCancel(context.Background())
	s.pollers.cancel = cancel
	for _, r := range rules {
		p := pacs.NewPoller(r.Rule, r.open(in), s.store, time.Now, s.log)
		s.pollers.done.Go(func() { p.Run(ctx) })
	}
	if earlier != nil {
		p := pacs.NewSeeker(earlier.PriorRule, earlier.open(in), s.store, time.Now, s.log)
		s.pollers.done.Go(func() { p.Run(ctx) })
	}
}

// stop ends them; a transfer that an archive has begun goes on.
func (p *pollers) stop() {
	if p.cancel != nil {
		p.cancel()
		p.done.Wait()
	}
}
