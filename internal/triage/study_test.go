package triage_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/refusal"
	"nafas/internal/triage"
)

func TestStudySettlesAfterItsQuietTime(t *testing.T) {
	b := newBench(t)
	b.send(triage.Submission{}, a1)
	require.Equal(t, triage.Receiving, b.study("1.2").State)
	b.clock.advance(30 * time.Second)
	b.send(triage.Submission{}, a2)
	require.Len(t, b.jobs(), 1, "one settle job for both")

	j := b.begin("settle")
	b.clock.advance(30 * time.Second)
	again, err := b.Settle(t.Context(), j.token, j.study, b.clock.now())
	require.NoError(t, err)
	require.Equal(t, b.clock.now().Add(30*time.Second), again.UTC(), "one minute after the last instance")
	require.Equal(t, triage.Receiving, b.study("1.2").State)

	b.clock.advance(30 * time.Second)
	again, err = b.Settle(t.Context(), j.token, j.study, b.clock.now())
	require.NoError(t, err)
	require.Zero(t, again)
	require.Equal(t, triage.Waiting, b.study("1.2").State)
	require.NoError(t, b.readNow())
	require.Equal(t, triage.Done, b.study("1.2").State)
	require.Empty(t, b.jobs())
}

func TestLateInstancesMakeANewReading(t *testing.T) {
	b := newBench(t)
	b.send(complete, a1)
	require.NoError(t, b.readNow())
	first := b.study("1.2").Series[0].Result.Key

	b.send(triage.Submission{}, a2)
	s := b.study("1.2")
	require.Equal(t, triage.Receiving, s.State)
	require.Equal(t, triage.PriorityHigh, s.Priority, "the earlier result keeps its place until there is a new one")
	require.NotNil(t, s.Series[0].Result)

	b.clock.advance(2 * time.Minute)
	j := b.begin("settle")
	_, err := b.Settle(t.Context(), j.token, j.study, b.clock.now())
	require.NoError(t, err)
	require.NoError(t, b.readNow())
	s = b.study("1.2")
	require.Equal(t, triage.Done, s.State)
	require.NotEqual(t, first, s.Series[0].Result.Key)
}

func TestInstancesThatComeWhileReading(t *testing.T) {
	b := newBench(t)
	b.send(complete, a1)
	b.read = func(ctx context.Context, job triage.ReadingJob, progress func(triage.Progress)) (triage.StudyReading, error) {
		b.send(triage.Submission{}, a2)
		return oneFinding(ctx, job, progress)
	}
	require.NoError(t, b.readNow())
	require.Equal(t, triage.Receiving, b.study("1.2").State, "what was read is not all there is")
	b.read = oneFinding
	b.clock.advance(2 * time.Minute)
	j := b.begin("settle")
	_, err := b.Settle(t.Context(), j.token, j.study, b.clock.now())
	require.NoError(t, err)
	require.NoError(t, b.readNow())
	require.Equal(t, triage.Done, b.study("1.2").State)
}

func TestNewerReadingReplacesTheOneThatRuns(t *testing.T) {
	b := newBench(t)
	b.send(complete, a1)
	b.read = func(ctx context.Context, job triage.ReadingJob, progress func(triage.Progress)) (triage.StudyReading, error) {
		b.send(complete, a2)
		require.ErrorIs(t, context.Cause(ctx), triage.ErrFenced, "it is stopped at once")
		// A reader that does not notice in time.
		return oneFinding(ctx, job, progress)
	}
	require.ErrorIs(t, b.readNow(), triage.ErrFenced)
	require.Equal(t, triage.Waiting, b.study("1.2").State)
	require.Nil(t, b.study("1.2").Series[0].Result, "the late result was refused")
	b.read = oneFinding
	require.NoError(t, b.readNow())
	require.Equal(t, triage.Done, b.study("1.2").State)
}

