package registry

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"nafas/dicomio/refusal"
	"nafas/internal/triage"
)

// shadowed is the model that reads in shadow.
type shadowed struct {
	model  Model
	reader Reader
	// ended closes when it is the shadow no longer.
	ended  context.Context
	finish context.CancelFunc
}

// StartShadow has a model read what the live one has read, from the next study on.
// changed is false where it does so already.
func (s *Service) StartShadow(ctx context.Context, name string, who Who) (m Model, changed bool, err error) {
	if err := s.take(ctx); err != nil {
		return m, false, err
	}
	defer s.give()
	if m, err = s.find(ctx, name); err != nil || m.State == Shadow {
		return m, false, err
	}
	if m.State == Live {
		return m, false, refuse(NotNow, "Name another one.", "%s is the live model", named(m.Model))
	}
	if m, err = s.installed(ctx, m, who); err != nil {
		return m, false, err
	}
	if err := s.try(ctx, s.shelf.Abs(m.Folder), m); err != nil {
		return m, false, err
	}
	ctx = context.WithoutCancel(ctx)
	if err := s.ledger.StartShadow(ctx, m.SHA256, who, s.opt.Now()); err != nil {
		return m, false, err
	}
	s.log.InfoContext(ctx, "model in shadow", "model", m.Name, "version", m.Version, "sha256", m.SHA256, "by", who.Name)
	s.setShadow(m)
	m, err = s.byHash(ctx, m.SHA256)
	return m, err == nil, err
}

// StopShadow ends that; what was read is kept.
func (s *Service) StopShadow(ctx context.Context, name string, who Who) (Model, error) {
	if err := s.take(ctx); err != nil {
		return Model{}, err
	}
	defer s.give()
	m, err := s.find(ctx, name)
	if err != nil {
		return m, err
	}
	ctx = context.WithoutCancel(ctx)
	if err := s.ledger.StopShadow(ctx, m.SHA256, who, s.opt.Now()); err != nil {
		return m, err
	}
	s.stopShadow()
	s.log.InfoContext(ctx, "model no longer in shadow", "model", m.Name, "version", m.Version, "by", who.Name)
	return s.byHash(ctx, m.SHA256)
}

// beginShadow takes up what the ledger says.
func (s *Service) beginShadow(ctx context.Context) error {
	all, err := s.ledger.Models(ctx)
	if err != nil {
		return err
	}
	if i := slices.IndexFunc(all, func(m Model) bool { return m.State == Shadow }); i >= 0 {
		s.setShadow(all[i])
	}
	return nil
}

func (s *Service) setShadow(m Model) {
	one := &shadowed{model: m, reader: s.workers.New(s.shelf.Abs(m.Folder), UseShadow)}
	one.ended, one.finish = context.WithCancel(context.Background())
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shadow = one
}

// stopShadow ends its process, and what that has in hand, without waiting.
func (s *Service) stopShadow() {
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.shadow
	if s.shadow = nil; one == nil {
		return
	}
	one.finish()
	s.closing.Go(one.reader.Close)
}

func (s *Service) shadows(sha256 string) bool { return s.shadowOf(sha256) != nil }

// shadowOf is nil where the model is not the shadow.
func (s *Service) shadowOf(sha256 string) *shadowed {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.shadow == nil || s.shadow.model.SHA256 != sha256 {
		return nil
	}
	return s.shadow
}

const (
	// lookEvery is how often live studies are looked for while one waits in shadow.
	lookEvery = 500 * time.Millisecond
	// againAfter is when a study in shadow tries again after live ones, and
	// noWorkerAfter after a process that could not be started.
	againAfter    = time.Second
	noWorkerAfter = time.Minute
	// mostBegun is as in triage: a study that takes the machine down must stop to.
	mostBegun = 50
)

