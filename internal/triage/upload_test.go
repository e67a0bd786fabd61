package triage_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/ctwriter"
	"nafas/dicomio/part10"
	"nafas/dicomio/refusal"
	"nafas/internal/triage"
)

var (
	a1 = file{study: "1.2", series: "1.2.1", sop: "1.2.1.1", patient: "P", pixels: "x"}
	a2 = file{study: "1.2", series: "1.2.1", sop: "1.2.1.2", patient: "P", pixels: "y"}

	complete = triage.Submission{Complete: true}
)

func TestCompleteStudyIsReadAndKept(t *testing.T) {
	b := newBench(t)
	r := b.send(complete, a1, a2)
	require.Equal(t, triage.Receipt{StudyUIDs: []string{"1.2"}, Accepted: 2}, r)
	s := b.study("1.2")
	require.Equal(t, triage.Waiting, s.State)
	require.Equal(t, 2, s.Instances)
	require.Equal(t, triage.RequestRoutine, s.RequestPriority)

	require.NoError(t, b.readNow())
	s = b.study("1.2")
	require.Equal(t, triage.Done, s.State)
	require.Equal(t, triage.PriorityHigh, s.Priority)
	require.NotEmpty(t, s.PriorityReasons)
	require.Len(t, s.Series, 1)
	require.Equal(t, 2, s.Series[0].Instances)
	require.Len(t, s.Series[0].Result.Findings, 1)
	require.Empty(t, b.jobs(), "the job ended with the result")
}

func TestSameBytesAgainAreNoWork(t *testing.T) {
	b := newBench(t)
	b.send(complete, a1, a2)
	require.NoError(t, b.readNow())
	before := b.study("1.2")
	b.clock.advance(time.Hour)

	r := b.send(complete, a1, a2)
	require.Equal(t, triage.Receipt{StudyUIDs: []string{"1.2"}, Repeated: 2}, r)
	require.Equal(t, before, b.study("1.2"), "nothing of the study changed")
	require.Empty(t, b.jobs())
	require.Len(t, b.stored("instances"), 2)
	require.Empty(t, b.stored("spool"))
}

func TestNewHeaderVersionIsKeptBesideTheFirst(t *testing.T) {
	b := newBench(t)
	b.send(complete, a1, a2)
	require.NoError(t, b.readNow())

	newer := a1
	newer.note = "station renamed"
	require.Equal(t, 1, b.send(complete, newer).Repeated)
	require.Empty(t, b.jobs(), "nothing that a reading depends on changed")
	require.Len(t, b.stored("instances"), 3)

	newer.kernel = "B70"
	require.Equal(t, 1, b.send(complete, newer).Repeated)
	require.Len(t, b.jobs(), 1, "the kernel decides which series is read")
	require.NoError(t, b.readNow())
	require.Equal(t, triage.Done, b.study("1.2").State)
}

func TestChangedDuplicateIsQuarantined(t *testing.T) {
	b := newBench(t)
	b.send(complete, a1, a2)
	changed := a1
	changed.pixels = "other"
	for range 2 {
		r := b.send(complete, changed)
		require.Zero(t, r.Accepted+r.Repeated)
		require.Equal(t, refusal.ChangedDuplicate, r.Refused[0].Err.Reason)
		require.Equal(t, "file0", r.Refused[0].Name)
	}
	s := b.study("1.2")
	require.Equal(t, 2, s.Instances)
	require.Equal(t, 1, s.Quarantined, "the same bytes are kept once")
	require.Len(t, b.stored("quarantine"), 1)
	require.Len(t, b.stored("instances"), 2)
}

// TestOneImageInTwoTransferSyntaxes: a PACS may send what it has in another
// encoding than before; that is no changed image.
func TestOneImageInTwoTransferSyntaxes(t *testing.T) {
	b := newBench(t)
	s := triage.New(b.store, b.store, triage.ReadHeader, nil, triage.Options{MinFreeBytes: 1, Log: silent()})
	send := func(transferSyntax string, hu int16) triage.Receipt {
		v := chest(1, 2.5)
		v.HU[0] = hu
		files, err := ctwriter.Instances(v, ctwriter.Options{Seed: "a", TransferSyntax: transferSyntax})
		require.NoError(t, err)
		u, err := s.Begin(t.Context(), complete)
		require.NoError(t, err)
		require.NoError(t, u.Put(t.Context(), "f", bytes.NewReader(files[0])))
		r, err := u.Commit(t.Context())
		require.NoError(t, err)
		return r
	}
	require.Equal(t, 1, send(part10.ExplicitLE, -1000).Accepted)
	require.Equal(t, 1, send(part10.ExplicitBE, -1000).Repeated)
	require.Equal(t, 1, send(part10.ExplicitBE, -1000).Repeated)
	require.Equal(t, 1, send(part10.DeflatedLE, -1000).Repeated)
	r := send(part10.ImplicitLE, -999)
	require.Len(t, r.Refused, 1)
	require.Equal(t, refusal.ChangedDuplicate, r.Refused[0].Err.Reason)
	require.Len(t, b.stored("instances"), 3)
}