func TestTwoPatientsInOneStudyAreHeld(t *testing.T) {
	other := a2
	other.patient = "Q"
	for name, sub := range map[string]triage.Submission{"complete": complete, "settling": {}} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.send(sub, a1)
			b.send(sub, other)
			s := b.study("1.2")
			require.Equal(t, triage.NotAssessed, s.State)
			require.Equal(t, triage.PriorityNotAssessed, s.Priority)
			require.Equal(t, refusal.PatientMismatch, s.NotAssessed.Reason)
			require.Equal(t, 2, s.Instances, "nothing is lost")
			require.NotContains(t, s.NotAssessed.Error(), "Q")
			for _, j := range b.jobs() {
				require.NotEqual(t, "read", j.kind)
			}

			corrected := other
			corrected.patient = "P"
			require.Equal(t, 1, b.send(complete, corrected).Repeated)
			require.Equal(t, triage.Waiting, b.study("1.2").State, "the newer header solves it")
			require.NoError(t, b.readNow())
			require.Equal(t, triage.Done, b.study("1.2").State)
		})
	}
}

// The remedy that a held study names: send the right files again.
func TestSendingTheFirstFilesAgainFreesAHeldStudy(t *testing.T) {
	b := newBench(t)
	b.send(complete, a1, a2)
	require.NoError(t, b.readNow())
	wrong := a2
	wrong.patient = "Q"
	b.send(complete, wrong)
	require.Equal(t, refusal.PatientMismatch, b.study("1.2").NotAssessed.Reason)

	require.Equal(t, 2, b.send(complete, a1, a2).Repeated)
	require.Equal(t, triage.Waiting, b.study("1.2").State)
	require.NoError(t, b.readNow())
	s := b.study("1.2")
	require.Equal(t, triage.Done, s.State)
	require.NotNil(t, s.Series[0].Result)
	require.Equal(t, 2, s.Instances)
}

// Findings beside two names would be somebody's, and nobody could say whose.
func TestHeldStudyShowsNoEarlierFindings(t *testing.T) {
	b := newBench(t)
	b.send(complete, a1)
	require.NoError(t, b.readNow())
	require.NotNil(t, b.study("1.2").Series[0].Result)
	other := a2
	other.patient = "Q"
	b.send(complete, other)
	for _, series := range b.study("1.2").Series {
		require.Nil(t, series.Result)
		require.Equal(t, refusal.PatientMismatch, series.NotRead.Reason)
	}
}

func TestSecondPatientStopsARunningReading(t *testing.T) {
	b := newBench(t)
	b.send(complete, a1)
	other := a2
	other.patient = "Q"
	b.read = func(ctx context.Context, job triage.ReadingJob, progress func(triage.Progress)) (triage.StudyReading, error) {
		b.send(triage.Submission{}, other)
		return oneFinding(ctx, job, progress)
	}
	require.ErrorIs(t, b.readNow(), triage.ErrFenced)
	require.Equal(t, refusal.PatientMismatch, b.study("1.2").NotAssessed.Reason)
}

func TestJobThatKillsItsWorkerIsSetAside(t *testing.T) {
	b := newBench(t)
	b.send(complete, a1)
	b.read = func(context.Context, triage.ReadingJob, func(triage.Progress)) (triage.StudyReading, error) {
		return triage.StudyReading{}, triage.ErrWorkerDied
	}
	for range triage.MaxTrouble - 1 {
		j := b.begin("read")
		require.ErrorIs(t, b.Read(t.Context(), j.token, j.study), triage.ErrWorkerDied)
		require.Equal(t, triage.Waiting, b.study("1.2").State)
		b.again(j)
	}
	require.NoError(t, b.readNow())
	s := b.study("1.2")
	require.Equal(t, triage.Failed, s.State)
	require.Equal(t, triage.WorkerCrashed, s.NotAssessed.Reason)
	require.Equal(t, triage.PriorityNotAssessed, s.Priority)
	require.Empty(t, b.jobs())

	b.read = oneFinding
	b.send(complete, a1)
	require.NoError(t, b.readNow(), "sending it again, complete, is another try")
	require.Equal(t, triage.Done, b.study("1.2").State)
}

