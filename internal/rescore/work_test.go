package rescore_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/refusal"
	"nafas/inference/guideline"
	"nafas/inference/suggest"
	"nafas/internal/rescore"
	"nafas/internal/triage"
)

// ends are the states of the series of the one outcome.
func ends(t *testing.T, b *bench) map[string]rescore.SeriesState {
	t.Helper()
	require.Len(t, b.ledger.finished, 1)
	out := map[string]rescore.SeriesState{}
	for _, s := range b.ledger.finished[0].Series {
		require.NotContains(t, out, s.SeriesUID, "each series ends once")
		out[s.SeriesUID] = s.State
		require.Equal(t, s.State == rescore.Scored || s.State == rescore.Unchanged, s.Result != nil)
		require.Equal(t, s.Result == nil, s.Reason != "", "who has no result has a reason")
	}
	return out
}

func result(key string) *triage.Result { return &triage.Result{SeriesUID: "1.1.1", Key: key} }

func TestAStudyIsScored(t *testing.T) {
	b := newBench()
	b.readers.reading = triage.StudyReading{
		Recipe: recipe, Priority: triage.PriorityHigh, PriorityReasons: []triage.PriorityReason{{}},
		Series: []triage.Series{
			{UID: "1.1.1", Modality: "CT", Instances: 40, Result: result("k")},
			{UID: "1.1.2", Modality: "MR", Instances: 9, NotRead: refusal.New(refusal.NotCT, "", "")},
		},
		Assessment: &triage.Assessment{Categories: &suggest.Suggestions{Guidelines: []suggest.ByGuideline{
			{Guideline: guideline.Fleischner2017, Exam: &guideline.Suggestion{Category: "no"}},
			{Guideline: guideline.LungRADS2022, Exam: &guideline.Suggestion{Category: "4A"}},
		}}},
		Refused: []triage.RefusedFile{{Name: "b.dcm", Err: &refusal.Error{Reason: refusal.Malformed, Found: "torn", Remedy: "mend", Err: errors.New("at 5")}}},
	}
	require.NoError(t, b.work(t))
	require.Equal(t, map[string]rescore.SeriesState{"1.1.1": rescore.Scored, "1.1.2": rescore.Skipped}, ends(t, b))
	o := b.ledger.finished[0]
	require.Equal(t, &rescore.Verdict{SeriesUID: "1.1.1", Priority: triage.PriorityHigh, Reasons: []triage.PriorityReason{{}}, LungRADS: "4A"}, o.Verdict)
	require.Equal(t, []rescore.Loose{{Path: "b.dcm", State: rescore.Failed, Reason: "DICOM_MALFORMED", Found: "torn: at 5", Remedy: "mend"}}, o.Loose)
	require.Equal(t, "w1", o.Worker)
	require.Equal(t, b.now, o.At)
	require.Equal(t, recipe, b.ledger.recipe)
	require.Equal(t, 1, b.archive.released, "what was fetched is given back")
	require.Equal(t, triage.ReadingJob{StudyUID: "1.1", Unvetted: true, Files: []triage.ReadingFile{{Path: "/a.dcm", Name: "a.dcm"}}}, b.readers.jobs[0])
}

func TestWhatIsKnownIsUnchanged(t *testing.T) {
	b := newBench()
	b.ledger.c.Known = map[string]triage.Result{"k": *result("k")}
	b.readers.reading.Series = []triage.Series{{UID: "1.1.1", Result: result("k")}}
	require.NoError(t, b.work(t))
	require.Equal(t, rescore.Unchanged, ends(t, b)["1.1.1"])
	require.Equal(t, b.ledger.c.Known, b.readers.jobs[0].Known)
}

func TestTheSameFilesAsBeforeAreNotRead(t *testing.T) {
	b := newBench()
	b.ledger.c.Earlier = &rescore.Outcome{StudyUID: "1.1", Verdict: &rescore.Verdict{}, Series: []rescore.SeriesOutcome{
		{SeriesUID: "1.1.1", State: rescore.Scored, Result: result("k")},
		{SeriesUID: "1.1.2", State: rescore.Skipped, Reason: "NOT_CT"},
	}}
	require.NoError(t, b.work(t))
	require.Equal(t, map[string]rescore.SeriesState{"1.1.1": rescore.Unchanged, "1.1.2": rescore.Skipped}, ends(t, b))
	require.Empty(t, b.readers.jobs)
	require.Equal(t, rescore.Scored, b.ledger.c.Earlier.Series[0].State, "the earlier outcome itself is left as it is")
}

