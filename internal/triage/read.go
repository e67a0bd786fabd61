package triage

import (
	"context"
	"errors"
	"time"

	"nafas/dicomio/refusal"
)

// ErrWorkerDied says that the process that read a study died.
var ErrWorkerDied = errors.New("the worker process died")

// ErrNoWorker says that no worker process could be started: the library or the
// model is gone, or the machine is out of memory. It is no study's fault, so
// it is not counted: the study waits until there is a worker again.
var ErrNoWorker = errors.New("no worker process could be started")

// ErrOverLimit says that reading a study took more time or memory than it
// may.
var ErrOverLimit = errors.New("over the limit")

// maxBegun is how often a job may begin without coming to an end of any kind.
// A server that is killed at work is not the study's fault, but a study that
// takes the whole machine down each time must stop doing so.
const maxBegun = 50

// Read has one attempt of a read job done. nil: the job has ended, with a
// result or without. ErrFenced: the study is no longer this job's. Any other
// error: the job is to be tried again.
func (s *Service) Read(ctx context.Context, t Token, studyUID string) error {
	log := s.log.With("study", s.name(studyUID), "job", t.JobID, "attempt", t.Attempt)
	with := s.live.take()
	defer s.live.give(with)
	if t.Attempt > maxBegun {
		return s.giveUp(ctx, t, studyUID, with.recipe, workerCrashed("began %d times and never came to an end", t.Attempt-1))
	}
	job, err := s.store.StartReading(ctx, t, studyUID, s.opt.Now(), with.recipe)
	if err != nil {
		return err
	}
	s.hub.changed()
	job.lastTry(t.Attempt)
	began := time.Now()
	reading, err := s.readInterruptibly(ctx, t, with, job)
	if err == nil {
		// What is read is kept, even while the server stops.
		err = s.store.FinishReading(context.WithoutCancel(ctx), t, s.opt.Now(), reading)
	}
	if err == nil {
		s.opt.Meter.Read(reading.State, s.opt.Now().Sub(job.LastInstanceAt))
		log.InfoContext(ctx, "read", "state", reading.State, "seconds", time.Since(began).Seconds())
		s.hub.changed()
		return nil
	}
	log.WarnContext(ctx, "reading ended early", "error", err, "seconds", time.Since(began).Seconds())
	return s.readingFailed(ctx, t, with.recipe, job, err)
}

func (s *Service) readInterruptibly(ctx context.Context, t Token, with *engine, job ReadingJob) (StudyReading, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	s.running.add(t.JobID, cancel)
	defer s.running.remove(t.JobID)
	for i := range job.Files {
		job.Files[i].Path = s.files.Abs(job.Files[i].Path)
	}
	if e := job.Earlier; e != nil {
		for i := range e.Files {
			e.Files[i].Path = s.files.Abs(e.Files[i].Path)
		}
	}
	reading, err := with.reader.Read(ctx, job, func(p Progress) {
		p.StudyUID = job.StudyUID
		s.hub.progress(p)
	})
	if err != nil && errors.Is(context.Cause(ctx), ErrFenced) {
		return reading, ErrFenced
	}
	reading.StudyUID, reading.Key, reading.Recipe = job.StudyUID, job.Key, with.recipe
	return reading, err
}

// readingFailed decides between another try and the end of the job.
func (s *Service) readingFailed(ctx context.Context, t Token, recipe Recipe, job ReadingJob, err error) error {
	studyUID, kind := job.StudyUID, TroubleError
	stopping := errors.Is(ctx.Err(), context.Canceled)
	switch {
	case errors.Is(err, ErrFenced), stopping:
		return err
	case !errors.Is(err, ErrOverLimit) && !errors.Is(ctx.Err(), context.DeadlineExceeded):
	case job.compares():
		kind = TroubleLimit
	default:
		return s.giveUp(ctx, t, studyUID, recipe, refusal.New(LimitExceeded,
			"look at the study without Nafas; raise the limits of the worker if such studies are usual here",
			"the analysis went over its limit of time or memory"))
	}
	if errors.Is(err, ErrNoWorker) {
		s.log.ErrorContext(ctx, "nothing is read until a worker process can be started", "error", err)
		s.opt.Meter.Trouble(TroubleNoWorker)
		_, waitErr := s.store.Trouble(context.WithoutCancel(ctx), t, studyUID, s.opt.Now(), TroubleNoWorker)
		s.hub.changed()
		return errors.Join(err, waitErr)
	}
	if errors.Is(err, ErrWorkerDied) {
		kind = TroubleCrash
	}
	s.opt.Meter.Trouble(kind)
	n, countErr := s.store.Trouble(context.WithoutCancel(ctx), t, studyUID, s.opt.Now(), kind)
	if countErr != nil {
		return countErr
	}
	s.hub.changed()
	if n < MaxTrouble {
		return err
	}
	if kind == TroubleCrash {
		return s.giveUp(ctx, t, studyUID, recipe, workerCrashed("ended its worker process %d times", n))
	}
	return s.giveUp(ctx, t, studyUID, recipe, refusal.New(Internal,
		"look at the study without Nafas and report the error in the server's log", "the analysis failed %d times", n))
}

func workerCrashed(found string, args ...any) *refusal.Error {
	return refusal.New(WorkerCrashed, "look at the study without Nafas and report the error in the server's log",
		"the analysis "+found, args...)
}

// giveUp sets the job aside; nil where that is done.
func (s *Service) giveUp(ctx context.Context, t Token, studyUID string, recipe Recipe, why *refusal.Error) error {
	ctx = context.WithoutCancel(ctx)
	if err := s.store.GiveUp(ctx, t, studyUID, s.opt.Now(), why, recipe); err != nil {
		return err
	}
	s.log.ErrorContext(ctx, "set aside", "study", s.name(studyUID), "reason", why.Reason)
	s.hub.changed()
	return nil
}
