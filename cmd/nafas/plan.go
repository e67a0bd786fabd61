package main

import (
	"nafas/internal/config"
	"nafas/internal/rpc"
)

// plan is what flags and settings file ask for, understood before anything is opened.
type plan struct {
	security rpc.Options
	settings config.File
	to       *destinations
	polls    []poll
	earlier  *priors
}

// plan reads the settings file. What of it decides results goes into the flags, since
// the worker process is started with them.
func (f *serviceFlags) plan() (plan, error) {
	if err := f.limits(); err != nil {
		return plan{}, err
	}
	var p plan
	var err error
	if p.security, err = f.security(); err != nil {
		return plan{}, err
	}
	settings, err := f.settings()
	if err != nil {
		return plan{}, err
	}
	p.settings = settings
	if f.categories, err = siteFlags(settings.Categories).options(); err != nil {
		return plan{}, err
	}
	f.rules = settings.Rules()
	if p.to, err = f.destinations(settings.Deliver); err != nil {
		return plan{}, err
	}
	if p.polls, err = f.polls(settings.Poll); err != nil {
		return plan{}, err
	}
	p.earlier, err = f.priors(settings.Priors)
	return p, err
}
