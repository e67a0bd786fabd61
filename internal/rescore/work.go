package rescore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"nafas/dicomio/refusal"
	"nafas/internal/triage"
)

// maxBegun is how often a study may be begun without coming to an end. A
// machine that is switched off at work is not the study's fault, but a study
// that takes the machine down each time must stop doing so.
const maxBegun = 30

// liveLook is how often it is looked whether live studies are through.
const liveLook = 500 * time.Millisecond

// WorkOptions are what a Worker works with.
type WorkOptions struct {
	Ledger  Ledger
	Sources Sources
	Readers Readers
	// Live is nil where no live studies are read on this machine.
	Live Live
	// Name is the worker's, the same for the life of the process.
	Name string
	// Log gets no UIDs: Pseudonym names a study in it.
	Log       *slog.Logger
	Pseudonym func(studyUID string) string
	// Now is the clock. Default time.Now.
	Now func() time.Time
}

// Worker has the studies of rescorings read, one job at a time; its methods may
// be used from several goroutines.
type Worker struct{ WorkOptions }

// NewWorker makes a Worker.
func NewWorker(o WorkOptions) *Worker {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Pseudonym == nil {
		o.Pseudonym = func(string) string { return "" }
	}
	return &Worker{o}
}

// attempt is one attempt at one study.
type attempt struct {
	*Worker
	token triage.Token
	job   Job
	c     Case
	log   *slog.Logger
}

// Work has one attempt of a job done. nil: the job has ended, or its study waits
// to be fed again. triage.ErrFenced: another attempt has the study. Any other
// error: the job is to be tried again.
func (w *Worker) Work(ctx context.Context, t triage.Token, j Job) error {
	c, err := w.Ledger.Claim(ctx, t, j.Rescoring, j.StudyUID, w.Name)
	if errors.Is(err, ErrNotNow) {
		return nil
	}
	if err != nil {
		return err
	}
	a := attempt{Worker: w, token: t, job: j, c: c, log: w.Log.With(
		"rescoring", j.Rescoring, "study", w.Pseudonym(j.StudyUID), "job", t.JobID, "attempt", t.Attempt)}
	return a.work(ctx)
}

func (a attempt) work(ctx context.Context) error {
	if open, err := a.c.Rescoring.openAt(a.Now()); err != nil || !open {
		return errors.Join(err, a.giveBack(ctx))
	}
	if a.c.Earlier != nil {
		return a.finish(ctx, a.c.Rescoring.Recipe, unchanged(*a.c.Earlier, a.Name, a.Now()))
	}
	if a.c.Begun > maxBegun {
		return a.setAside(ctx, crashed("began %d times and never came to an end", a.c.Begun-1))
	}
	reading, err := a.read(ctx)
	if err == nil {
		return a.finish(ctx, reading.Recipe, outcomeOf(a.c, reading, a.Name, a.Now()))
	}
	return a.failed(ctx, err)
}

// openAt says whether a rescoring works at this time of day.
func (r Rescoring) openAt(now time.Time) (bool, error) {
	window, err := ParseWindow(r.Limits.Window)
	return window.Open(now), err
}

// read fetches the study and has it read.
func (a attempt) read(ctx context.Context) (triage.StudyReading, error) {
	files, release, err := a.fetch(ctx)
	if err != nil {
		return triage.StudyReading{}, err
	}
	defer release()
	job := triage.ReadingJob{StudyUID: a.c.StudyUID, Unvetted: true, Known: a.c.Known}
	for _, f := range files {
		job.Files = append(job.Files, triage.ReadingFile{Path: f.Path, Name: f.Name})
	}
	reading, err := a.Readers.Read(ctx, a.c.Rescoring, job, a.mayBegin)
	if err != nil {
		return reading, err
	}
	return reading, a.wasThere(ctx, reading)
}

// wasThere: a file that was fetched and could not be read a moment later says
// nothing of itself. Its disk or share went away, and the study is tried again for
// as long as that is not there, as one that was not handed out.
func (a attempt) wasThere(ctx context.Context, r triage.StudyReading) error {
	why := unreadable(r)
	if why == nil {
		return nil
	}
	if a.c.Trouble[troubleSource] >= sourceTries {
		source, err := a.Sources.Open(ctx, a.c.Rescoring)
		if err == nil && source.Probe(ctx) == nil {
			return nil
		}
	}
	return &sourceError{errors.New(why.Error())} // no refusal yet
}

// unreadable is why a file or a series of a reading could not be read from its
// disk; nil where none was.
func unreadable(r triage.StudyReading) *refusal.Error {
	for _, f := range r.Refused {
		if refusal.Of(f.Err) == refusal.Unreadable {
			return f.Err
		}
	}
	for _, s := range r.Series {
		if s.NotRead != nil && s.NotRead.Reason == refusal.Unreadable {
			return s.NotRead
		}
	}
	return nil
}

// mayBegin waits, with a core at hand, until no live study waits or is read.
// ErrNotNow where the rescoring does not work by then: a study that was fetched ahead
// may have waited for hours, and its rescoring be paused, or its window closed.
func (a attempt) mayBegin(ctx context.Context) error {
	if err := a.afterLive(ctx); err != nil {
		return err
	}
	r, err := a.Ledger.Rescoring(ctx, a.job.Rescoring)
	if err != nil {
		return err
	}
	open, err := r.openAt(a.Now())
	if err == nil && (r.State.Final() || r.State == StatePaused || !open) {
		return ErrNotNow
	}
	return err
}