// ReadShadow has one attempt of a job done. failures are those of the job so far.
// It returns when to come again, or zero where the job has ended, whatever came of
// it; an error asks for another try and counts as a failure. No failure of it
// changes anything of the live result.
func (s *Service) ReadShadow(ctx context.Context, t triage.Token, j Job, failures int) (again time.Time, err error) {
	one := s.shadowOf(j.Model)
	if one == nil {
		return again, nil
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(one.ended, cancel)()
	defer context.AfterFunc(s.stopping, cancel)()
	again, err = s.readShadow(ctx, t, j, one, failures)
	switch {
	case one.ended.Err() != nil:
		return time.Time{}, nil
	case err != nil && (s.stopping.Err() != nil || errors.Is(ctx.Err(), context.Canceled)):
		return s.opt.Now(), nil // it goes back into the queue
	}
	return again, err
}

func (s *Service) readShadow(ctx context.Context, t triage.Token, j Job, one *shadowed, failures int) (again time.Time, err error) {
	if quiet, err := s.quiet(ctx); err != nil || !quiet {
		return s.opt.Now().Add(againAfter), err
	}
	log := s.log.With("study", s.opt.Name(j.StudyUID), "job", t.JobID, "attempt", t.Attempt, "model", one.model.Name, "version", one.model.Version)
	id, err := s.start(ctx, one.reader, one.model)
	if err != nil {
		log.ErrorContext(ctx, "nothing is read in shadow until a worker process can be started", "error", err)
		return s.opt.Now().Add(noWorkerAfter), ctx.Err()
	}
	c, err := s.ledger.Case(ctx, t, j, id.Recipe)
	if err != nil || c.Reading == nil && c.Why == nil {
		return again, err
	}
	o := Outcome{Job: j, Against: c.Against, Live: c.Live, Why: c.Why}
	if c.Reading != nil {
		o.Key = c.Reading.Key
		began := time.Now()
		reading, err := s.readWith(ctx, one.reader, *c.Reading, t)
		switch {
		case err == nil:
			reading.StudyUID, reading.Key, reading.Recipe = j.StudyUID, o.Key, id.Recipe
			o.Reading = &reading
			log.InfoContext(ctx, "read in shadow", "state", reading.State, "seconds", time.Since(began).Seconds())
		case errors.Is(ctx.Err(), context.Canceled):
			return again, ctx.Err()
		case errors.Is(err, triage.ErrNoWorker):
			log.ErrorContext(ctx, "nothing is read in shadow until a worker process can be started", "error", err)
			return s.opt.Now().Add(noWorkerAfter), nil
		default:
			log.WarnContext(ctx, "reading in shadow ended early", "error", err)
			if ctx.Err() != nil {
				err = fmt.Errorf("%w: %w", triage.ErrOverLimit, err)
			}
			if o.Why = lastOf(err, failures); o.Why == nil {
				return again, err
			}
		}
	}
	o.At = s.opt.Now()
	// What is read is kept, even while the service stops.
	return again, s.ledger.Keep(context.WithoutCancel(ctx), t, o)
}

// quiet waits for live studies to end; false where they do not within some time.
func (s *Service) quiet(ctx context.Context) (bool, error) {
	limit := time.NewTimer(s.opt.Quiet)
	defer limit.Stop()
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for {
		busy, err := s.ledger.LiveWaits(ctx)
		if err != nil || !busy {
			return err == nil, err
		}
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-limit.C:
			return false, nil
		case <-look.C:
		}
	}
}

func (s *Service) readWith(ctx context.Context, r Reader, job triage.ReadingJob, t triage.Token) (triage.StudyReading, error) {
	if t.Attempt > mostBegun {
		return triage.StudyReading{}, fmt.Errorf("%w: began %d times and never came to an end", triage.ErrOverLimit, t.Attempt-1)
	}
	for i := range job.Files {
		job.Files[i].Path = s.shelf.Abs(job.Files[i].Path)
	}
	if e := job.Earlier; e != nil {
		for i := range e.Files {
			e.Files[i].Path = s.shelf.Abs(e.Files[i].Path)
		}
	}
	return r.Read(ctx, job, func(triage.Progress) {})
}

// lastOf is why a study is not tried again; nil where it is.
func lastOf(err error, failures int) *refusal.Error {
	const remedy = "see the log of the service"
	switch {
	case errors.Is(err, triage.ErrOverLimit):
		return refusal.New(triage.LimitExceeded, remedy, "the analysis in shadow went over its limit of time or memory")
	case failures+1 < triage.MaxTrouble:
		return nil
	case errors.Is(err, triage.ErrWorkerDied):
		return refusal.New(triage.WorkerCrashed, remedy, "the analysis in shadow failed %d times, at last with its worker process", failures+1)
	}
	return refusal.New(triage.Internal, remedy, "the analysis in shadow failed %d times", failures+1)
}