// A reader that says nothing of a series, or nothing at all, loses none.
func TestNoSeriesVanishes(t *testing.T) {
	b := newBench()
	require.NoError(t, b.work(t))
	require.Equal(t, map[string]rescore.SeriesState{"1.1.1": rescore.Failed, "1.1.2": rescore.Skipped}, ends(t, b))

	b = newBench()
	b.readers.reading.Series = []triage.Series{{UID: "1.1.1"}, {UID: "1.1.3", NotRead: refusal.New(refusal.Localizer, "", "")}}
	require.NoError(t, b.work(t))
	require.Equal(t, map[string]rescore.SeriesState{"1.1.1": rescore.Failed, "1.1.2": rescore.Skipped, "1.1.3": rescore.Skipped}, ends(t, b))
}

func TestWhatEndsAStudy(t *testing.T) {
	crash := map[triage.TroubleKind]int{triage.TroubleCrash: 2}
	for name, c := range map[string]struct {
		set    func(b *bench)
		reason string
	}{
		"broken files":    {func(b *bench) { b.archive.fetch = refusal.New(rescore.ReasonGone, "", "") }, rescore.ReasonGone},
		"over the limit":  {func(b *bench) { b.readers.err = triage.ErrOverLimit }, "LIMIT_EXCEEDED"},
		"the third crash": {func(b *bench) { b.readers.err, b.ledger.trouble = triage.ErrWorkerDied, crash }, "WORKER_CRASHED"},
		"the third error": {func(b *bench) {
			b.readers.err, b.ledger.trouble = errors.New("no"), map[triage.TroubleKind]int{triage.TroubleError: 2}
		}, "INTERNAL"},
		"begun too often": {func(b *bench) { b.ledger.c.Begun = 31 }, "WORKER_CRASHED"},
		"its archive's own fault": {func(b *bench) {
			b.archive.fetch, b.ledger.trouble = errors.New("500"), map[triage.TroubleKind]int{"source": 5}
		}, rescore.ReasonNotHandedOut},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench()
			c.set(b)
			require.NoError(t, b.work(t))
			require.Equal(t, map[string]rescore.SeriesState{"1.1.1": rescore.Failed, "1.1.2": rescore.Skipped}, ends(t, b))
			require.Equal(t, c.reason, b.ledger.finished[0].Series[0].Reason)
			require.NotContains(t, b.log, "1.1.1", "no UID in the log")
		})
	}
}

func TestWhatIsTriedAgain(t *testing.T) {
	for name, c := range map[string]struct {
		set  func(b *bench)
		kind triage.TroubleKind
	}{
		"the second crash": {func(b *bench) {
			b.readers.err, b.ledger.trouble = triage.ErrWorkerDied, map[triage.TroubleKind]int{triage.TroubleCrash: 1}
		}, triage.TroubleCrash},
		"an error": {func(b *bench) { b.readers.err = errors.New("no") }, triage.TroubleError},
		"no worker, however often": {func(b *bench) {
			b.readers.err, b.ledger.trouble = triage.ErrNoWorker, map[triage.TroubleKind]int{triage.TroubleNoWorker: 99}
		}, triage.TroubleNoWorker},
		"a spool that is full, however often": {func(b *bench) {
			b.archive.fetch, b.ledger.trouble = rescore.ErrSpool, map[triage.TroubleKind]int{triage.TroubleNoWorker: 99, "source": 99}
		}, triage.TroubleNoWorker},
		"an archive that does not reach us, however often": {func(b *bench) {
			b.archive.fetch = fmt.Errorf("%w: address already in use", rescore.ErrNotThisStudy)
			b.ledger.trouble = map[triage.TroubleKind]int{triage.TroubleNoWorker: 99, "source": 99}
		}, triage.TroubleNoWorker},
		"an archive that is down, however often": {func(b *bench) {
			b.archive.fetch, b.archive.probe = errors.New("refused"), errors.New("down")
			b.ledger.trouble = map[triage.TroubleKind]int{"source": 99}
		}, "source"},
		"a file that went away at the last moment": {func(b *bench) { b.readers.reading.Refused = unreadableFile }, "source"},
		"a series that went away at the last moment": {func(b *bench) {
			b.readers.reading.Series = []triage.Series{{UID: "1.1.1", NotRead: unreadableFile[0].Err}}
		}, "source"},
		"a share that is down, however often": {func(b *bench) {
			b.readers.reading.Refused, b.archive.probe = unreadableFile, errors.New("down")
			b.ledger.trouble = map[triage.TroubleKind]int{"source": 99}
		}, "source"},
		"an archive's first failures": {func(b *bench) { b.archive.fetch = errors.New("500") }, "source"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench()
			c.set(b)
			before := b.ledger.trouble[c.kind]
			require.Error(t, b.work(t))
			require.Equal(t, before+1, b.ledger.trouble[c.kind])
			require.Empty(t, b.ledger.finished)
		})
	}
}