func (a attempt) fetch(ctx context.Context) ([]Fetched, func(), error) {
	source, err := a.Sources.Open(ctx, a.c.Rescoring)
	if err != nil {
		return nil, nil, &sourceError{err}
	}
	files, release, err := source.Fetch(ctx, a.c)
	var refused *refusal.Error
	switch {
	case err == nil:
		return files, release, nil
	case errors.As(err, &refused), blameless(err):
		return nil, nil, err
	}
	if a.c.Trouble[troubleSource] >= sourceTries && source.Probe(ctx) == nil {
		return nil, nil, refusal.New(ReasonNotHandedOut, "ask the archive for this study by hand, and have it mended there",
			"the archive answers, and did not hand out this study %d times", sourceTries+1)
	}
	return nil, nil, &sourceError{err}
}

// afterLive waits until no live study waits or is read.
func (a attempt) afterLive(ctx context.Context) error {
	for a.Live != nil {
		busy, err := a.Live.Busy(ctx)
		if err != nil {
			// Live studies must not wait for a rescoring, nor it for a database that
			// cannot be looked into: it is tried again.
			return fmt.Errorf("%w: whether live studies wait is not known: %w", triage.ErrNoWorker, err)
		}
		if !busy {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(liveLook):
		}
	}
	return nil
}

// patience is how long a worker tries to write what it read where the ledger is
// not there; finishTime is the most for one try, finishPause between two.
const (
	patience    = 5 * time.Minute
	finishTime  = 30 * time.Second
	finishPause = 2 * time.Second
)

// finish writes what was read, even while the worker stops, and though the
// ledger is gone for a while: reading it again costs more.
func (a attempt) finish(ctx context.Context, r triage.Recipe, o Outcome) error {
	for began := time.Now(); ; time.Sleep(finishPause) {
		err := a.finishOnce(ctx, r, o)
		switch {
		case errors.Is(err, triage.ErrFenced):
			a.log.WarnContext(ctx, "another attempt has the study by now; this result is not used")
			return err
		case err == nil, errors.Is(err, ErrOtherRecipe), ctx.Err() != nil, time.Since(began) > patience:
			return err
		}
		a.log.WarnContext(ctx, "what was read cannot be written; it is tried again", "error", err)
	}
}

func (a attempt) finishOnce(ctx context.Context, r triage.Recipe, o Outcome) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishTime)
	defer cancel()
	return a.Ledger.Finish(ctx, a.token, a.job.Rescoring, r, o)
}

// giveBack has the study wait until it is fed again.
func (a attempt) giveBack(ctx context.Context) error {
	return a.Ledger.Return(context.WithoutCancel(ctx), a.token, a.job.Rescoring, a.job.StudyUID)
}

// failed decides between another try and the end of the study.
func (a attempt) failed(ctx context.Context, err error) error {
	var refused *refusal.Error
	switch {
	case errors.Is(err, triage.ErrFenced):
		return err
	case errors.Is(ctx.Err(), context.Canceled), errors.Is(err, ErrNotNow):
		return a.giveBack(ctx)
	case errors.As(err, &refused):
		return a.setAside(ctx, refused)
	case errors.Is(err, triage.ErrOverLimit), errors.Is(ctx.Err(), context.DeadlineExceeded):
		return a.setAside(ctx, refusal.New(triage.LimitExceeded,
			"look at the study without Nafas; raise the limits of the worker if such studies are usual here",
			"the analysis went over its limit of time or memory"))
	}
	kind := troubleOf(err)
	a.log.WarnContext(ctx, "reading ended early", "error", err, "trouble", kind)
	n, countErr := a.Ledger.Trouble(context.WithoutCancel(ctx), a.token, a.job.Rescoring, a.job.StudyUID, kind)
	switch {
	case countErr != nil:
		return countErr
	case n < triage.MaxTrouble, kind == triage.TroubleNoWorker, kind == troubleSource:
		return err
	case kind == triage.TroubleCrash:
		return a.setAside(ctx, crashed("ended its worker process %d times", n))
	}
	return a.setAside(ctx, refusal.New(triage.Internal,
		"look at the study without Nafas and report the error in the worker's log", "the analysis failed %d times", n))
}

// troubleSource: the source did not hand out the study. It is tried again for as
// long as the source is not there at all: an archive that is down must not fail
// its studies.
const troubleSource triage.TroubleKind = "source"

// sourceTries is how often a source that is there may not hand out a study.
const sourceTries = 5

// sourceError is of a source that does not hand out a study.
type sourceError struct{ error }

func (e *sourceError) Unwrap() error { return e.error }

// blameless says that neither this study nor any other has to do with it, however
// often it happens.
func blameless(err error) bool { return errors.Is(err, ErrSpool) || errors.Is(err, ErrNotThisStudy) }

func troubleOf(err error) triage.TroubleKind {
	var source *sourceError
	switch {
	case errors.Is(err, triage.ErrNoWorker), blameless(err):
		return triage.TroubleNoWorker
	case errors.As(err, &source):
		return troubleSource
	case errors.Is(err, triage.ErrWorkerDied):
		return triage.TroubleCrash
	}
	return triage.TroubleError
}

func crashed(found string, args ...any) *refusal.Error {
	return refusal.New(triage.WorkerCrashed, "look at the study without Nafas and report the error in the worker's log",
		"the analysis "+found, args...)
}

// setAside ends the study with a reason; it never blocks the rest.
func (a attempt) setAside(ctx context.Context, why *refusal.Error) error {
	a.log.ErrorContext(ctx, "set aside", "reason", why.Reason)
	return a.finish(ctx, a.c.Rescoring.Recipe, refusedOutcome(a.c, why, a.Name, a.Now()))
}
