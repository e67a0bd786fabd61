package triage_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/internal/triage"
)

// filling is a data folder whose disk has as much room as the test says.
type filling struct {
	triage.Files
	free atomic.Int64
}

func (f *filling) FreeBytes() (int64, error) { return f.free.Load(), nil }

func onDisk(t *testing.T, log *slog.Logger) (*triage.Service, *filling) {
	t.Helper()
	b := newBench(t)
	disk := &filling{Files: b.store}
	disk.free.Store(1000)
	return triage.New(b.store, disk, readHeader, nil, triage.Options{MinFreeBytes: 100, Log: log}), disk
}

// A disk that becomes full under senders at work is said at the next instance,
// by every way.
func TestTheDiskBecomesFull(t *testing.T) {
	s, disk := onDisk(t, silent())
	sender, err := s.Inbox().Sender()
	require.NoError(t, err)
	u, err := s.Begin(t.Context(), complete)
	require.NoError(t, err)
	defer u.Abort()
	disk.free.Store(99)
	_, err = sender.Take(t.Context(), reader(a1))
	require.ErrorIs(t, err, triage.ErrDiskFull)
	require.ErrorIs(t, u.Put(t.Context(), "f", reader(a1)), triage.ErrDiskFull)
	disk.free.Store(100)
	_, err = sender.Take(t.Context(), reader(a1))
	require.NoError(t, err, "the watermark itself is enough")
	require.NoError(t, u.Put(t.Context(), "f", reader(a1)))
}

func TestALowDiskIsSaidOnce(t *testing.T) {
	var log bytes.Buffer
	s, disk := onDisk(t, slog.New(slog.NewTextHandler(&log, nil)))
	for _, c := range []struct {
		free      int64
		low, full bool
		say       string
	}{
		{200, false, false, ""},
		{199, true, false, "level=WARN"},
		{150, true, false, ""},
		{99, true, true, "level=ERROR"},
		{99, true, true, ""},
		{100, true, false, "level=WARN"},
		{1000, false, false, "room again"},
	} {
		disk.free.Store(c.free)
		log.Reset()
		require.NoError(t, s.WatchDisk(t.Context()))
		d, err := s.Disk()
		require.NoError(t, err)
		require.Equal(t, []bool{c.low, c.full}, []bool{d.Low(), d.Full()}, "%d", c.free)
		require.Equal(t, c.say == "", log.Len() == 0, "%d", c.free)
		require.True(t, strings.Contains(log.String(), c.say), "%d: %s", c.free, log.String())
	}
}

// heard is a Meter.
type heard struct {
	took    map[triage.Outcome]int
	read    map[triage.State]time.Duration
	trouble []triage.TroubleKind
}

func (h *heard) Took(o triage.Outcome, n int)             { h.took[o] += n }
func (h *heard) Read(s triage.State, since time.Duration) { h.read[s] = since }
func (h *heard) Trouble(k triage.TroubleKind)             { h.trouble = append(h.trouble, k) }

func TestWhatAMeterHears(t *testing.T) {
	h := &heard{took: map[triage.Outcome]int{}, read: map[triage.State]time.Duration{}}
	b := newBench(t, func(o *triage.Options) { o.Meter = h })
	changed, newer := a1, a1
	changed.pixels, newer.note = "other", "newer"
	b.send(complete, a1, a2, a1, changed, newer)
	require.Equal(t, map[triage.Outcome]int{triage.Accept: 2, triage.Repeat: 1, triage.Quarantine: 1, triage.NewVersion: 1}, h.took)
	b.clock.advance(time.Minute)
	good := b.read
	b.read = func(_ context.Context, job triage.ReadingJob, progress func(triage.Progress)) (triage.StudyReading, error) {
		return triage.StudyReading{}, triage.ErrWorkerDied
	}
	j := b.begin("read")
	require.Error(t, b.Read(t.Context(), j.token, j.study))
	require.Equal(t, []triage.TroubleKind{triage.TroubleCrash}, h.trouble)
	require.Empty(t, h.read)
	b.again(j)
	b.clock.advance(time.Minute)
	b.read = good
	require.NoError(t, b.readNow())
	require.Equal(t, map[triage.State]time.Duration{triage.Done: 2 * time.Minute}, h.read)
}