var unreadableFile = []triage.RefusedFile{{Name: "b.dcm", Err: refusal.New(refusal.Unreadable, "", "no such device")}}

// A file that cannot be read again and again, of an archive that is there, ends as
// such; the rest of the study is read without it.
func TestAFileThatStaysUnreadable(t *testing.T) {
	b := newBench()
	b.readers.reading = triage.StudyReading{Series: []triage.Series{{UID: "1.1.1", Result: result("k")}}, Refused: unreadableFile}
	b.ledger.trouble = map[triage.TroubleKind]int{"source": 5}
	require.NoError(t, b.work(t))
	require.Equal(t, map[string]rescore.SeriesState{"1.1.1": rescore.Scored, "1.1.2": rescore.Skipped}, ends(t, b))
	require.Equal(t, rescore.ReasonUnreadable, b.ledger.finished[0].Loose[0].Reason)
	require.EqualValues(t, rescore.ReasonUnreadable, refusal.Unreadable)
}

func TestStoppingGivesTheStudyBack(t *testing.T) {
	b := newBench()
	b.readers.err = context.Canceled
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, b.worker(nil).Work(ctx, triage.Token{}, rescore.Job{}))
	require.Equal(t, 1, b.ledger.returned)
	require.Empty(t, b.ledger.trouble)
	require.Empty(t, b.ledger.finished)
}

func TestOutsideOfItsWindowAStudyWaits(t *testing.T) {
	b := newBench()
	b.ledger.r.Limits.Window = "02:00-06:00"
	require.NoError(t, b.work(t))
	require.Equal(t, 1, b.ledger.returned)
	require.Empty(t, b.readers.jobs)
	b.ledger.r.Limits.Window = "20:00-06:00"
	require.NoError(t, b.work(t))
	require.Len(t, b.readers.jobs, 1)
}

func TestAPausedRescoringIsNotRead(t *testing.T) {
	b := newBench()
	b.ledger.claim = rescore.ErrNotNow
	require.NoError(t, b.work(t))
	require.Empty(t, b.readers.jobs)
}

func TestALateResultIsNotUsed(t *testing.T) {
	b := newBench()
	b.ledger.finish = []error{errors.New("connection refused"), triage.ErrFenced}
	require.ErrorIs(t, b.work(t), triage.ErrFenced, "a ledger that is away is tried again, until it says that the study is another's")
	require.Empty(t, b.ledger.finished)
}

func TestAnotherRecipeIsNotTriedAgain(t *testing.T) {
	b := newBench()
	b.ledger.finish = []error{rescore.ErrOtherRecipe}
	require.ErrorIs(t, b.work(t), rescore.ErrOtherRecipe)
}

func TestLiveStudiesGoFirst(t *testing.T) {
	b, l := newBench(), &live{looks: 2}
	require.NoError(t, b.worker(l).Work(t.Context(), triage.Token{}, rescore.Job{}))
	require.Len(t, b.readers.jobs, 1)
	require.Negative(t, l.looks, "it was read when nothing live waited any more")

	b, l = newBench(), &live{err: errors.New("locked")}
	b.ledger.trouble = map[triage.TroubleKind]int{triage.TroubleNoWorker: 99}
	require.Error(t, b.worker(l).Work(t.Context(), triage.Token{}, rescore.Job{}))
	require.Empty(t, b.readers.jobs, "where it is not known whether live studies wait, none is read")
	require.Empty(t, b.ledger.finished, "which is no study's fault, however often")
}

// A study that was fetched ahead waits for a core, and meanwhile things change.
func TestWhatChangesWhileAStudyWaitsForACore(t *testing.T) {
	for name, change := range map[string]func(b *bench, l *live){
		"a live study comes":       func(_ *bench, l *live) { l.looks = 2 },
		"its window closes":        func(b *bench, _ *live) { b.ledger.r.Limits.Window = "02:00-06:00" },
		"the rescoring is paused":  func(b *bench, _ *live) { b.ledger.r.State = rescore.StatePaused },
		"the rescoring is through": func(b *bench, _ *live) { b.ledger.r.State = rescore.StateCancelled },
	} {
		t.Run(name, func(t *testing.T) {
			b, l := newBench(), &live{}
			b.readers.waiting = func() { change(b, l) }
			require.NoError(t, b.worker(l).Work(t.Context(), triage.Token{}, rescore.Job{}))
			if name == "a live study comes" {
				require.Negative(t, l.looks, "it went first")
				require.Len(t, b.readers.jobs, 1)
				return
			}
			require.Empty(t, b.readers.jobs)
			require.Equal(t, 1, b.ledger.returned, "it waits to be fed again")
		})
	}
}