func TestHowAReadingFails(t *testing.T) {
	for name, c := range map[string]struct {
		err    error
		tries  int
		reason refusal.Reason
	}{
		"errors are tried again":   {errTest, triage.MaxTrouble, triage.Internal},
		"limits are not":           {triage.ErrOverLimit, 1, triage.LimitExceeded},
		"crashes are three times ": {triage.ErrWorkerDied, triage.MaxTrouble, triage.WorkerCrashed},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.send(complete, a1)
			tries := 0
			b.read = func(context.Context, triage.ReadingJob, func(triage.Progress)) (triage.StudyReading, error) {
				tries++
				return triage.StudyReading{}, c.err
			}
			for b.study("1.2").State != triage.Failed {
				j := b.begin("read")
				if b.Read(t.Context(), j.token, j.study) != nil {
					b.again(j)
				}
			}
			require.Equal(t, c.tries, tries)
			require.Equal(t, c.reason, b.study("1.2").NotAssessed.Reason)
		})
	}
}

// An earlier study that cannot be compared with does not cost a study its own
// result, however the comparison ends the analysis.
func TestAnEarlierStudyThatCannotBeComparedWith(t *testing.T) {
	for name, c := range map[string]struct {
		err   error
		tries int
	}{
		"errors":  {errTest, triage.MaxTrouble},
		"limits":  {triage.ErrOverLimit, 2},
		"crashes": {triage.ErrWorkerDied, triage.MaxTrouble},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			before := file{study: "1.1", series: "1.2.1", sop: "1.1.1.1", patient: "P", pixels: "z", note: "day 20250101"}
			now := a1
			now.note = "day 20250401"
			b.send(complete, before)
			require.NoError(t, b.readNow())
			b.send(complete, now)
			tries := 0
			var without *triage.Earlier
			b.read = func(ctx context.Context, job triage.ReadingJob, progress func(triage.Progress)) (triage.StudyReading, error) {
				tries++
				if job.Earlier.Why == nil {
					return triage.StudyReading{}, c.err
				}
				without = job.Earlier
				return oneFinding(ctx, job, progress)
			}
			for !b.study("1.2").State.Final() {
				j := b.begin("read")
				if b.Read(t.Context(), j.token, j.study) != nil {
					b.again(j)
				}
			}
			require.Equal(t, triage.Done, b.study("1.2").State)
			require.Equal(t, c.tries, tries)
			require.Equal(t, triage.PriorNotRead, without.Why.Reason, "which says why nothing is compared")
			require.Empty(t, without.Files)
			require.Empty(t, b.jobs(), "and it is not tried for ever")
		})
	}
}

func TestMissingWorkerIsNoStudysFault(t *testing.T) {
	b := newBench(t)
	b.send(complete, a1)
	b.read = func(context.Context, triage.ReadingJob, func(triage.Progress)) (triage.StudyReading, error) {
		return triage.StudyReading{}, triage.ErrNoWorker
	}
	for range 10 * triage.MaxTrouble {
		j := b.begin("read")
		require.ErrorIs(t, b.Read(t.Context(), j.token, j.study), triage.ErrNoWorker)
		require.Equal(t, triage.Waiting, b.study("1.2").State)
		b.again(j)
	}
	b.read = oneFinding
	require.NoError(t, b.readNow())
	require.Equal(t, triage.Done, b.study("1.2").State)
}

func TestKilledServersDoNotCountAsCrashes(t *testing.T) {
	b := newBench(t)
	b.send(complete, a1)
	for range 20 {
		b.again(b.begin("read"))
	}
	require.NoError(t, b.readNow())
	require.Equal(t, triage.Done, b.study("1.2").State)
}

func TestJobThatNeverEndsIsSetAside(t *testing.T) {
	b := newBench(t)
	b.send(complete, a1)
	for range 50 {
		b.again(b.begin("read"))
	}
	require.NoError(t, b.readNow())
	require.Equal(t, triage.WorkerCrashed, b.study("1.2").NotAssessed.Reason)
}

