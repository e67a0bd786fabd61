package triage_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/refusal"
	"nafas/internal/store"
	"nafas/internal/triage"
)

func (b *bench) sender() *triage.Sender {
	b.t.Helper()
	s, err := b.Inbox().Sender()
	require.NoError(b.t, err)
	return s
}

func (b *bench) take(s *triage.Sender, f file) triage.Taken {
	b.t.Helper()
	taken, err := s.Take(b.t.Context(), reader(f))
	require.NoError(b.t, err)
	return taken
}

// inbox are the names in the inbox that hold something.
func (b *bench) inbox() int {
	b.t.Helper()
	entries, err := os.ReadDir(filepath.Join(b.dir, "inbox"))
	require.NoError(b.t, err)
	n := 0
	for _, e := range entries {
		info, err := e.Info()
		require.NoError(b.t, err)
		if info.Size() > 0 {
			n++
		}
	}
	return n
}

func TestInstancesOneByOne(t *testing.T) {
	b := newBench(t)
	s := b.sender()
	for _, c := range []struct {
		file file
		want triage.Outcome
	}{
		{a1, triage.Accept},
		{a2, triage.Accept},
		{a1, triage.Repeat},
		{file{study: "1.2", series: "1.2.1", sop: "1.2.1.1", patient: "P", pixels: "x", note: "newer"}, triage.NewVersion},
		{file{study: "1.2", series: "1.2.1", sop: "1.2.1.1", patient: "P", pixels: "changed"}, triage.Quarantine},
	} {
		require.Equal(t, c.want, b.take(s, c.file).Outcome, "%+v: judged before anything is recorded", c.file)
	}
	broken, err := s.Take(t.Context(), strings.NewReader("broken"))
	require.NoError(t, err)
	require.Equal(t, refusal.Malformed, broken.Refusal.Reason)
	require.Equal(t, 6, b.Inbox().Waiting())
	_, err = b.Study(t.Context(), "1.2")
	require.ErrorIs(t, err, triage.ErrNotFound)
	kept, err := b.Inbox().Promise(t.Context(), []string{"1.2.1.1", "9.9"})
	require.NoError(t, err)
	require.Equal(t, map[string]bool{"1.2.1.1": true}, kept, "what is durable is kept, recorded or not")

	require.NoError(t, b.Inbox().Record(t.Context()))
	study := b.study("1.2")
	require.Equal(t, 2, study.Instances)
	require.Equal(t, triage.Receiving, study.State)
	require.Equal(t, 1, study.Quarantined)
	require.Zero(t, b.Inbox().Waiting())
	require.Zero(t, b.inbox(), "what is recorded has left the inbox")
	require.Len(t, b.stored("instances"), 3)
	require.Len(t, b.stored("quarantine"), 2)
	require.Equal(t, triage.Repeat, b.take(s, a1).Outcome, "judged by what is recorded")
}

func TestAReaderThatBreaksLeavesNothing(t *testing.T) {
	b := newBench(t)
	s := b.sender()
	_, err := s.Take(t.Context(), io.MultiReader(reader(a1), errorReader{}))
	require.ErrorIs(t, err, errTest)
	require.Zero(t, b.Inbox().Waiting())
	require.Zero(t, b.inbox())
}

type errorReader struct{}

func (errorReader) Read([]byte) (int, error) { return 0, errTest }

