package triage

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"nafas/dicomio/refusal"
)

// Options of a Service. Zero values mean the defaults.
type Options struct {
	// Recipe is what the reader reads with, until Switch.
	Recipe Recipe
	// Categories are what the site says of all its studies.
	Categories CategoryOptions
	// MostSending is how long an open association, or a trickle of instances,
	// keeps a study from settling. Default 30 minutes.
	MostSending time.Duration
	// Quiet is how long nothing may come in before a study that is not
	// declared complete is read. Default 60 s.
	Quiet time.Duration
	// MinFreeBytes is the watermark: intake stops while less is free.
	// Default 2 GiB.
	MinFreeBytes int64
	// MaxFileBytes is the largest file. Default 2 GiB.
	MaxFileBytes int64
	// MaxUploadFiles is the largest number of files in one upload. Default
	// 50000.
	MaxUploadFiles int
	// MaxUploads is how many uploads may be open at once. Default 64.
	MaxUploads int
	// ParseBytes bounds the memory in which headers are read, over all
	// uploads. Default 512 MiB.
	ParseBytes int64
	// SameImage compares two files of one SOP instance whose bytes differ.
	// Default SameImage.
	SameImage func(a, b []byte) bool
	// Now is the clock. Default time.Now.
	Now func() time.Time
	// Log gets studies as pseudonyms only. Default slog.Default.
	Log *slog.Logger
	// Pseudonyms names studies in the log. Without it they are not named.
	Pseudonyms *Pseudonyms
	// Meter hears of what happens. Default nobody.
	Meter Meter
}

func (o Options) withDefaults() Options {
	def := func(v *int64, d int64) {
		if *v == 0 {
			*v = d
		}
	}
	if o.Quiet == 0 {
		o.Quiet = time.Minute
	}
	def(&o.MinFreeBytes, 2<<30)
	def(&o.MaxFileBytes, 2<<30)
	def(&o.ParseBytes, 512<<20)
	if o.MostSending == 0 {
		o.MostSending = 30 * time.Minute
	}
	if o.MaxUploadFiles == 0 {
		o.MaxUploadFiles = 50000
	}
	if o.MaxUploads == 0 {
		o.MaxUploads = 64
	}
	if o.SameImage == nil {
		o.SameImage = SameImage
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Meter == nil {
		o.Meter = noMeter{}
	}
	return o
}

// StudyReader reads one study; the worker process behind it may die. Its
// errors are ErrWorkerDied, ErrOverLimit, the context's, or any other that is
// worth another try. What the study itself is to blame for is part of the
// StudyReading.
type StudyReader interface {
	Read(ctx context.Context, job ReadingJob, progress func(Progress)) (StudyReading, error)
}

// Service is the application: intake, settling, reading and the worklist.
type Service struct {
	store   Store
	files   Files
	headers HeaderReader
	live    *live
	opt     Options
	log     *slog.Logger
	hub     *hub
	parsing *semaphore.Weighted
	uploads chan struct{}
	// committing keeps files and rows of two uploads from crossing.
	committing sync.Mutex
	running    running
	inbox      *Inbox
	// described: nothing is stored that cannot be searched.
	described atomic.Bool
	diskLevel diskLevel
}

// New makes a Service. reader may be nil in a process that only takes in.
func New(store Store, files Files, headers HeaderReader, reader StudyReader, o Options) *Service {
	o = o.withDefaults()
	s := &Service{
		store: store, files: files, headers: headers, live: newLive(reader, o.Recipe),
		opt: o, log: o.Log,
		hub:     newHub(),
		parsing: semaphore.NewWeighted(o.ParseBytes),
		uploads: make(chan struct{}, o.MaxUploads),
		running: running{cancel: map[int64]context.CancelCauseFunc{}},
	}
	s.inbox = newInbox(s)
	return s
}

// Inbox takes instances one by one.
func (s *Service) Inbox() *Inbox { return s.inbox }

// Study returns a study with its series, or ErrNotFound.
func (s *Service) Study(ctx context.Context, uid string) (Study, error) {
	study, err := s.store.Study(ctx, uid)
	return study.withheld(), err
}

// withheld takes the earlier results out of a study that is held because it
// has two patients: nobody knows whose findings they are. They stay stored.
func (s Study) withheld() Study {
	if s.NotAssessed == nil || s.NotAssessed.Reason != refusal.PatientMismatch {
		return s
	}
	for i := range s.Series {
		s.Series[i].Result, s.Series[i].NotRead = nil, s.NotAssessed
	}
	s.Assessment, s.Comparison = nil, nil
	return s
}

// Cancel stops the analysis of a study between two tiles. The study stays,
// not assessed, reason CANCELLED; one that is final is left as it is, and one
// that was read, and was to be compared with what came later, keeps its result.
// ErrNotFound where nothing of it was taken in.
func (s *Service) Cancel(ctx context.Context, studyUID string) error {
	dropped, err := s.store.Cancel(ctx, studyUID, s.opt.Now(), refusal.New(Cancelled,
		"send the study again, declared complete, to have it read", "the sender asked for the analysis to stop"))
	if err != nil {
		return err
	}
	s.running.interrupt(dropped)
	s.log.InfoContext(ctx, "cancelled", "study", s.name(studyUID))
	s.hub.changed()
	return nil
}

// Settle has a settle job done. It returns when to try again, or zero where
// the job has ended. A study of which a sender is still at work does not
// settle; since is when it began to wait for its quiet time, and bounds that.
func (s *Service) Settle(ctx context.Context, t Token, studyUID string, since time.Time) (notBefore time.Time, err error) {
	now := s.opt.Now()
	if until := s.inbox.holds(studyUID, now); !until.IsZero() {
		return until, nil
	}
	quietSince := now.Add(-s.opt.Quiet)
	if now.Sub(since) >= s.opt.MostSending {
		quietSince = now
	}
	settled, err := s.store.Settle(ctx, t, studyUID, now, quietSince, s.live.recipe())
	if err != nil {
		return time.Time{}, err
	}
	if !settled.NotBefore.IsZero() {
		return settled.NotBefore.Add(s.opt.Quiet), nil
	}
	s.running.interrupt(settled.Dropped)
	s.log.InfoContext(ctx, "settled", "study", s.name(studyUID))
	s.hub.changed()
	return time.Time{}, nil
}

// name is the study's pseudonym.
func (s *Service) name(studyUID string) string {
	if s.opt.Pseudonyms == nil {
		return "unnamed"
	}
	return s.opt.Pseudonyms.Study(studyUID)
}

// running knows how to stop the readings of this process.
type running struct {
	mu     sync.Mutex
	cancel map[int64]context.CancelCauseFunc
}

func (r *running) add(job int64, cancel context.CancelCauseFunc) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cancel[job] = cancel
}

func (r *running) remove(job int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.cancel, job)
}

// interrupt stops those of the jobs that run here: they have lost their
// study, so that nothing they would write is kept.
func (r *running) interrupt(jobs []int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, job := range jobs {
		if cancel := r.cancel[job]; cancel != nil {
			cancel(ErrFenced)
		}
	}
}
