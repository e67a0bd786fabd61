package main

import (
	"context"
	"fmt"
	"os/exec"

	"nafas/internal/rescore"
	"nafas/internal/triage"
	"nafas/internal/worker"
)

// pastReaders read past studies in worker processes, each on one core and behind
// whatever else the machine has to do.
type pastReaders struct {
	shelf       *shelf
	pool        *worker.Pool
	onnxruntime string
}

var _ rescore.Readers = (*pastReaders)(nil)

// Can implements rescore.Readers.
func (p *pastReaders) Can(r rescore.Rescoring) error {
	one, err := p.shelf.find(r)
	if err != nil {
		return err
	}
	recipe, err := recipeOf(one.model, r.Settings)
	if err != nil {
		return err
	}
	if recipe != r.Recipe {
		return fmt.Errorf("this version of nafas reads otherwise than the one that began rescoring %d: let workers of that version end it, or start another one", r.ID)
	}
	return nil
}

// Read implements rescore.Readers.
func (p *pastReaders) Read(ctx context.Context, r rescore.Rescoring, job triage.ReadingJob, ready func(context.Context) error) (triage.StudyReading, error) {
	one, err := p.shelf.find(r)
	if err != nil {
		return triage.StudyReading{}, fmt.Errorf("%w: %w", triage.ErrNoWorker, err)
	}
	return p.pool.Read(ctx, r.Recipe, func() (*exec.Cmd, error) { return p.command(one, r.Settings) }, job, ready)
}

// command starts this binary again as a worker process for one core.
func (p *pastReaders) command(one shelved, settings rescore.Settings) (*exec.Cmd, error) {
	o, err := readerOptions(one.model, settings)
	if err != nil {
		return nil, err
	}
	f := engineFlags{Model: one.arg, Onnxruntime: p.onnxruntime, Threads: 1, categories: o.Categories, rules: o.Ranking.Rules}
	cmd, err := f.workerCommand()
	if err != nil {
		return nil, err
	}
	cmd.Args = append(cmd.Args, "--behind")
	return cmd, nil
}
