package main

import (
	"context"
	"strings"
	"sync"
	"time"

	"nafas/dicomio/dimse"
	"nafas/internal/config"
	"nafas/internal/pacs"
)

// defaultPollDays looks at today's studies, and at yesterday's that were late.
const defaultPollDays = 2

// poll is a rule and the archive that it is for.
type poll struct {
	pacs.Rule
	at dimse.Remote
}

// polls are those of the settings file.
func (f serviceFlags) polls(file []config.Poll) ([]poll, error) {
	var out []poll
	for _, p := range file {
		if f.DICOM.Listen == "" {
			return nil, usage("%s, poll %s: it needs --dicom-listen, where the archive sends the studies", f.Settings, p.Name)
		}
		remote, err := f.remote(p.DICOM, p.Security)
		if err != nil {
			return nil, usage("%s, poll %s: %w", f.Settings, p.Name, err)
		}
		rule := pacs.Rule{
			Name: p.Name, MoveTo: remote.CallingAE, Every: time.Duration(p.Every), Days: p.Days, AnyRegion: p.AnyRegion,
		}
		if rule.Days == 0 {
			rule.Days = defaultPollDays
		}
		for _, w := range p.Words {
			rule.Words = append(rule.Words, strings.ToLower(w))
		}
		out = append(out, poll{rule, remote})
	}
	return out, nil
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

func (s *service) poll(rules []poll) {
	ctx, cancel := context.WithCancel(context.Background())
	s.pollers.cancel = cancel
	for _, r := range rules {
		p := pacs.NewPoller(r.Rule, pacs.Archived(r.at), s.store, time.Now, s.log)
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
