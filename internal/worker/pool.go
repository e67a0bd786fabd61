package worker

import (
	"context"
	"fmt"
	"os/exec"
	"slices"
	"sync"

	"nafas/internal/triage"
)

// Pool has studies read by several child processes at once, each on a core of
// its own; what they read with may differ from study to study.
type Pool struct {
	opt   Options
	slots chan struct{}
	mu    sync.Mutex
	// idle are supervisors without work, the one that was used last at the end.
	idle []pooled
	// busy are those at work.
	busy   int
	closed bool
}

type pooled struct {
	recipe triage.Recipe
	s      *Supervisor
}

// NewPool makes a pool of so many slots; no child runs yet. Of the options,
// Command is not used.
func NewPool(slots int, o Options) *Pool {
	return &Pool{opt: o.withDefaults(), slots: make(chan struct{}, slots)}
}

// Read waits for a slot, asks ready, whose error it returns, and reads with a child of
// this recipe; command starts one where there is none. triage.ErrNoWorker also where the child turns out to
// read with another recipe.
func (p *Pool) Read(ctx context.Context, recipe triage.Recipe, command func() (*exec.Cmd, error), job triage.ReadingJob,
	ready func(context.Context) error) (triage.StudyReading, error) {
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	case <-ctx.Done():
		return triage.StudyReading{}, ctx.Err()
	}
	if err := ready(ctx); err != nil {
		return triage.StudyReading{}, err
	}
	s, tooMany, err := p.take(recipe, command)
	if err != nil {
		return triage.StudyReading{}, err
	}
	if tooMany != nil {
		tooMany.Close()
	}
	defer p.put(pooled{recipe, s})
	id, err := s.Start(ctx)
	switch {
	case ctx.Err() != nil:
		return triage.StudyReading{}, ctx.Err()
	case err != nil:
		return triage.StudyReading{}, fmt.Errorf("%w: %w", triage.ErrNoWorker, err)
	case id.Recipe != recipe:
		return triage.StudyReading{}, fmt.Errorf("%w: the worker process reads with another model or configuration than is asked for", triage.ErrNoWorker)
	}
	reading, err := s.Read(ctx, job, func(triage.Progress) {})
	reading.Recipe = recipe
	return reading, err
}

// take finds an idle supervisor of the recipe, or makes one; then the one of
// another recipe that is idle for the longest time is to go, so that there are
// never more children than slots.
func (p *Pool) take(recipe triage.Recipe, command func() (*exec.Cmd, error)) (s, tooMany *Supervisor, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, nil, ErrClosed
	}
	for i := len(p.idle) - 1; i >= 0; i-- {
		if p.idle[i].recipe == recipe {
			s := p.idle[i].s
			p.idle = slices.Delete(p.idle, i, i+1)
			p.busy++
			return s, nil, nil
		}
	}
	if len(p.idle)+p.busy >= cap(p.slots) {
		tooMany = p.idle[0].s
		p.idle = slices.Delete(p.idle, 0, 1)
	}
	o := p.opt
	o.Command = command
	p.busy++
	return New(o), tooMany, nil
}

func (p *Pool) put(one pooled) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.busy--
	if p.closed {
		one.s.Close()
		return
	}
	p.idle = append(p.idle, one)
}

// Busy are the studies that are read now.
func (p *Pool) Busy() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.busy
}

// Close ends the children that have no work, and the others when theirs ends.
func (p *Pool) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, one := range p.idle {
		one.s.Close()
	}
	p.idle = nil
}
