package store_test

import (
	"fmt"
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

const day = 24 * time.Hour

var (
	oneDay = triage.KeepRule{Done: day, NotAssessed: day, Failed: day}
	later  = time.Now().Add(1000 * time.Hour)
)

// kept has a study forgotten, if it may be, after more than its days.
func kept(t *testing.T, s *store.SQLite, uid string) triage.Kept {
	t.Helper()
	out, err := s.Forget(t.Context(), uid, later, oneDay)
	require.NoError(t, err)
	return out
}

func TestWhatKeepsImages(t *testing.T) {
	deliver := func(t *testing.T, s *store.SQLite) {
		token, d := next(t, s)
		require.NoError(t, s.Delivered(t.Context(), token, d.ID, noon, nil))
	}
	done := func(t *testing.T, s *store.SQLite) { finish(t, s, "1.2/1/1/P/x/", resultOf("1.2", "k1")) }
	for _, c := range []struct {
		name string
		to   []string
		make func(t *testing.T, s *store.SQLite)
		want triage.Kept
	}{
		{"nobody is to be told", nil, done, ""},
		{"delivered to all", []string{"A", "B"}, func(t *testing.T, s *store.SQLite) { done(t, s); deliver(t, s); deliver(t, s) }, ""},
		{"one of two does not have it yet", []string{"A", "B"}, func(t *testing.T, s *store.SQLite) { done(t, s); deliver(t, s) }, triage.KeptUndelivered},
		{"a dead letter waits for a person", []string{"A"}, func(t *testing.T, s *store.SQLite) {
			done(t, s)
			token, d := next(t, s)
			require.NoError(t, s.DeliveryFailed(t.Context(), token, d.ID, noon, triage.DeliveryFailure{Dead: true}))
		}, triage.KeptUndelivered},
		{"a newer result is on its way", []string{"A"}, func(t *testing.T, s *store.SQLite) {
			done(t, s)
			deliver(t, s)
			finish(t, s, "1.2/1/2/P/y/", resultOf("1.2", "k2"))
		}, triage.KeptUndelivered},
		{"a dead letter that was made up for", []string{"A"}, func(t *testing.T, s *store.SQLite) {
			done(t, s)
			token, d := next(t, s)
			require.NoError(t, s.DeliveryFailed(t.Context(), token, d.ID, noon, triage.DeliveryFailure{Dead: true}))
			finish(t, s, "1.2/1/2/P/y/", resultOf("1.2", "k2"))
			deliver(t, s)
		}, ""},
		{"why it was not read was delivered", []string{"A"}, func(t *testing.T, s *store.SQLite) {
			finish(t, s, "1.2/1/1/P/x/", notRead("1.2", 1))
			deliver(t, s)
		}, ""},
		{"that it failed was delivered", []string{"A"}, func(t *testing.T, s *store.SQLite) {
			finish(t, s, "1.2/1/1/P/x/", notRead("1.2", 0))
			deliver(t, s)
			record(t, s, true, "1.2/1/2/P/y/")
			require.NoError(t, s.GiveUp(t.Context(), begin(t, s, "read"), "1.2", noon, refusal.New(triage.WorkerCrashed, "", ""), recipe))
			deliver(t, s)
		}, ""},
		{"cancelled: nothing is to be said", []string{"A"}, func(t *testing.T, s *store.SQLite) {
			record(t, s, true, "1.2/1/1/P/x/")
			_, err := s.Cancel(t.Context(), "1.2", noon, refusal.New(triage.Cancelled, "", ""))
			require.NoError(t, err)
		}, ""},
		{"without CT nothing is said", []string{"A"}, func(t *testing.T, s *store.SQLite) {
			record(t, s, true, "1.2/1/1/P/x/")
			_, err := s.DB().ExecContext(t.Context(), `UPDATE series SET modality = 'SR'`)
			require.NoError(t, err)
			token := begin(t, s, "read")
			job, err := s.StartReading(t.Context(), token, "1.2", noon, recipe)
			require.NoError(t, err)
			r := notRead("1.2", 0)
			r.Key = job.Key
			require.NoError(t, s.FinishReading(t.Context(), token, noon, r))
		}, ""},
		{"not read yet", nil, func(t *testing.T, s *store.SQLite) { record(t, s, true, "1.2/1/1/P/x/") }, triage.KeptBusy},
		{"final, and more has come", nil, func(t *testing.T, s *store.SQLite) { done(t, s); record(t, s, false, "1.2/1/2/P/y/") }, triage.KeptBusy},
		{"final, and a job is at it", nil, func(t *testing.T, s *store.SQLite) {
			done(t, s)
			_, err := s.DB().ExecContext(t.Context(), `UPDATE study SET settle_job_id = 7`)
			require.NoError(t, err)
		}, triage.KeptBusy},
		{"two patients", nil, func(t *testing.T, s *store.SQLite) { record(t, s, true, "1.2/1/1/P/x/", "1.2/1/2/Q/y/") }, triage.KeptHeld},
		{"a commitment was given just now", nil, func(t *testing.T, s *store.SQLite) {
			done(t, s)
			promised, err := s.Promise(t.Context(), []string{"1", "7"}, later.Add(-day))
			require.NoError(t, err)
			require.Equal(t, map[string]bool{"1": true}, promised)
		}, triage.KeptBusy},
		{"it was sent again just now", nil, func(t *testing.T, s *store.SQLite) {
			done(t, s)
			recordAt(t, s, later.Add(-time.Hour), triage.Submission{Priority: triage.RequestRoutine}, "1.2/1/1/P/x/")
		}, triage.KeptBusy},
		{"a commitment was given long ago", nil, func(t *testing.T, s *store.SQLite) {
			done(t, s)
			_, err := s.Promise(t.Context(), []string{"1"}, later.Add(-day-time.Second))
			require.NoError(t, err)
		}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := withDestinations(t, t.TempDir(), c.to...)
			c.make(t, s)
			past, err := s.PastDays(t.Context(), later, oneDay, "", 10)
			require.NoError(t, err)
			require.Equal(t, c.want, kept(t, s, "1.2"))
			if c.want != triage.KeptBusy {
				require.Equal(t, []string{"1.2"}, past)
			}
			known, err := s.Known(t.Context(), []string{"1"})
			require.NoError(t, err)
			require.Equal(t, c.want == "", len(known) == 0)
		})
	}
}

