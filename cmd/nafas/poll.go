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
		open, err := f.polled(p)
		if err != nil {
			return nil, usage("%s, poll %s: %w", f.Settings, p.Name, err)
		}
		rule := pacs.Rule{Name: p.Name, Every: time.Duration(p.Every), Days: p.Days, AnyRegion: p.AnyRegion}
		if rule.Days == 0 {
			rule.Days = defaultPollDays
		}
		for _, w := range p.Words {
			rule.Words = append(rule.Words, strings.ToLower(w))
		}
		out = append(out, poll{rule, open})
	}
	return out, nil
}

func (f serviceFlags) polled(p config.Poll) (func(pacs.Intake) func(context.Context) (pacs.Archive, error), error) {
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

// pollers are those of a service that runs.
type pollers struct {
	cancel context.CancelFunc
	done   sync.WaitGroup
}

func (s *service) poll(rules []poll, in pacs.Intake) {
	ctx, cancel := context.WithCancel(context.Background())
	s.pollers.cancel = cancel
	for _, r := range rules {
		p := pacs.NewPoller(r.Rule, r.open(in), s.store, time.Now, s.log)
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