func TestTwinsInOneUpload(t *testing.T) {
	b := newBench(t)
	other := a1
	other.pixels = "other"
	r := b.send(complete, a1, a1, other)
	require.Equal(t, 1, r.Accepted)
	require.Equal(t, 1, r.Repeated)
	require.Equal(t, refusal.ChangedDuplicate, r.Refused[0].Err.Reason)
	require.Len(t, b.stored("instances"), 1)
	require.Len(t, b.stored("quarantine"), 1)
}

func TestInstanceUnderAnotherStudyIsQuarantined(t *testing.T) {
	b := newBench(t)
	b.send(complete, a1)
	moved := a1
	moved.study = "1.3"
	require.Equal(t, refusal.ChangedDuplicate, b.send(complete, moved).Refused[0].Err.Reason)
	s := b.study("1.3")
	require.Equal(t, triage.NotAssessed, s.State, "a study of which nothing could be taken in is on the list")
	require.Equal(t, triage.PriorityNotAssessed, s.Priority)
	require.Equal(t, refusal.NoUsableSeries, s.NotAssessed.Reason)
	require.Equal(t, 1, s.Quarantined)
}

func TestUnreadableFilesDoNotLoseTheRest(t *testing.T) {
	b := newBench(t)
	bad := a2
	bad.pixels = "unsupported"
	r := b.sendBytes(complete, "garbage", a1.bytes(), "", bad.bytes())
	require.Equal(t, 1, r.Accepted)
	require.Len(t, r.Refused, 3)
	require.Equal(t, "file0", r.Refused[0].Name)
	require.Equal(t, refusal.Malformed, r.Refused[0].Err.Reason)
	require.Equal(t, refusal.Unsupported, r.Refused[2].Err.Reason)
	require.Equal(t, 1, b.study("1.2").Quarantined, "only the one whose study could be read")
	require.Len(t, b.stored("quarantine"), 3)
}

func TestTooLargeFileIsRefusedAndNotKept(t *testing.T) {
	b := newBench(t, func(o *triage.Options) { o.MaxFileBytes = int64(len(a1.bytes())) })
	r := b.sendBytes(complete, a1.bytes()+"too long", a1.bytes())
	require.Equal(t, 1, r.Accepted)
	require.Equal(t, refusal.TooLarge, r.Refused[0].Err.Reason)
	require.Empty(t, b.stored("quarantine"))
	require.Empty(t, b.stored("spool"))
}

func TestAbortLeavesNothing(t *testing.T) {
	b := newBench(t)
	u, err := b.Begin(t.Context(), complete)
	require.NoError(t, err)
	require.NoError(t, u.Put(t.Context(), "f", reader(a1)))
	u.Abort()
	u.Abort()
	require.Error(t, u.Put(t.Context(), "f", reader(a2)))
	_, err = u.Commit(t.Context())
	require.Error(t, err)
	_, err = b.Study(t.Context(), "1.2")
	require.ErrorIs(t, err, triage.ErrNotFound)
	require.Empty(t, b.stored("spool"))
}

func TestIntakeStopsAtTheWatermark(t *testing.T) {
	b := newBench(t, func(o *triage.Options) { o.MinFreeBytes = 1 << 60 })
	_, err := b.Begin(t.Context(), complete)
	require.ErrorIs(t, err, triage.ErrDiskFull)
	require.ErrorIs(t, err, triage.ErrBusy)
	require.Contains(t, triage.BusyText(err), "MiB are free")
}

func TestTooManyUploadsAreBusy(t *testing.T) {
	b := newBench(t, func(o *triage.Options) { o.MaxUploads = 1 })
	u, err := b.Begin(t.Context(), complete)
	require.NoError(t, err)
	_, err = b.Begin(t.Context(), complete)
	require.ErrorIs(t, err, triage.ErrBusy)
	require.NotErrorIs(t, err, triage.ErrDiskFull)
	u.Abort()
	b.send(complete, a1)
}

// stored lists the files below a folder of the data folder.
func (b *bench) stored(folder string) []string {
	b.t.Helper()
	var out []string
	require.NoError(b.t, filepath.WalkDir(filepath.Join(b.dir, folder), func(path string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			out = append(out, path)
		}
		return err
	}))
	return out
}