// A destination that is new has nothing of what was read before, and one that
// came back has something older.
func TestDestinationsOfNowMustHaveTheResult(t *testing.T) {
	dir := t.TempDir()
	s := openFor(t, dir, "A")
	finish(t, s, "1.2/1/1/P/x/", resultOf("1.2", "k1"))
	token, d := next(t, s)
	require.NoError(t, s.Delivered(t.Context(), token, d.ID, noon, nil))
	require.NoError(t, s.Close())

	s = openFor(t, dir, "A", "B")
	require.Equal(t, triage.KeptUndelivered, kept(t, s, "1.2"), "B was never told")
	require.NoError(t, s.Close())

	s = openFor(t, dir)
	finish(t, s, "1.2/1/2/P/y/", resultOf("1.2", "k2"))
	require.NoError(t, s.Close())
	s = withDestinations(t, dir, "A")
	require.Equal(t, triage.KeptUndelivered, kept(t, s, "1.2"), "A was told something else")
}

func TestDaysOfEachState(t *testing.T) {
	s := withDestinations(t, t.TempDir())
	finish(t, s, "1.2/1/1/P/x/", resultOf("1.2", "k1"))
	finish(t, s, "1.3/1/2/P/x/", notRead("1.3", 0))
	record(t, s, true, "1.4/1/3/P/x/")
	require.NoError(t, s.GiveUp(t.Context(), begin(t, s, "read"), "1.4", noon, why, recipe))
	for _, c := range []struct {
		rule triage.KeepRule
		want []string
	}{
		{triage.KeepRule{}, nil},
		{triage.KeepRule{Done: day}, []string{"1.2"}},
		{triage.KeepRule{NotAssessed: day}, []string{"1.3"}},
		{triage.KeepRule{Failed: day}, []string{"1.4"}},
		{oneDay, []string{"1.2", "1.3", "1.4"}},
		{triage.KeepRule{Done: 10000 * day, NotAssessed: day}, []string{"1.3"}},
	} {
		past, err := s.PastDays(t.Context(), later, c.rule, "", 10)
		require.NoError(t, err)
		require.Equal(t, c.want, past, "%+v", c.rule)
	}
	past, err := s.PastDays(t.Context(), later, oneDay, "1.2", 1)
	require.NoError(t, err)
	require.Equal(t, []string{"1.3"}, past)
	out, err := s.Forget(t.Context(), "1.2", later, triage.KeepRule{})
	require.NoError(t, err)
	require.Equal(t, triage.KeptBusy, out, "for ever")
}