func TestStoppingServerPutsTheJobBack(t *testing.T) {
	b := newBench(t)
	b.send(complete, a1)
	ctx, cancel := context.WithCancel(t.Context())
	b.read = func(ctx context.Context, _ triage.ReadingJob, _ func(triage.Progress)) (triage.StudyReading, error) {
		cancel()
		return triage.StudyReading{}, ctx.Err()
	}
	for range triage.MaxTrouble + 1 {
		j := b.begin("read")
		require.ErrorIs(t, b.Read(ctx, j.token, j.study), context.Canceled)
		b.again(j)
	}
	b.read = oneFinding
	require.NoError(t, b.readNow())
	require.Equal(t, triage.Done, b.study("1.2").State)
}

func TestCancel(t *testing.T) {
	b := newBench(t)
	require.ErrorIs(t, b.Cancel(t.Context(), "1.2"), triage.ErrNotFound)

	b.send(complete, a1)
	b.read = func(ctx context.Context, _ triage.ReadingJob, _ func(triage.Progress)) (triage.StudyReading, error) {
		require.NoError(t, b.Cancel(t.Context(), "1.2"))
		<-ctx.Done()
		return triage.StudyReading{}, ctx.Err()
	}
	require.ErrorIs(t, b.readNow(), triage.ErrFenced)
	s := b.study("1.2")
	require.Equal(t, triage.NotAssessed, s.State)
	require.Equal(t, triage.Cancelled, s.NotAssessed.Reason)
	require.Empty(t, b.jobs())

	b.read = oneFinding
	b.send(complete, a1)
	require.NoError(t, b.readNow())
	done := b.study("1.2")
	require.NoError(t, b.Cancel(t.Context(), "1.2"))
	require.Equal(t, done, b.study("1.2"), "what is final stays")
}

func TestUnfinishedUploadOfACancelledStudyWaitsAgain(t *testing.T) {
	b := newBench(t)
	b.send(triage.Submission{}, a1)
	require.NoError(t, b.Cancel(t.Context(), "1.2"))
	require.Empty(t, b.jobs())
	b.send(triage.Submission{}, a2)
	require.Equal(t, triage.Receiving, b.study("1.2").State)
	require.Nil(t, b.study("1.2").NotAssessed)
	require.Equal(t, triage.PriorityNone, b.study("1.2").Priority)
}

func TestUrgentRequestHurriesAQueuedJob(t *testing.T) {
	b := newBench(t)
	c1 := file{study: "1.3", series: "1.3.1", sop: "1.3.1.1", patient: "P", pixels: "x"}
	b.send(complete, a1)
	b.send(complete, c1)
	require.Equal(t, "1.2", b.jobs()[0].study)
	b.send(triage.Submission{Complete: true, Priority: triage.RequestUrgent}, c1)
	require.Equal(t, "1.3", b.jobs()[0].study)
	require.Equal(t, triage.RequestUrgent, b.study("1.3").RequestPriority)
	require.Len(t, b.jobs(), 2)
}

// A trickle of instances, none of them a quiet time after the one before, is
// read at last.
func TestATrickleIsRead(t *testing.T) {
	b := newBench(t)
	b.send(triage.Submission{}, a1)
	j := b.begin("settle")
	since := b.clock.now()
	for i := range 40 {
		b.clock.advance(50 * time.Second)
		more := a1
		more.sop, more.pixels = fmt.Sprintf("1.2.1.9.%d", i), fmt.Sprint(i)
		b.send(triage.Submission{}, more)
		again, err := b.Settle(t.Context(), j.token, j.study, since)
		require.NoError(t, err)
		if again.IsZero() {
			require.Equal(t, triage.Waiting, b.study("1.2").State)
			require.GreaterOrEqual(t, b.clock.now().Sub(since), 30*time.Minute)
			return
		}
		require.Less(t, b.clock.now().Sub(since), 30*time.Minute)
	}
	require.Fail(t, "it never settled")
}
