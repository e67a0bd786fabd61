package rescore_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"nafas/internal/rescore"
	"nafas/internal/triage"
)

var recipe = triage.Recipe{ModelSHA256: "m", ConfigSHA256: "c"}

// ledger is one study of one rescoring, and what was done with it.
type ledger struct {
	rescore.Ledger
	r        rescore.Rescoring
	c        rescore.Case
	claim    error
	finish   []error // the next answers of Finish; none left: nil
	finished []rescore.Outcome
	recipe   triage.Recipe
	returned int
	trouble  map[triage.TroubleKind]int
	planned  []rescore.Batch
	onPlan   func()
	more     []rescore.Rescoring
	plan     error
	ended    int
	fed      map[int64]bool // by rescoring: whole
	signs    []rescore.Sign
	deadline time.Time
}

func (l *ledger) Rescoring(context.Context, int64) (rescore.Rescoring, error) { return l.r, nil }

func (l *ledger) Rescorings(context.Context) ([]rescore.Rescoring, error) {
	return append([]rescore.Rescoring{l.r}, l.more...), nil
}

func (l *ledger) Claim(_ context.Context, _ triage.Token, _ int64, uid, _ string) (rescore.Case, error) {
	c := l.c
	c.Rescoring, c.StudyUID, c.Trouble = l.r, uid, l.trouble
	return c, l.claim
}

func (l *ledger) Finish(_ context.Context, _ triage.Token, _ int64, r triage.Recipe, o rescore.Outcome) error {
	if len(l.finish) > 0 {
		err := l.finish[0]
		l.finish = l.finish[1:]
		if err != nil {
			return err
		}
	}
	l.finished, l.recipe = append(l.finished, o), r
	return nil
}

func (l *ledger) Return(context.Context, triage.Token, int64, string) error {
	l.returned++
	return nil
}

func (l *ledger) Trouble(_ context.Context, _ triage.Token, _ int64, _ string, kind triage.TroubleKind) (int, error) {
	if l.trouble == nil {
		l.trouble = map[triage.TroubleKind]int{}
	}
	l.trouble[kind]++
	return l.trouble[kind], nil
}

func (l *ledger) Plan(_ context.Context, _ int64, after string, b rescore.Batch) error {
	if l.plan != nil {
		return l.plan
	}
	if after != l.r.Cursor {
		return rescore.ErrState
	}
	l.r.Cursor, l.planned = b.Cursor, append(l.planned, b)
	if l.onPlan != nil {
		l.onPlan()
	}
	return nil
}

func (l *ledger) SetHome(_ context.Context, _ int64, host string) error {
	l.r.Home = host
	return nil
}

func (l *ledger) Control(_ context.Context, _ int64, to rescore.State, why string, _ time.Time) (rescore.Rescoring, error) {
	l.r.State, l.r.Why = to, why
	return l.r, nil
}

func (l *ledger) EndPlanning(_ context.Context, _ int64, readable func(string) bool, _ time.Time) error {
	if !readable("CT") || readable("MR") {
		return errors.New("this is not what is read")
	}
	l.ended++
	return nil
}

func (l *ledger) Feed(_ context.Context, id int64, _ int, whole bool) (int, error) {
	if l.fed == nil {
		l.fed = map[int64]bool{}
	}
	l.fed[id] = whole
	return 1, nil
}

func (l *ledger) Alive(_ context.Context, s rescore.Sign) error {
	l.signs = append(l.signs, s)
	return nil
}

func (l *ledger) TakeOver(_ context.Context, deadline time.Time) (int, error) {
	l.deadline = deadline
	return 0, nil
}

// archive is a source.
type archive struct {
	batches  []rescore.Batch
	scan     error
	whole    bool
	open     error
	fetch    error
	probe    error
	released int
	opened   int
}

func (a *archive) Scan(_ context.Context, after string, each func(rescore.Batch) error) error {
	from := 0
	if after != "" {
		from = 1 + slices.IndexFunc(a.batches, func(b rescore.Batch) bool { return b.Cursor == after })
	}
	for _, b := range a.batches[from:] {
		if err := each(b); err != nil {
			return err
		}
	}
	return a.scan
}

func (a *archive) Whole() bool                 { return a.whole }
func (a *archive) Probe(context.Context) error { return a.probe }

func (a *archive) Open(context.Context, rescore.Rescoring) (rescore.Source, error) {
	a.opened++
	return a, a.open
}

func (a *archive) Fetch(_ context.Context, c rescore.Case) ([]rescore.Fetched, func(), error) {
	if a.fetch != nil {
		return nil, nil, a.fetch
	}
	return []rescore.Fetched{{Name: "a.dcm", Path: "/a.dcm"}}, func() { a.released++ }, nil
}

// readers answer with a reading, or an error.
type readers struct {
	can     error
	reading triage.StudyReading
	err     error
	jobs    []triage.ReadingJob
	// waiting is what happens while a study waits for a core.
	waiting func()
}

func (r *readers) Can(rescore.Rescoring) error { return r.can }

func (r *readers) Read(ctx context.Context, _ rescore.Rescoring, job triage.ReadingJob, ready func(context.Context) error) (triage.StudyReading, error) {
	if r.waiting != nil {
		r.waiting()
	}
	if err := ready(ctx); err != nil {
		return triage.StudyReading{}, err
	}
	r.jobs = append(r.jobs, job)
	return r.reading, r.err
}

// live is busy for so many looks.
type live struct {
	looks int
	err   error
}

func (l *live) Busy(context.Context) (bool, error) {
	l.looks--
	return l.looks >= 0, l.err
}

// bench is a worker and all that it works with.
type bench struct {
	ledger  *ledger
	archive *archive
	readers *readers
	now     time.Time
	log     string
}

func (b *bench) Write(p []byte) (int, error) {
	b.log += string(p)
	return len(p), nil
}

func newBench() *bench {
	return &bench{
		ledger: &ledger{
			r: rescore.Rescoring{ID: 7, Recipe: recipe, State: rescore.StateRunning},
			c: rescore.Case{Begun: 1, Parts: []rescore.Part{
				{StudyUID: "1.1", SeriesUID: "1.1.1", Modality: "CT", Instances: 40},
				{StudyUID: "1.1", SeriesUID: "1.1.2", Modality: "MR", Instances: 9},
			}},
		},
		archive: &archive{},
		readers: &readers{reading: triage.StudyReading{Recipe: recipe}},
		now:     time.Date(2026, 11, 27, 22, 0, 0, 0, time.Local),
	}
}

func (b *bench) worker(l rescore.Live) *rescore.Worker {
	return rescore.NewWorker(rescore.WorkOptions{
		Ledger: b.ledger, Sources: b.archive, Readers: b.readers, Live: l, Name: "w1",
		Log: slog.New(slog.NewTextHandler(b, nil)), Now: func() time.Time { return b.now },
		Pseudonym: func(uid string) string { return fmt.Sprintf("study of %d letters", len(uid)) },
	})
}

func (b *bench) work(t *testing.T) error {
	t.Helper()
	return b.worker(nil).Work(t.Context(), triage.Token{JobID: 1, Attempt: 1}, rescore.Job{Rescoring: 7, StudyUID: "1.1"})
}