// What is said of a study outlives its images, and a part of them that comes
// again changes nothing of it.
func TestAStudyWithoutImages(t *testing.T) {
	s := withDestinations(t, t.TempDir())
	finish(t, s, "1.2/1/1/P/x/", resultOf("1.2", "k1"))
	record(t, s, false, "1.2/1/2/P/y/")
	token := begin(t, s, "settle")
	_, err := s.Settle(t.Context(), token, "1.2", later, later, recipe)
	require.NoError(t, err)
	token = begin(t, s, "read")
	job, err := s.StartReading(t.Context(), token, "1.2", noon, recipe)
	require.NoError(t, err)
	r := resultOf("1.2", "k1")
	r.Key = job.Key
	require.NoError(t, s.FinishReading(t.Context(), token, noon, r))
	before := study(t, s, "1.2")
	require.Empty(t, kept(t, s, "1.2"))

	after := study(t, s, "1.2")
	require.True(t, after.ImagesGoneAt.Equal(later.Truncate(time.Microsecond)))
	require.Equal(t, before.State, after.State)
	require.Equal(t, before.Series[0].Result, after.Series[0].Result)
	require.Zero(t, after.Instances)
	past, err := s.PastDays(t.Context(), later.Add(1000*day), oneDay, "", 10)
	require.NoError(t, err)
	require.Empty(t, past, "it is done once")

	out := record(t, s, true, "1.2/1/1/P/x/")
	require.Equal(t, triage.Accept, out.Files[0].Outcome, "it is not stored")
	require.Zero(t, openJobs(t, s), "one of two is no study to read")
	require.Equal(t, triage.Done, study(t, s, "1.2").State)
	require.False(t, study(t, s, "1.2").ImagesGoneAt.IsZero())
	saysSomething(t, s, "1.2", false, "an object of one of two images is not the one that was delivered")

	record(t, s, true, "1.2/2/9/P/z/")
	require.Zero(t, openJobs(t, s), "nor is another series beside it")
	now := study(t, s, "1.2")
	require.Equal(t, "k1", now.Series[0].Result.Key)
	require.Equal(t, refusal.NoUsableSeries, now.Series[1].NotRead.Reason)

	record(t, s, false, "1.2/1/2/P/y/")
	require.True(t, study(t, s, "1.2").ImagesGoneAt.IsZero())
	require.Equal(t, triage.Receiving, study(t, s, "1.2").State)
	require.Equal(t, 1, openJobs(t, s), "all are there: it settles")
	saysSomething(t, s, "1.2", true, "all are there")
}

// saysSomething: objects of a study can be made, and searches count them.
func saysSomething(t *testing.T, s *store.SQLite, uid string, want bool, why string) {
	t.Helper()
	d, err := s.Said(t.Context(), uid)
	require.NoError(t, err)
	require.Equal(t, want, d.Header != "", why)
	found, err := s.Search(t.Context(), triage.Search{Level: triage.LevelStudy, In: triage.Scope{StudyUID: uid}, Limit: 1})
	require.NoError(t, err)
	require.Equal(t, want, found[0].Said.Anything, why)
}

