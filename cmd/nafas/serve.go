package main

import (
	"context"

	"nafas/internal/triage"
	"nafas/internal/triage/priority"
	"nafas/internal/worker"
)

type serveCmd struct{ serviceFlags }

// Run serves until it is told to end. It never downloads anything.
func (c *serveCmd) Run(s *streams, ctx kongContext) error {
	log := s.logger()
	svc, err := startService(ctx, log, c.serviceFlags)
	if err != nil {
		return err
	}
	is := svc.models.Identity()
	log.Info("taking studies in", "grpc", svc.address(), "dicom", svc.dicomAddress(), "http", svc.httpAddress(), "data", c.Data,
		"model", is.Model.Name, "version", is.Model.Version,
		"runtime", is.Runtime.Version)
	waited := svc.wait(ctx)
	log.Info("stopping")
	if err := svc.stop(); err != nil {
		return err
	}
	return waited
}

// workerChildCmd is told by flags what the settings file says of categories and
// priorities.
type workerChildCmd struct {
	engineFlags
	Categories    siteFlags `embed:"" prefix:"categories-"`
	PriorityRules string    `help:"The rules of priorities, as the service writes them; the default ones where there are none."`
	Behind        bool      `help:"Let everything else on the machine go first."`
}

// Run is the worker process: it speaks its protocol on standard input and
// output, and reads studies.
func (c *workerChildCmd) Run(s *streams, ctx kongContext) error {
	if c.Behind {
		if err := worker.StandBehind(); err != nil {
			return err
		}
	}
	return worker.Main(ctx, func(ctx context.Context) (triage.StudyReader, worker.Identity, error) {
		flags := c.engineFlags
		var err error
		if flags.categories, err = c.Categories.options(); err != nil {
			return nil, worker.Identity{}, err
		}
		if c.PriorityRules != "" {
			if flags.rules, err = priority.ParseText(c.PriorityRules); err != nil {
				return nil, worker.Identity{}, err
			}
		}
		e, err := flags.open(ctx, s, false)
		if err != nil {
			return nil, worker.Identity{}, err
		}
		return e.reader, e.identity, nil
	})
}