// The reader says that a broken sender's bytes were whole (an io.Reader may
// end with io.ErrUnexpectedEOF): they are not taken for a file.
func TestHalfAFileIsNoFile(t *testing.T) {
	b := newBench(t)
	_, err := b.sender().Take(t.Context(), io.MultiReader(reader(a1), brokenReader{}))
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.Zero(t, b.Inbox().Waiting())
	require.Zero(t, b.inbox())
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// Files larger than what is held in memory are read from the disk again.
func TestLargeFilesOneByOne(t *testing.T) {
	b := newBench(t)
	large := a1
	large.note = strings.Repeat("x", 3<<20)
	require.Equal(t, triage.Accept, b.take(b.sender(), large).Outcome)
	require.NoError(t, b.Inbox().Record(t.Context()))
	require.Equal(t, 1, b.study("1.2").Instances)
	require.Equal(t, triage.Repeat, b.take(b.sender(), large).Outcome)
}

func TestAStudyDoesNotSettleWhileItIsSent(t *testing.T) {
	b := newBench(t)
	slow, other := b.sender(), b.sender()
	b.take(slow, a1)
	b.take(other, file{study: "1.3", series: "1.3.1", sop: "1.3.1.1", patient: "Q", pixels: "z"})
	require.NoError(t, b.Inbox().Record(t.Context()))
	require.Equal(t, []string{"1.2", "1.3"}, b.Inbox().Sending())
	other.End()

	b.clock.advance(2 * time.Minute)
	for range 2 {
		j := b.begin("settle")
		again, err := b.Settle(t.Context(), j.token, j.study, b.clock.now())
		require.NoError(t, err)
		require.Equal(t, j.study == "1.2", !again.IsZero(), "the sender of 1.2 is still there")
	}
	require.Equal(t, triage.Waiting, b.study("1.3").State)
	require.Equal(t, triage.Receiving, b.study("1.2").State)

	b.clock.advance(29 * time.Minute)
	var settling job
	for _, j := range b.jobs() {
		if j.study == "1.2" {
			settling = j
		}
	}
	again, err := b.Settle(t.Context(), settling.token, "1.2", b.clock.now())
	require.NoError(t, err)
	require.Zero(t, again, "an association that never ends holds nothing for ever")
	require.Equal(t, triage.Waiting, b.study("1.2").State)
}

// A crash after the answer and before the rows: the next server takes up what
// was acknowledged, once.
func TestACrashBeforeTheRows(t *testing.T) {
	b := newBench(t)
	s := b.sender()
	b.take(s, a1)
	b.take(s, a2)
	partial := filepath.Join(b.dir, "inbox", "partial")
	require.NoError(t, os.WriteFile(partial, []byte("1.2|1.2.1"), 0o600), "a file that was on its way")

	again := triage.New(b.store, b.store, readHeader, nil, triage.Options{MinFreeBytes: 1, Log: silent()})
	require.NoError(t, again.Inbox().Recover(t.Context()))
	require.Equal(t, 2, b.study("1.2").Instances)
	require.Len(t, b.jobs(), 1, "it settles like any other")
	require.Zero(t, b.inbox())
	require.Len(t, b.stored("quarantine"), 1, "what cannot be read is kept, and read by nobody")
	require.NoError(t, again.Inbox().Recover(t.Context()))
	require.Equal(t, 2, b.study("1.2").Instances)
}

// What the sender of an instance was answered holds, whoever sends another
// version of it by another way before it is recorded.
func TestAnAnswerHoldsAgainstOtherSenders(t *testing.T) {
	b := newBench(t)
	require.Equal(t, triage.Accept, b.take(b.sender(), a1).Outcome)
	other := a1
	other.pixels = "changed"
	r := b.send(triage.Submission{}, other)
	require.Len(t, r.Refused, 1, "the one that was acknowledged came first")
	require.Zero(t, b.Inbox().Waiting())
	require.Equal(t, triage.Repeat, b.take(b.sender(), a1).Outcome)
}

// One that was refused does not count as known for the next.
func TestWhatWasRefusedIsNotExpected(t *testing.T) {
	b := newBench(t)
	s := b.sender()
	b.take(s, a1)
	require.NoError(t, b.Inbox().Record(t.Context()))
	changed := a1
	changed.pixels = "changed"
	for range 2 {
		require.Equal(t, triage.Quarantine, b.take(s, changed).Outcome)
	}
}

// The same image in two transfer syntaxes, the first not yet recorded.
func TestTwoEncodingsAtOnce(t *testing.T) {
	b := newBench(t, func(o *triage.Options) { o.SameImage = func(x, y []byte) bool { return len(x) > 0 && len(y) > 0 } })
	s := b.sender()
	require.Equal(t, triage.Accept, b.take(s, a1).Outcome)
	other := a1
	other.pixels = "the same, compressed"
	require.Equal(t, triage.NewVersion, b.take(s, other).Outcome)
	require.NoError(t, b.Inbox().Record(t.Context()))
	require.Equal(t, 1, b.study("1.2").Instances)
	require.Zero(t, b.study("1.2").Quarantined)
}

// flaky is a store whose Record fails some times.
type flaky struct {
	*store.SQLite
	fails int
}

func (f *flaky) Record(ctx context.Context, in triage.Intake) (triage.Recorded, error) {
	if f.fails > 0 {
		f.fails--
		return triage.Recorded{}, errTest
	}
	return f.SQLite.Record(ctx, in)
}

func TestWhatCannotBeRecordedStays(t *testing.T) {
	b := newBench(t)
	st := &flaky{SQLite: b.store, fails: 1}
	svc := triage.New(st, b.store, readHeader, nil, triage.Options{MinFreeBytes: 1, Log: silent()})
	s, err := svc.Inbox().Sender()
	require.NoError(t, err)
	_, err = s.Take(t.Context(), reader(a1))
	require.NoError(t, err)
	require.ErrorIs(t, svc.Inbox().Record(t.Context()), errTest)
	require.Equal(t, 1, svc.Inbox().Waiting())
	require.Equal(t, 1, b.inbox())
	require.NoError(t, svc.Inbox().Record(t.Context()))
	require.Zero(t, svc.Inbox().Waiting())
	require.Equal(t, 1, b.study("1.2").Instances)
}

func TestRunRecordsWhatComesAndWhatIsLeft(t *testing.T) {
	b := newBench(t)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { b.Inbox().Run(ctx); close(ended) }()
	s := b.sender()
	b.take(s, a1)
	require.Eventually(t, func() bool {
		_, err := b.Study(t.Context(), "1.2")
		return !errors.Is(err, triage.ErrNotFound)
	}, 10*time.Second, 10*time.Millisecond)
	b.take(s, a2)
	cancel()
	<-ended
	require.Equal(t, 2, b.study("1.2").Instances)
}

func TestNothingIsTakenWhereTheDiskIsFull(t *testing.T) {
	b := newBench(t, func(o *triage.Options) { o.MinFreeBytes = 1 << 60 })
	_, err := b.Inbox().Sender()
	require.ErrorIs(t, err, triage.ErrDiskFull)
}
