// Package worker keeps native code away from the server: a child process of
// the same binary decodes, runs the model and measures, and this package
// starts it, feeds it, watches it and outlives it.
package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os/exec"
	"sync"
	"sync/atomic"
	"time"

	"nafas/internal/triage"
)

// Options of a Supervisor. Zero values mean the defaults.
type Options struct {
	// Command makes the command of a child. Needed.
	Command func() (*exec.Cmd, error)
	// Idle is after how long without work the child leaves. Default 2
	// minutes.
	Idle time.Duration
	// Wall is the longest time for one study. Default 10 minutes.
	Wall time.Duration
	// MemoryBytes is the largest resident memory of the child. Default 4
	// GiB.
	MemoryBytes int64
	// Grace is how long the child may take to stop when asked. Default 5 s.
	Grace time.Duration
	// Ready is how long the child may take to load. Default 1 minute.
	Ready time.Duration
	// Log gets the child's stderr and what becomes of it. Default
	// slog.Default.
	Log *slog.Logger
}

func (o Options) withDefaults() Options {
	def := func(v *time.Duration, d time.Duration) {
		if *v == 0 {
			*v = d
		}
	}
	def(&o.Idle, 2*time.Minute)
	def(&o.Wall, 10*time.Minute)
	def(&o.Grace, 5*time.Second)
	def(&o.Ready, time.Minute)
	if o.MemoryBytes == 0 {
		o.MemoryBytes = 4 << 30
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return o
}

// memoryLook is how often the child's memory is looked at.
const memoryLook = 200 * time.Millisecond

// Supervisor is a triage.StudyReader whose work is done by a child process,
// one study at a time.
type Supervisor struct {
	opt Options
	log *slog.Logger
	// turn holds the right to use the child.
	turn chan struct{}
	// closed ends whoever waits for a turn.
	closed chan struct{}
	once   sync.Once
	// starts and deaths of children, for Counts.
	starts, deaths atomic.Int64

	// The rest is for whoever has the turn. identity is the first child's.
	identity *Identity
	child    *process
	jobs     int64
	idle     *time.Timer
}

var _ triage.StudyReader = (*Supervisor)(nil)

// New makes a Supervisor; no child runs yet.
func New(o Options) *Supervisor {
	o = o.withDefaults()
	return &Supervisor{opt: o, log: o.Log, turn: make(chan struct{}, 1), closed: make(chan struct{})}
}

// ErrClosed says that the supervisor was closed.
var ErrClosed = errors.New("the supervisor is closed")

func (s *Supervisor) take(ctx context.Context) error {
	select {
	case <-s.closed:
		return ErrClosed
	default:
	}
	select {
	case s.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-s.closed:
		return ErrClosed
	}
}

func (s *Supervisor) give() { <-s.turn }

// Start has a child ready and returns what it reads with: the check that a
// server can work before it says so.
func (s *Supervisor) Start(ctx context.Context) (Identity, error) {
	if err := s.take(ctx); err != nil {
		return Identity{}, err
	}
	defer s.give()
	if err := s.ensure(ctx); err != nil {
		return Identity{}, err
	}
	s.rest()
	return s.child.id, nil
}

// Counts says how often a child was started, and how often one ended by itself
// or had to be killed.
func (s *Supervisor) Counts() (starts, deaths int64) { return s.starts.Load(), s.deaths.Load() }

// Close ends the child. It waits for a Read that runs, whose context should
// have ended: such a Read returns within the grace.
func (s *Supervisor) Close() {
	s.once.Do(func() { close(s.closed) })
	s.turn <- struct{}{}
	defer s.give()
	s.dismiss("closing")
}

// ensure has a living child that is ready.
func (s *Supervisor) ensure(ctx context.Context) error {
	if s.idle != nil {
		s.idle.Stop()
	}
	if s.child != nil {
		select {
		case <-s.child.exited:
			s.log.Warn("the worker process ended while idle", "exit", s.child.gone())
			go s.child.drain()
			s.deaths.Add(1)
			s.child = nil
		default:
			return nil
		}
	}
	cmd, err := s.opt.Command()
	if err != nil {
		return err
	}
	child, err := launch(cmd, s.opt.MemoryBytes, s.log)
	if err != nil {
		return fmt.Errorf("starting the worker process: %w", err)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, s.opt.Ready, fmt.Errorf("the worker process was not ready within %s", s.opt.Ready))
	defer cancel()
	if err := child.awaitReady(ctx); err != nil {
		child.kill()
		if errors.Is(err, context.DeadlineExceeded) {
			err = context.Cause(ctx)
		}
		return err
	}
	if s.identity == nil {
		s.identity = &child.id
	} else if *s.identity != child.id {
		child.kill()
		return errChanged
	}
	s.log.Info("worker process started", "pid", cmd.Process.Pid)
	s.starts.Add(1)
	s.child = child
	return nil
}

// errChanged: results are kept under the identity that the service started
// with, so a child that reads with another one must not read.
var errChanged = errors.New("the model or the library on disk is no longer the one that the service started with: restart the service")

// rest lets the child leave after some time without work.
func (s *Supervisor) rest() {
	child := s.child
	s.idle = time.AfterFunc(s.opt.Idle, func() {
		select {
		case s.turn <- struct{}{}:
		default:
			return // somebody has work for it
		}
		defer s.give()
		if s.child == child {
			s.dismiss("idle")
		}
	})
}

func (s *Supervisor) dismiss(why string) {
	if s.idle != nil {
		s.idle.Stop()
	}
	if s.child == nil {
		return
	}
	s.child.end(s.opt.Grace)
	s.log.Info("worker process left", "why", why, "exit", s.child.gone())
	s.child = nil
}

// Read implements triage.StudyReader.
func (s *Supervisor) Read(ctx context.Context, job triage.ReadingJob, progress func(triage.Progress)) (triage.StudyReading, error) {
	if err := s.take(ctx); err != nil {
		return triage.StudyReading{}, err
	}
	defer s.give()
	if err := s.ensure(ctx); err != nil {
		if ctx.Err() != nil {
			return triage.StudyReading{}, ctx.Err()
		}
		return triage.StudyReading{}, errors.Join(triage.ErrNoWorker, err)
	}
	s.jobs++
	if err := s.child.send(message{Type: msgRead, ID: s.jobs, Job: &job}); err != nil {
		s.discard("did not take the job")
		return triage.StudyReading{}, errors.Join(triage.ErrWorkerDied, err)
	}
	reading, err := s.follow(ctx, progress)
	if s.child != nil {
		s.rest()
	}
	return reading, err
}

// follow waits for the answer and enforces the limits.
func (s *Supervisor) follow(ctx context.Context, progress func(triage.Progress)) (triage.StudyReading, error) {
	wall := time.NewTimer(s.opt.Wall)
	defer wall.Stop()
	look := time.NewTicker(memoryLook)
	defer look.Stop()
	for {
		select {
		case m, ok := <-s.child.messages:
			if !ok {
				return triage.StudyReading{}, s.died()
			}
			if m.ID != s.jobs {
				continue
			}
			if m.Type == msgProgress && m.Progress != nil {
				progress(*m.Progress)
				continue
			}
			return answer(m)
		case <-ctx.Done():
			s.interrupt()
			return triage.StudyReading{}, ctx.Err()
		case <-wall.C:
			s.interrupt()
			return triage.StudyReading{}, fmt.Errorf("%w: more than %s", triage.ErrOverLimit, s.opt.Wall)
		case <-look.C:
			if used := s.child.residentBytes(); used > s.opt.MemoryBytes {
				s.discard("over its memory limit")
				return triage.StudyReading{}, fmt.Errorf("%w: %d MiB of memory", triage.ErrOverLimit, used>>20)
			}
		}
	}
}

func answer(m message) (triage.StudyReading, error) {
	switch {
	case m.Type == msgDone && m.Reading != nil:
		return *m.Reading, nil
	case m.Type == msgCancelled:
		return triage.StudyReading{}, context.Canceled
	default:
		return triage.StudyReading{}, fmt.Errorf("the worker process: %s", m.Error)
	}
}

// interrupt asks the child to stop the job, which it does between two tiles,
// and kills it where it does not.
func (s *Supervisor) interrupt() {
	if err := s.child.send(message{Type: msgCancel, ID: s.jobs}); err != nil {
		s.discard("did not take the message to stop")
		return
	}
	timer := time.NewTimer(s.opt.Grace)
	defer timer.Stop()
	for {
		select {
		case m, ok := <-s.child.messages:
			if !ok {
				s.discard("ended")
				return
			}
			if m.ID == s.jobs && m.Type != msgProgress {
				return
			}
		case <-timer.C:
			s.discard("did not stop when asked")
			return
		}
	}
}

// died says how, and forgets the child.
func (s *Supervisor) died() error {
	s.child.await(s.opt.Grace)
	how := s.child.gone()
	s.log.Error("the worker process died at work", "exit", how)
	s.deaths.Add(1)
	s.child = nil
	return fmt.Errorf("%w: %s", triage.ErrWorkerDied, how)
}

// discard kills the child.
func (s *Supervisor) discard(why string) {
	s.log.Warn("the worker process is killed", "why", why)
	s.deaths.Add(1)
	s.child.kill()
	s.child = nil
}