func openJobs(t *testing.T, s *store.SQLite) (n int) {
	t.Helper()
	require.NoError(t, s.DB().QueryRowContext(t.Context(), `SELECT count(*) FROM river_job WHERE finalized_at IS NULL`).Scan(&n))
	return n
}

// The same instances again: doing it again is free.
func TestTheSameStudyAgainIsNotReadAgain(t *testing.T) {
	s := withDestinations(t, t.TempDir(), "A")
	record(t, s, true, "1.2/1/1/P/x/")
	token := begin(t, s, "read")
	job, err := s.StartReading(t.Context(), token, "1.2", noon, recipe)
	require.NoError(t, err)
	r := resultOf("1.2", "k1")
	r.Key = job.Key
	require.NoError(t, s.FinishReading(t.Context(), token, noon, r))
	token, d := next(t, s)
	require.NoError(t, s.Delivered(t.Context(), token, d.ID, noon, nil))
	require.Empty(t, kept(t, s, "1.2"))

	record(t, s, true, "1.2/1/1/P/x/")
	require.Equal(t, triage.Done, study(t, s, "1.2").State)
	require.Zero(t, openJobs(t, s))
	require.Equal(t, []string{"delivered"}, deliveryStates(t, s))
}

// Whose a study was is known without its images.
func TestAnotherPatientInAStudyWithoutImages(t *testing.T) {
	s := withDestinations(t, t.TempDir())
	finish(t, s, "1.2/1/1/P/x/", resultOf("1.2", "k1"))
	require.Empty(t, kept(t, s, "1.2"))
	record(t, s, true, "1.2/1/2/Q/y/")
	require.Equal(t, refusal.PatientMismatch, study(t, s, "1.2").NotAssessed.Reason)
	record(t, s, true, "1.2/1/1/Q/x/")
	require.Equal(t, triage.Waiting, study(t, s, "1.2").State, "all of it came for one patient")
}

// TestForgettingSurvivesLossOfPower lets the power go at every single
// operation of the file system in turn while images are deleted.
func TestForgettingSurvivesLossOfPower(t *testing.T) {
	for k := 0; ; k++ {
		disk := newLossy()
		dir, left := t.TempDir(), t.TempDir()
		s := open(t, dir, disk)
		service := triage.New(s, s, header, nil, triage.Options{MinFreeBytes: 1, Log: silent(), Now: func() time.Time { return later }})
		_, err := upload(t, service, "1.2/1/1/P/x/", "1.2/1/2/P/y/", "1.3/1/3/P/z/")
		require.NoError(t, err)
		_, err = upload(t, service, "1.2/1/1/P/x/newer", "1.2/1/2/P/changed/")
		require.NoError(t, err)
		require.NoError(t, s.GiveUp(t.Context(), begin(t, s, "read"), "1.2", noon, why, recipe))

		disk.ops, disk.failAfter = 0, k
		disk.lost = func() { disk.survivors(t, dir, left) }
		forgotten, err := service.Forget(t.Context(), oneDay)
		whole := err == nil
		if whole {
			require.Equal(t, 1, forgotten.Studies)
			require.Equal(t, 4, forgotten.Files)
		} else {
			require.ErrorIs(t, err, errPower)
		}
		if disk.lost != nil {
			disk.survivors(t, dir, left)
		}
		require.NoError(t, s.Close())

		after := open(t, left, store.OS{})
		require.Len(t, fileSums(t, after), 1, "loss at operation %d: every row has its file", k)
		require.Len(t, placed(t, left), 1, "loss at operation %d: the start finished what was begun", k)
		require.NoError(t, after.Close())
		if whole && k > 0 {
			require.Greater(t, k, 6)
			return
		}
	}
}

// placed lists the files and the folders of studies below instances and
// quarantine.
func placed(t *testing.T, dir string) (files []string) {
	t.Helper()
	for _, top := range []string{"instances", "quarantine"} {
		require.NoError(t, filepath.WalkDir(filepath.Join(dir, top), func(path string, d os.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() {
				files = append(files, strings.TrimPrefix(path, dir))
			}
			return err
		}))
	}
	return files
}

// The folder of a study that went can be made again by the same server.
func TestImagesComeAgainIntoTheSameFolder(t *testing.T) {
	s := withDestinations(t, t.TempDir())
	service := triage.New(s, s, header, nil, triage.Options{MinFreeBytes: 1, Log: silent(), Now: func() time.Time { return later }})
	for round := range 2 {
		_, err := upload(t, service, "1.2/1/1/P/x/")
		require.NoError(t, err)
		if round == 0 {
			require.NoError(t, s.GiveUp(t.Context(), begin(t, s, "read"), "1.2", noon, why, recipe))
			forgotten, err := service.Forget(t.Context(), oneDay)
			require.NoError(t, err)
			require.Equal(t, 1, forgotten.Files)
			require.Empty(t, placed(t, s.Dir()))
		}
	}
	require.Len(t, fileSums(t, s), 1)
}

// A sender at work, and instances that were acknowledged and have no rows yet,
// keep a study.
func TestTheInboxKeepsAStudy(t *testing.T) {
	s := withDestinations(t, t.TempDir())
	now := later
	service := triage.New(s, s, header, nil, triage.Options{MinFreeBytes: 1, Log: silent(), Now: func() time.Time { return now }})
	_, err := upload(t, service, "1.2/1/1/P/x/", "1.3/1/2/P/x/")
	require.NoError(t, err)
	for range 2 {
		token := begin(t, s, "read")
		var uid string
		require.NoError(t, s.DB().QueryRowContext(t.Context(), `SELECT json_extract(args, '$.study_uid') FROM river_job WHERE id = ?`, token.JobID).Scan(&uid))
		require.NoError(t, s.GiveUp(t.Context(), token, uid, noon, why, recipe))
	}
	open, err := service.Inbox().Sender()
	require.NoError(t, err)
	_, err = open.Take(t.Context(), strings.NewReader("1.2/1/1/P/x/"))
	require.NoError(t, err)
	ended, err := service.Inbox().Sender()
	require.NoError(t, err)
	_, err = ended.Take(t.Context(), strings.NewReader("1.3/1/4/P/y/"))
	require.NoError(t, err)
	ended.End()

	forgotten, err := service.Forget(t.Context(), oneDay)
	require.NoError(t, err)
	require.Zero(t, forgotten.Studies, fmt.Sprint(forgotten))
	require.Equal(t, triage.Receiving, study(t, s, "1.3").State, "what was acknowledged was recorded first")
	now = later.Add(2 * day) // of what was sent again the days begin anew
	forgotten, err = service.Forget(t.Context(), oneDay)
	require.NoError(t, err)
	require.Zero(t, forgotten.Studies, "somebody is at it")
	open.End()
	forgotten, err = service.Forget(t.Context(), oneDay)
	require.NoError(t, err)
	require.Equal(t, 1, forgotten.Studies)
}

// A promise reaches what is acknowledged and has no rows yet.
func TestAPromiseIsWrittenToRows(t *testing.T) {
	s := withDestinations(t, t.TempDir())
	inbox := triage.New(s, s, header, nil, triage.Options{MinFreeBytes: 1, Log: silent(), Now: func() time.Time { return later }}).Inbox()
	sender, err := inbox.Sender()
	require.NoError(t, err)
	_, err = sender.Take(t.Context(), strings.NewReader("1.2/1/1/P/x/"))
	require.NoError(t, err)
	promised, err := inbox.Promise(t.Context(), []string{"1", "2"})
	require.NoError(t, err)
	require.Equal(t, map[string]bool{"1": true}, promised)
	var at int64
	require.NoError(t, s.DB().QueryRowContext(t.Context(), `SELECT committed_at FROM keeping`).Scan(&at))
	require.Equal(t, later.UnixMicro(), at)
}
